"""Microsoft Sentinel: the incident trigger of a Logic App, and Microsoft Graph's security incidents and alerts.

Sources: learn.microsoft.com/azure/sentinel/playbook-triggers-actions with the REST reference of Incidents and Entities
(`object.properties`: title, description, severity, status, incidentNumber, incidentUrl, relatedEntities, alerts);
learn.microsoft.com/graph/api/resources/security-incident (displayName, incidentWebUrl, alerts) and security-alert
(title, alertWebUrl, evidence with `@odata.type`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.tools.shape import Document, Reading, Tool, at, link, listed, names, objects, refuse, with_realm, word

# Sentinel: High, Medium, Low, Informational. Graph: high, medium, low, informational, unknown, unknownFutureValue.
SEVERITIES = {"critical": 2, "high": 2, "medium": 3, "low": 5, "informational": 6}
OVER = {"closed", "resolved", "redirected"}


def split(body: Document) -> list[dict[str, Any]]:
    """One incident of a Logic App, one object of Graph, or the page of a list that Graph answers in `value`."""
    if "value" in body:
        return [_checked(each, f"/value/{nth}") for nth, each in enumerate(listed(body, "value"))]
    return [_checked(dict(body), "")]


def _checked(found: dict[str, Any], where: str) -> dict[str, Any]:
    if "object" in found:
        properties = at(found, "object", "properties")
        if not isinstance(properties, dict):
            raise refuse(
                f"{where}/object/properties", "The properties of the incident, as the Logic App trigger has them."
            )
        if not word(properties.get("title")):
            raise refuse(f"{where}/object/properties/title", "The title of the incident.")
        return found
    if not word(found.get("displayName"), found.get("title")):
        raise refuse(
            f"{where}/title" if where else "",
            "`object.properties` of an incident trigger, or `displayName` or `title` of what Microsoft Graph gives.",
        )
    if not word(found.get("id")):
        raise refuse(f"{where}/id", "The id that Microsoft Graph gives.")
    return found


def read(alert: Document) -> Reading:
    return _of_trigger(alert["object"]) if "object" in alert else _of_graph(alert)


def _of_trigger(found: Document) -> Reading:
    said = found["properties"]
    entities = [*objects(said.get("relatedEntities"))]
    number = word(said.get("incidentNumber"))
    return Reading(
        title=word(said.get("title")),
        severity=word(said.get("severity")).lower(),
        accounts=names([_account(each) for each in entities if _kind(each) == "account"]),
        hosts=names(
            [_host(each) for each in entities if _kind(each) == "host"]
            + [word(at(each, "properties", "compromisedEntity")) for each in objects(said.get("alerts"))]
        ),
        reference=number,
        link=link(said.get("incidentUrl"), at(said, "additionalData", "providerIncidentUrl")),
        key=word(found.get("name"), found.get("id"), number),
        resolved=word(said.get("status")).lower() in OVER,
    )


def _kind(entity: Document) -> str:
    return word(entity.get("kind")).lower()


def _account(entity: Document) -> str:
    said = at(entity, "properties")
    name, suffix = word(at(said, "accountName"), at(said, "name")), word(at(said, "upnSuffix"), at(said, "ntDomain"))
    return with_realm(name, suffix) or word(at(said, "friendlyName"))


def _host(entity: Document) -> str:
    said = at(entity, "properties")
    return word(at(said, "hostName"), at(said, "netBiosName"), at(said, "friendlyName"))


def _of_graph(found: Document) -> Reading:
    alerts = [*objects(found.get("alerts"))]
    evidence = [piece for each in (found, *alerts) for piece in objects(each.get("evidence"))]
    return Reading(
        title=word(found.get("displayName"), found.get("title")),
        severity=word(found.get("severity")).lower(),
        accounts=names(_graph_accounts(evidence)),
        hosts=names([word(piece.get("hostName"), piece.get("deviceDnsName")) for piece in evidence]),
        reference=word(found.get("id")),
        link=link(found.get("incidentWebUrl"), found.get("alertWebUrl")),
        key=word(found.get("id")),
        resolved=word(found.get("status")).lower() in OVER,
    )


def _graph_accounts(evidence: list[Document]) -> Iterator[str]:
    """Of evidence on users, mailboxes and processes: each carries a `userAccount`."""
    for piece in evidence:
        account = at(piece, "userAccount")
        yield word(
            at(account, "userPrincipalName"),
            with_realm(word(at(account, "accountName")), word(at(account, "domainName"))),
        )


TOOL = Tool("sentinel", "Microsoft Sentinel", "siem", split, read, SEVERITIES)
