"""A finding as an OCSF Detection Finding (class 2004, schema 1.3.0), for a council's own SIEM. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from incidents.techniques.facts import facts
from monitoring.findings.deciding import UNDECIDED
from monitoring.findings.homes import home_of
from monitoring.findings.rules import BY_CODE
from monitoring.models import Finding

CATEGORY, CLASS = 2, 2004
CREATE, CLOSE = 1, 3
STATUS = {"waiting": (1, "New"), "folded": (1, "New"), "opened": (2, "In Progress"), "joined": (2, "In Progress"),
          "expected": (4, "Resolved"), "dismissed": (4, "Resolved"), "suppressed": (3, "Suppressed")}  # fmt: skip
SEVERITIES = ((80, 5, "Critical"), (60, 4, "High"), (40, 3, "Medium"), (20, 2, "Low"), (0, 1, "Informational"))
USER_TYPES = {"person": 1, "service": 3, "unknown": 0}


def detection_finding(finding: Finding, names: Mapping[UUID, str]) -> dict[str, Any]:
    """`names` are slugs of organisations by id. Times are milliseconds since 1970."""
    activity = CREATE if finding.state in UNDECIDED else CLOSE
    status_id, status = STATUS[finding.state]
    _, severity_id, severity = next(each for each in SEVERITIES if finding.weight >= each[0])
    rules = [BY_CODE[code] for code in finding.rules]
    account = {"name": finding.shown, "uid": finding.account, "type_id": USER_TYPES.get(finding.account_kind, 99)}
    if (whose := home_of(finding)) is not None and whose in names:
        account["org"] = {"name": names[whose]}
    return {
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "activity_id": activity,
        "type_uid": CLASS * 100 + activity,
        "time": _ms(finding.decided_at or finding.made_at),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "risk_score": finding.weight,
        "message": "; ".join(str(rule.name) for rule in rules),
        "metadata": {
            "version": "1.3.0",
            "uid": str(finding.pk),
            "product": {"name": "Bulkhead", "vendor_name": "Bulkhead"},
            "labels": [f"side:{finding.side}"],
        },
        "finding_info": {
            "uid": str(finding.pk),
            "title": "; ".join(str(rule.name) for rule in rules),
            "created_time": _ms(finding.made_at),
            "first_seen_time": _ms(finding.first_at),
            "last_seen_time": _ms(finding.last_at),
            "analytic": {"type_id": 1, "type": "Rule", "uid": ",".join(finding.rules)},
            "attacks": [
                {"version": facts().attack_version, "technique": {"uid": uid, "name": facts().techniques[uid].name}}
                for uid in dict.fromkeys(uid for rule in rules for uid in rule.attack)
            ],
        },
        "evidences": [
            {"actor": {"user": account}, "dst_endpoint": {"hostname": place}, "data": {"count": finding.sights}}
            for place in finding.places
        ],
        "unmapped": {
            "organisations": sorted(names[pk] for pk in finding.organisations if pk in names),
            "reasons": finding.reasons,
            "changes": finding.changes,
            "folded": finding.folded,
            "folded_into": str(finding.folded_into_id) if finding.folded_into_id else None,
        },
    }


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
