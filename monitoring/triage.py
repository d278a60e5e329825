"""Alerts that wait for a person: each opens an incident, joins one or is dismissed with a reason, once."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connections, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.errors import Fault, Invalid, WrongMoment
from incidents.from_above import NeedsYou, register
from incidents.models import Incident
from monitoring.alerts import record_alert
from monitoring.bodies import what_is_left
from monitoring.incoming import Incoming, sort_alerts
from monitoring.models import Alert, AlertRule
from monitoring.tools import TOOLS
from portal.ledger.record import Actor

NAME = "alert"
LONGEST_WHY = 500
Outcome = Alert.Outcome


def waiting_alert(alert_id: UUID) -> Alert | None:
    """One's own alert, whatever became of it; None when there is none that the reader may see."""
    return Alert.objects.select_related("incident").filter(pk=alert_id).first()


def read_again(alert: Alert) -> Incoming:
    """What the alert says, by its tool and the rule that it fell under as that stands now; what is left of it, once its
    body was dropped."""
    rules = list(AlertRule.objects.filter(pk=alert.rule_id)) if alert.rule_id else []
    if alert.body_dropped_at:
        return what_is_left(alert, rules[0] if rules else None)
    [incoming] = sort_alerts([alert.body], rules, TOOLS[alert.tool or "generic"])
    return incoming


def open_form_address(alert: Alert, incoming: Incoming) -> str:
    """The form of opening with what the alert names filled in: it shows whom that reaches, and sends nothing."""
    read = incoming.reported
    source = alert.source or _("a tool")
    said = [
        *(("systems", slug) for slug in read.systems),
        ("accounts", "\n".join(read.accounts)),
        ("title", alert.title),
        ("summary", _("Reported by %(source)s. %(reference)s") % {"source": source, "reference": alert.reference}),
        ("severity", str(read.severity or "")),
        ("playbook", incoming.rule.playbook if incoming.rule else ""),
        ("because_of", f"{NAME}:{alert.pk}"),
    ]
    return f"{reverse('incident-open')}?{urlencode([(name, value) for name, value in said if value])}"


def to_join(incoming: Incoming) -> list[Incident]:
    """Incidents under way that the reader may see, those on the alert's own systems first. Exercises are none."""
    found = Incident.objects.filter(exercise=False).exclude(status=Incident.Status.CLOSED).order_by("-opened_at")[:50]
    on_them = set(
        Incident.objects.filter(systems__slug__in=incoming.reported.systems, exercise=False).values_list(
            "pk", flat=True
        )
    )
    return sorted(found, key=lambda incident: incident.pk not in on_them)


@transaction.atomic(using="default")
def join(alert_id: UUID, incident: Incident, *, actor: Actor) -> None:
    """Say that the alert belongs to an incident that the person sees.

    Raises:
        Alert.DoesNotExist: no alert of theirs. WrongMoment: somebody has decided on it already, or it is closed.
    """
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment(_("This incident is closed."))
    _decide(alert_id, Outcome.JOINED, actor=actor, incident=incident)


@transaction.atomic(using="default")
def dismiss(alert_id: UUID, *, reason: str, actor: Actor) -> None:
    """Say why nothing comes of it. For the rule's window its repeats are counted and wake nobody.

    Raises:
        Alert.DoesNotExist, WrongMoment: as `join`. Invalid: no reason, or a long one.
    """
    if not 0 < len(reason.strip()) <= LONGEST_WHY:
        raise Invalid([Fault("/reason", _("Say why, in at most %(n)s letters.") % {"n": LONGEST_WHY})])
    _decide(alert_id, Outcome.DISMISSED, actor=actor, reason=reason.strip())


def _decide(alert_id: UUID, outcome: str, *, actor: Actor, incident: Incident | None = None, reason: str = "") -> None:
    alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    if alert.outcome != Outcome.QUEUED:
        raise WrongMoment(_("Somebody has decided on this alert already."))
    alert.outcome, alert.incident = outcome, incident
    fields = ["outcome", "incident"]
    if reason:
        alert.reason, fields = reason, [*fields, "reason"]
    alert.save(update_fields=fields)
    record_alert(alert, actor=actor)


def _after_opening(alert_id: UUID, incident: Incident, _shown: str) -> None:
    """The form said what it was opened because of; what is not one's own, or decided, is left as it is."""
    alert = Alert.objects.filter(pk=alert_id, outcome=Outcome.QUEUED).first()
    if alert is not None and alert.organisation_id == incident.lead_id:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT sec.who()")
            (person_id,) = cursor.fetchone()
        actor = Actor(incident.lead_id, "person", person_id)
        _decide(alert.pk, Outcome.OPENED, actor=actor, incident=incident)


def _needs_you(organisation_id: UUID) -> list[NeedsYou]:
    """How many of one's own alerts wait for a person. One query."""
    n = Alert.objects.filter(organisation_id=organisation_id, outcome=Outcome.QUEUED).count()
    if not n:
        return []
    words = ngettext("One alert of your tools waits", "%(n)s alerts of your tools wait", n) % {"n": n}
    return [NeedsYou(words, reverse("alert-list"))]


def _rule_of(incident: Incident) -> str:
    """The name of the rule, for the organisation whose rule it is; '' for everybody else, and when it was removed."""
    opened = Alert.objects.filter(incident=incident, outcome=Outcome.OPENED, rule_version__gt=0)
    rules = AlertRule.objects.filter(pk__in=opened.values("rule"))
    return rules.values_list("name", flat=True).first() or ""


def hang_in() -> None:
    register(NAME, needs_you=_needs_you, after_opening=_after_opening, rule_of=_rule_of)


def next_waiting() -> Any:
    """The number of the alert that has waited longest, or None."""
    return (
        Alert.objects.filter(outcome=Outcome.QUEUED).order_by("received_at", "id").values_list("pk", flat=True).first()
    )
