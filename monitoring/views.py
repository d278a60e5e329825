"""The page of alerts: by which rules other tools open or join an incident, and what came in last."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.models import Alert, AlertRule
from partners.acting import signed_in

NEWEST = 50


@require_safe
@signed_in
def alert_list(request: HttpRequest) -> HttpResponse:
    """One's own organisation's rules and alerts; another's are not there."""
    recent = Alert.objects.select_related("incident").defer("body")[:NEWEST]
    context = {
        "rules": [_rule(rule) for rule in AlertRule.objects.all()],
        "recent": [_alert(alert) for alert in recent],
        "endpoints": [{"name": _("Any tool"), "url": f"{settings.PORTAL_URL}/api/v1/alerts/generic/"}],
    }
    return render(request, "monitoring/alerts.html", context)


def _rule(rule: AlertRule) -> dict[str, Any]:
    return {
        "source": rule.source,
        "when": " ".join([_("when"), _(" and ").join(map(_condition, rule.conditions)) or _("anything comes in")]),
        "then": str(rule.get_action_display()).lower(),
        "systems": ", ".join(_fixed(rule.mapping.get("systems"))) or _("as the alert says"),
        "active": rule.is_active,
    }


def _fixed(field: Any) -> list[str]:
    """The values that a rule gives itself; one read out of the alert has none yet."""
    fields = field if isinstance(field, list) else [field]
    values = [each["value"] for each in fields if isinstance(each, dict) and "value" in each]
    return [str(name) for value in values for name in (value if isinstance(value, list) else [value])]


def _condition(condition: dict[str, Any]) -> str:
    pointer = condition.get("pointer", "")
    if "equals" in condition:
        return _("%(field)s is “%(value)s”") % {"field": pointer, "value": condition["equals"]}
    if "contains" in condition:
        return _("%(field)s contains “%(value)s”") % {"field": pointer, "value": condition["contains"]}
    return _("%(field)s is there") % {"field": pointer}


def _alert(alert: Alert) -> dict[str, Any]:
    incident = alert.incident
    return {
        "at": alert.received_at,
        "source": alert.source,
        "title": alert.title,
        "outcome": f"{str(alert.get_outcome_display()).lower()}{': ' + alert.reason if alert.reason else ''}",
        "incident": incident.reference if incident else "",
        "incident_href": reverse("incident-board", args=[incident.reference]) if incident else "",
    }
