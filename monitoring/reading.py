"""Alerts and rules as the page of alerts wants them: plain rows, in words."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast, Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Alert, AlertRule
from partners import permissions
from partners.account_patterns import accounts_in
from partners.models import SharedSystem

NEWEST = 50
LOOKED_AT = 8000  # characters of an alert in which accounts are looked for
OUTCOMES = {
    "opened": gettext_lazy("opened"),
    "joined": gettext_lazy("joined"),
    "queued": gettext_lazy("waits for a person"),
    "suppressed": gettext_lazy("left out, as a rule says"),
}
ACTIONS = {
    "open": gettext_lazy("opens an incident, or joins one on the same systems"),
    "suspected": gettext_lazy("opens a suspected incident, or joins one on the same systems"),
    "queue": gettext_lazy("waits here for a person"),
    "suppress": gettext_lazy("is left out"),
}


def alerts_page() -> dict[str, Any]:
    """What `monitoring/alerts.html` wants, as the open scope sees it, in a fixed number of queries."""
    address = f"{settings.PORTAL_URL}{reverse('api-alerts-generic')}"
    return {
        "rules": rules_shown(),
        "recent": alerts_shown(),
        "endpoints": [{"name": _("Any tool that sends JSON"), "url": address}],
    }


def rules_shown() -> list[dict[str, Any]]:
    """`{"source", "name", "when", "then", "systems", "active"}`, in the order in which they are tried."""
    rules = list(AlertRule.objects.all())
    names = dict(SharedSystem.objects.values_list("slug", "name"))
    return [
        {
            "source": rule.source,
            "name": rule.name,
            "when": _when(rule.conditions),
            "then": str(ACTIONS[rule.action]),
            "systems": _systems(rule.mapping, names),
            "active": rule.is_active,
        }
        for rule in rules
    ]


def alerts_shown() -> list[dict[str, Any]]:
    """`{"at", "source", "title", "outcome", "reason", "permitted", "waits", "incident", …}`, newest first.

    `permitted` are sentences on permissions that cover an account in the alert, as far as the reader may know of them.
    They change nothing of what becomes of the alert.
    """
    known = permissions.known()
    # An alert may be as long as a mebibyte: its beginning is enough to find an account in.
    beginning = Left(Cast("body", TextField()), LOOKED_AT)
    alerts = Alert.objects.select_related("incident").defer("body").annotate(beginning=beginning)[:NEWEST]
    return [
        {
            "at": alert.received_at,
            "source": alert.source,
            "title": alert.title,
            "outcome": ": ".join(filter(None, [str(OUTCOMES[alert.outcome]), alert.reason])),
            "reason": alert.reason,
            "permitted": permissions.said_of_accounts(_accounts(alert.title, alert.beginning), known),
            "waits": alert.outcome == Alert.Outcome.QUEUED,
            "incident": alert.incident.reference if alert.incident else "",
            "incident_href": reverse("incident-board", args=[alert.incident.reference]) if alert.incident else "",
        }
        for alert in alerts
    ]


def _accounts(*texts: str) -> list[str]:
    return accounts_in(list(texts), longest=LOOKED_AT)


def _when(conditions: list[dict[str, Any]]) -> str:
    """`rule is “first-sight” and labels contains “test”`: the last part of a pointer is what people call the field."""
    return _(" and ").join(_condition(each) for each in conditions) or _("always")


def _condition(condition: dict[str, Any]) -> str:
    field = condition["pointer"].rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if "exists" in condition:
        form = _("%(field)s is there") if condition["exists"] else _("%(field)s is not there")
        return form % {"field": field}
    if "equals" in condition:
        return _("%(field)s is “%(value)s”") % {"field": field, "value": condition["equals"]}
    return _("%(field)s contains “%(value)s”") % {"field": field, "value": condition["contains"]}


def _systems(mapping: dict[str, Any], names: dict[str, str]) -> str:
    field = mapping.get("systems")
    if field is None:
        return _("those that vouch for the account") if "accounts" in mapping else ""
    fixed = [each["value"] for each in (field if isinstance(field, list) else [field]) if "value" in each]
    listed = [slug for each in fixed for slug in (each if isinstance(each, list) else [each])]
    return ", ".join(names.get(slug, slug) for slug in listed) or _("those that the alert names")
