"""Alerts and rules as the page of alerts wants them: plain rows, in words."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast, Left
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.words import severity
from monitoring.bodies import WAITING_DAYS, kept_until
from monitoring.incoming import Incoming
from monitoring.models import Alert, AlertRule
from monitoring.tools import TOOLS
from partners import permissions
from partners.account_patterns import accounts_in
from partners.models import SharedSystem

NEWEST = 50
LOOKED_AT = 8000  # characters of an alert in which accounts are looked for
SHOWN = 20000  # characters of an alert on its page
OUTCOMES = {
    "opened": gettext_lazy("opened"),
    "joined": gettext_lazy("joined"),
    "queued": gettext_lazy("waits for a person"),
    "suppressed": gettext_lazy("left out, as a rule says"),
    "dismissed": gettext_lazy("dismissed"),
}
ACTIONS = {
    "open": gettext_lazy("opens an incident, or joins one on the same systems"),
    "suspected": gettext_lazy("opens a suspected incident, or joins one on the same systems"),
    "queue": gettext_lazy("waits here for a person"),
    "suppress": gettext_lazy("is left out"),
}


def alerts_page() -> dict[str, Any]:
    """What `monitoring/alerts.html` wants, as the open scope sees it, in a fixed number of queries."""
    return {
        "rules": rules_shown(),
        "waiting": alerts_shown(waiting=True),
        "recent": alerts_shown(waiting=False),
        "endpoints": [
            {
                "name": tool.name or _("Any tool that sends JSON"),
                "url": f"{settings.PORTAL_URL}{reverse(f'api-alerts-{tool.slug}')}",
            }
            for tool in TOOLS.values()
        ],
        "keep_days": settings.ALERT_KEEP_DAYS,
        "waiting_days": WAITING_DAYS,
    }


def rules_shown() -> list[dict[str, Any]]:
    """`{"href", "source", "name", "when", "then", "systems", "active"}`, in the order in which they are tried."""
    rules = list(AlertRule.objects.all())
    names = dict(SharedSystem.objects.values_list("slug", "name"))
    return [
        {
            "href": reverse("alert-rule", args=[rule.pk]),
            "source": rule.source,
            "name": rule.name,
            "when": _when(rule.conditions),
            "then": str(ACTIONS[rule.action]),
            "systems": _systems(rule.mapping, names),
            "active": rule.is_active,
        }
        for rule in rules
    ]


def alerts_shown(*, waiting: bool) -> list[dict[str, Any]]:
    """`{"at", "source", "title", "times", "outcome", "reason", "permitted", …}`: those that wait, the longest first, or
    the others, newest first.

    `permitted` are sentences on permissions that cover an account in the alert, as far as the reader may know of them.
    They change nothing of what becomes of the alert.
    """
    known = permissions.known()
    # An alert may be as long as a mebibyte: its beginning is enough to find an account in.
    beginning = Left(Cast("body", TextField()), LOOKED_AT)
    alerts = Alert.objects.select_related("incident").defer("body").annotate(beginning=beginning)
    if waiting:
        alerts = alerts.filter(outcome=Alert.Outcome.QUEUED).order_by("received_at", "id")
    else:
        alerts = alerts.exclude(outcome=Alert.Outcome.QUEUED)
    return [
        {
            **_row(alert),
            "permitted": permissions.said_of_accounts(_accounts(alert.title, alert.beginning), known),
        }
        for alert in alerts[:NEWEST]
    ]


def _row(alert: Alert) -> dict[str, Any]:
    incident = alert.incident
    return {
        "href": reverse("alert-detail", args=[alert.pk]),
        "open_href": reverse("alert-open", args=[alert.pk]),
        "at": alert.received_at,
        "source": alert.source,
        "title": alert.title,
        "times": ngettext("once", "%(n)s times", alert.times) % {"n": alert.times},
        "last_seen_at": alert.last_seen_at,
        "resolved": _("%(tool)s says that it is resolved") % {"tool": alert.source or _("The tool")}
        if alert.resolved_at
        else "",
        "outcome": ": ".join(filter(None, [str(OUTCOMES[alert.outcome]), alert.reason])),
        "reason": alert.reason,
        "incident": incident.reference if incident else "",
        "incident_href": reverse("incident-board", args=[incident.reference]) if incident else "",
    }


def alert_page(alert: Alert, incoming: Incoming) -> dict[str, Any]:
    """One alert for `monitoring/alert.html`: what `alerts_shown` says of it, and what tool and rule read out of it."""
    text = json.dumps(alert.body, indent=2, ensure_ascii=False, sort_keys=True)
    said = incoming.reported
    names = dict(SharedSystem.objects.filter(slug__in=said.systems).values_list("slug", "name"))
    accounts = _accounts(alert.title, text[:LOOKED_AT])
    return {
        **_row(alert),
        "permitted": permissions.said_of_accounts(accounts, permissions.known()),
        "systems": [names.get(each, each) for each in said.systems],
        "hosts": [each for each in incoming.reading.hosts if each not in names],
        "accounts": list(said.accounts or incoming.reading.accounts),
        "severity": severity(said.severity) or incoming.reading.severity,
        "reference": alert.reference,
        "rule": incoming.rule.name if incoming.rule else "",
        "link": alert.link if alert.link.startswith("https://") else "",
        "decided_at": alert.decided_at,
        "text": text[:SHOWN],
        "waits": alert.outcome == Alert.Outcome.QUEUED,
        "keep_days": settings.ALERT_KEEP_DAYS,
        "waiting_days": WAITING_DAYS,
        "kept_until": kept_until(alert),
        "dropped_at": alert.body_dropped_at,
    }


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
