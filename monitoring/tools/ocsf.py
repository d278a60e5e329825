"""OCSF Detection Finding (class_uid 2004) and Incident Finding (2005).

Source: schema.ocsf.io, classes `detection_finding` and `incident_finding`, objects `finding_info`, `evidences`,
`resource_details`, `user`, `device`. `severity_id`: 1 informational … 6 fatal, 0 unknown, 99 other. `activity_id`:
1 create, 2 update, 3 close. `status_id` 4 is resolved; of an incident finding 5 is closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitoring.tools.shape import (
    Document,
    Reading,
    Tool,
    at,
    link,
    listed,
    names,
    number,
    objects,
    refuse,
    with_realm,
    word,
)

DETECTION, INCIDENT = 2004, 2005
BY_ID = {1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "fatal"}
SEVERITIES = {"fatal": 1, "critical": 2, "high": 3, "medium": 4, "low": 5, "informational": 6}
CLOSE = 3
OVER = {DETECTION: {4, 5, 6}, INCIDENT: {4, 5}}  # resolved, archived, deleted; resolved, closed


def split(body: Document) -> list[dict[str, Any]]:
    if "alerts" in body:
        return [_checked(each, f"/alerts/{nth}") for nth, each in enumerate(listed(body, "alerts"))]
    return [_checked(dict(body), "")]


def _checked(found: dict[str, Any], where: str) -> dict[str, Any]:
    of = number(found.get("class_uid"))
    if of not in OVER:
        raise refuse(f"{where}/class_uid", "2004 (Detection Finding) or 2005 (Incident Finding).")
    if of == DETECTION and not word(at(found, "finding_info", "uid")):
        raise refuse(f"{where}/finding_info/uid", "The finding's own mark.")
    if of == INCIDENT and not [*objects(found.get("finding_info_list"))]:
        raise refuse(f"{where}/finding_info_list", "At least one finding.")
    return found


def read(alert: Document) -> Reading:
    of = alert["class_uid"]
    found = [*objects(alert.get("finding_info") if of == DETECTION else alert.get("finding_info_list"))]
    first: Document = found[0] if found else {}
    own = word(first.get("uid")) if of == DETECTION else word(at(alert, "metadata", "uid"), first.get("uid"))
    known = BY_ID.get(number(alert.get("severity_id")), word(alert.get("severity")).lower())
    evidences = [*objects(alert.get("evidences"))]
    return Reading(
        title=word(
            alert.get("desc") if of == INCIDENT else None, first.get("title"), alert.get("message"), first.get("desc")
        ),
        severity=known,
        accounts=names(_accounts(alert, evidences)),
        hosts=names(_hosts(alert, evidences)),
        reference=own,
        link=link(alert.get("src_url"), first.get("src_url")),
        key=own,
        resolved=number(alert.get("activity_id")) == CLOSE or number(alert.get("status_id")) in OVER[of],
    )


def _accounts(alert: Document, evidences: list[Document]) -> Iterator[str]:
    for each in (alert, *evidences):
        for user in (at(each, "actor", "user"), at(each, "user")):
            yield _account(user)
    for resource in objects(alert.get("resources")):
        if "user" in word(resource.get("type")).lower() or "account" in word(resource.get("type")).lower():
            yield word(resource.get("name"), resource.get("uid"))


def _account(user: Any) -> str:
    realm = word(at(user, "domain"))
    return word(at(user, "email_addr")) or with_realm(word(at(user, "name")), realm)


def _hosts(alert: Document, evidences: list[Document]) -> Iterator[str]:
    for each in (alert, *evidences):
        for end in ("device", "dst_endpoint"):
            yield word(at(each, end, "hostname"), at(each, end, "name"))
    for resource in objects(alert.get("resources")):
        kind = word(resource.get("type")).lower()
        if "user" not in kind and "account" not in kind:
            yield word(resource.get("hostname"), resource.get("name"))


TOOL = Tool("ocsf", "OCSF findings", "siem", split, read, SEVERITIES)
