"""What came in: the alerts of a body, each with the rule that it falls under and the systems that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from incidents.errors import Fault, Invalid
from monitoring.models import AlertRule
from monitoring.rules import LONGEST, Reported, fingerprint_of, first_fitting, read_alert
from partners.models import SharedSystem

MOST = 100  # alerts in one body


@dataclass(frozen=True, slots=True)
class Incoming:
    """An alert with the rule that it falls under and the systems on which it would open."""

    body: dict[str, Any]
    rule: AlertRule | None
    source: str
    reported: Reported
    fingerprint: bytes
    starts: frozenset[UUID]


def alerts_in(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alerts of a body.

    Raises:
        Invalid: it holds none, too many, or something that is none.
    """
    if "alerts" not in body:
        if not body:
            raise Invalid([Fault("", "An alert has at least one field.")])
        return [dict(body)]
    alerts = body["alerts"]
    if not isinstance(alerts, list) or not 1 <= len(alerts) <= MOST:
        raise Invalid([Fault("/alerts", f"A list of 1 to {MOST} alerts.")])
    faults = [
        Fault(f"/alerts/{nth}", "An alert is an object with at least one field.")
        for nth, alert in enumerate(alerts)
        if not isinstance(alert, dict) or not alert
    ]
    if faults:
        raise Invalid(faults)
    return alerts


def sort_alert(alert: dict[str, Any], rules: Sequence[AlertRule]) -> Incoming:
    """Find the rule for an alert and read it by it."""
    rule = first_fitting(rules, alert)
    reported = read_alert(rule, alert) if rule else Reported(_title_of(alert), (), (), None, "")
    opens = rule is not None and rule.action in {AlertRule.Action.OPEN, AlertRule.Action.SUSPECTED}
    return Incoming(
        body=alert,
        rule=rule,
        source=rule.source if rule else _source_of(alert),
        reported=reported,
        fingerprint=fingerprint_of(rule, alert),
        starts=_starts_of(reported) if opens else frozenset(),
    )


def _title_of(alert: Mapping[str, Any]) -> str:
    """How an alert without a rule calls itself."""
    said = (alert.get(name) for name in ("title", "name", "message", "summary"))
    return next((each.strip()[:LONGEST] for each in said if isinstance(each, str) and each.strip()), "Alert")


def _starts_of(reported: Reported) -> frozenset[UUID]:
    """The systems that the alert names, and those that vouch for its accounts."""
    realms = [account.rpartition("@")[2].lower() for account in reported.accounts]
    named = SharedSystem.objects.filter(Q(slug__in=reported.systems) | Q(account_realms__overlap=realms))
    return frozenset(named.values_list("pk", flat=True))


def _source_of(alert: Mapping[str, Any]) -> str:
    said = alert.get("source")
    return said.strip()[:LONGEST] if isinstance(said, str) else ""
