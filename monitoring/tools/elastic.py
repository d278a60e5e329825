"""Elastic Security: rules over the webhook connector, alert documents as they are indexed, cases over their connector.

Sources: elastic.co/guide "Alert schema" (`kibana.alert.uuid`, `.rule.name`, `.severity`, `.reason`, `.status`,
`.workflow_status`, `.url`, with ECS `host.*` and `user.*`), "Rule action variables" (`context.alerts`,
`context.rule.*`, `context.results_link`, `alert.id`, `alert.actionGroup`) and "Webhook - Case Management"
(`case.title`, `.description`, `.id`, `.tags`, `.severity`, `.status`). Documents come with dotted names or nested.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.tools.shape import Document, Reading, Tool, at, link, listed, names, objects, refuse, with_realm, word

SEVERITIES = {"critical": 2, "high": 3, "medium": 4, "low": 5}
OVER = {"recovered", "closed"}


def dotted(document: Any, name: str) -> Any:
    """`kibana.alert.uuid` whether it is written so, nested, or partly each; of a list its first."""
    if isinstance(document, Mapping):
        if name in document:
            found = document[name]
            return found[0] if isinstance(found, list) and found else found
        parts = name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            head = ".".join(parts[:cut])
            if isinstance(document.get(head), Mapping):
                found = dotted(document[head], ".".join(parts[cut:]))
                if found is not None:
                    return found
    return None


def split(body: Document) -> list[dict[str, Any]]:
    """The alert documents of a body, each with the `rule`, `context` and `alert` that the connector put beside them."""
    if isinstance(body.get("case"), Mapping):
        return [_checked(dict(body), "")]
    beside = {name: body[name] for name in ("rule", "alert") if isinstance(body.get(name), Mapping)}
    context = body.get("context")
    if isinstance(context, Mapping):
        about = {name: value for name, value in context.items() if name != "alerts"}
        if "alerts" in context:
            found = [_source(each) for each in listed(context, "alerts")]
            return [
                _checked({**each, **beside, "context": about}, f"/context/alerts/{nth}")
                for nth, each in enumerate(found)
            ]
        return [_checked({**beside, "context": about}, "/context")]
    if "alerts" in body:
        return [
            _checked({**_source(each), **beside}, f"/alerts/{nth}") for nth, each in enumerate(listed(body, "alerts"))
        ]
    return [_checked(_source(dict(body)), "")]


def _source(found: dict[str, Any]) -> dict[str, Any]:
    """A hit of a search carries the document in `_source`."""
    inner = found.get("_source")
    return {"_id": found.get("_id"), **inner} if isinstance(inner, dict) else found


def _checked(found: dict[str, Any], where: str) -> dict[str, Any]:
    if not _title(found):
        raise refuse(where, "An alert has `kibana.alert.rule.name` or `context.rule.name`, a case `case.title`.")
    return found


def _title(alert: Document) -> str:
    return word(
        at(alert, "case", "title"),
        dotted(alert, "kibana.alert.rule.name"),
        dotted(alert, "context.rule.name"),
        dotted(alert, "rule.name"),
    )


def read(alert: Document) -> Reading:
    if isinstance(alert.get("case"), Mapping):
        return _of_case(alert["case"])
    title, reason = _title(alert), word(dotted(alert, "kibana.alert.reason"))
    realm = word(dotted(alert, "user.domain"))
    mark = word(
        dotted(alert, "kibana.alert.uuid"), dotted(alert, "alert.uuid"), alert.get("_id"), dotted(alert, "alert.id")
    )
    rule = word(dotted(alert, "kibana.alert.rule.uuid"), dotted(alert, "context.rule.id"), dotted(alert, "rule.id"))
    status = {
        word(dotted(alert, name)).lower()
        for name in ("kibana.alert.status", "kibana.alert.workflow_status", "alert.actionGroup")
    }
    return Reading(
        title=f"{title}: {reason}" if reason and reason != title else title,
        severity=word(dotted(alert, "kibana.alert.severity"), dotted(alert, "context.rule.severity")).lower(),
        accounts=names(
            [
                word(dotted(alert, f"{part}.email"))
                or with_realm(word(dotted(alert, f"{part}.name")), realm if part == "user" else "")
                for part in ("user", "user.target")
            ]
        ),
        hosts=names([word(dotted(alert, name)) for name in ("host.name", "host.hostname", "service.name")]),
        reference=mark or rule,
        link=link(dotted(alert, "kibana.alert.url"), dotted(alert, "context.results_link"), dotted(alert, "rule.url")),
        key=mark or rule,
        resolved=bool(status & OVER),
    )


def _of_case(case: Document) -> Reading:
    found = [*objects(case.get("observables"))]
    return Reading(
        title=word(case.get("title")),
        severity=word(case.get("severity")).lower(),
        hosts=names([word(each.get("value")) for each in found if word(each.get("typeKey")).endswith("hostname")]),
        reference=word(case.get("id")),
        link=link(case.get("url")),
        key=word(case.get("id")),
        resolved=word(case.get("status")).lower() in OVER,
    )


TOOL = Tool("elastic", "Elastic Security", "siem", split, read, SEVERITIES)
