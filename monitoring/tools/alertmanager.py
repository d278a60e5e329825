"""Prometheus Alertmanager, webhook version 4.

Source: prometheus.io/docs/alerting/latest/configuration/#webhook_config and notify/webhook of its code:
`{"version": "4", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
"commonAnnotations", "externalURL", "alerts": [{"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL",
"fingerprint"}]}`. `status` is `firing` or `resolved`, of the group and of each alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitoring.tools.shape import Document, Reading, Tool, link, listed, names, refuse, with_realm, word

OF_GROUP = ("receiver", "groupKey", "groupLabels", "commonLabels", "commonAnnotations", "externalURL")
HOSTS = ("host", "hostname", "nodename", "node")
ACCOUNTS = ("account", "user", "username")
# Prometheus fixes no words; these are the usual ones of its rule collections.
SEVERITIES = {
    "page": 2, "critical": 2, "error": 3, "high": 3, "major": 3, "warning": 4, "medium": 4, "minor": 5, "low": 5,
    "info": 6, "none": 6,
}  # fmt: skip


def split(body: Document) -> list[dict[str, Any]]:
    """Each alert with what its group says, so that a rule can ask for both."""
    if word(body.get("version")) != "4":
        raise refuse("/version", 'Alertmanager\'s webhook writes "4" here.')
    if not word(body.get("groupKey")):
        raise refuse("/groupKey", "Alertmanager's webhook names the group here.")
    alerts = listed(body, "alerts")
    for nth, alert in enumerate(alerts):
        if word(alert.get("status")) not in {"firing", "resolved"}:
            raise refuse(f"/alerts/{nth}/status", "One of: firing, resolved.")
        for name in ("labels", "annotations"):
            if not isinstance(alert.get(name, {}), Mapping):
                raise refuse(f"/alerts/{nth}/{name}", "An object.")
        if not word(alert.get("fingerprint")):
            raise refuse(
                f"/alerts/{nth}/fingerprint", "Alertmanager 0.20 and later write the alert's fingerprint here."
            )
    group = {name: body[name] for name in OF_GROUP if name in body}
    return [{**alert, **group} for alert in alerts]


def read(alert: Document) -> Reading:
    labels = alert.get("labels", {})
    said = alert.get("annotations", {})
    realm = word(labels.get("domain"), labels.get("realm"))
    return Reading(
        title=word(said.get("summary"), said.get("title"), labels.get("alertname"), said.get("description")),
        severity=word(labels.get("severity")).lower(),
        accounts=names([with_realm(word(labels.get(each)), realm) for each in ACCOUNTS]),
        hosts=names(
            [word(labels.get("system"))]
            + [word(labels.get(each)) for each in HOSTS]
            + [word(labels.get("instance")).rpartition(":")[0] or word(labels.get("instance"))]
        ),
        reference=word(alert.get("fingerprint")),
        link=link(said.get("runbook_link"), alert.get("generatorURL"), alert.get("externalURL")),
        key=word(alert.get("fingerprint")),
        resolved=word(alert.get("status")) == "resolved",
    )


TOOL = Tool("alertmanager", "Alertmanager", "monitoring", split, read, SEVERITIES)
