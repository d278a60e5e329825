"""An alert of another tool opens an incident, joins one, waits for a person or is left out, as a stored rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connections, transaction

from incidents.errors import Invalid
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from monitoring.incoming import Incoming, alerts_in, sort_alert
from monitoring.models import Alert, AlertRule
from partners.acting import actor_of
from portal import clock
from portal.api.permissions import scopes_of
from portal.ledger.record import Actor, record
from portal.tenancy.door import Visitor

LOCK = 760541
NO_RULE = "No rule fits."
CLOSED = "It comes again although {reference}, which it belonged to, is closed."
Outcome = Alert.Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one alert. `incident` is a reference, or None."""

    outcome: str
    incident: str | None


@dataclass(frozen=True, slots=True)
class _Fate:
    outcome: str
    incident: Incident | None = None
    reason: str = ""
    repeated: bool = False


@transaction.atomic(using="default")
def take_alerts(body: Mapping[str, Any], *, visitor: Visitor) -> list[Taken]:
    """Take one alert, or those of `{"alerts": […]}`, in their order; every one is kept, whatever became of it.

    A visitor without the scope `open` opens suspected incidents only. Two tools that report the same breach at the
    same moment open one incident: whoever would open on a system waits for the other's commit.

    Raises:
        Invalid: the body holds no alert, too many, or something that is none.
    """
    actor = actor_of(visitor)
    rules = list(AlertRule.objects.filter(organisation_id=actor.organisation_id, is_active=True))
    found = [sort_alert(alert, rules) for alert in alerts_in(body)]
    _wait_for_others({start for each in found for start in each.starts})
    suspected_only = "open" not in scopes_of(visitor)
    return [_take(each, actor=actor, suspected_only=suspected_only) for each in found]


def _wait_for_others(starts: set[UUID]) -> None:
    """Hold these systems until the commit, always in the same order."""
    if starts:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, h) FROM"
                " (SELECT DISTINCT hashtext(s) AS h FROM unnest(%s::text[]) s ORDER BY h) x",
                [LOCK, [str(start) for start in starts]],
            )


def _take(each: Incoming, *, actor: Actor, suspected_only: bool) -> Taken:
    now = clock.now()
    fate = _fate_of(each, actor=actor, suspected_only=suspected_only, now=now)
    alert = Alert(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        rule=each.rule,
        source=each.source,
        title=each.reported.title,
        reference=each.reported.reference,
        body=each.body,
        fingerprint=each.fingerprint,
        received_at=now,
        outcome=fate.outcome,
        reason=fate.reason,
        incident=fate.incident,
    )
    alert.save(force_insert=True)
    if fate.outcome != Outcome.SUPPRESSED and not fate.repeated:
        _record(alert, actor=actor)
    return Taken(fate.outcome, fate.incident.reference if fate.incident else None)


def _fate_of(each: Incoming, *, actor: Actor, suspected_only: bool, now: datetime) -> _Fate:
    rule = each.rule
    if rule is None:
        return _Fate(Outcome.QUEUED, reason=NO_RULE)
    if rule.action == AlertRule.Action.SUPPRESS:
        return _Fate(Outcome.SUPPRESSED)
    if rule.action == AlertRule.Action.QUEUE:
        return _Fate(Outcome.QUEUED)
    earlier = _incident_of_repeat(each, rule, actor.organisation_id, now)
    if earlier is not None and earlier.status == Incident.Status.CLOSED:
        # Somebody has decided that this is over: a tool that goes on must not wake everybody again.
        return _Fate(Outcome.QUEUED, reason=CLOSED.format(reference=earlier.reference))
    if earlier is not None:
        return _Fate(Outcome.JOINED, earlier, repeated=True)
    running = _running_on(each.starts)
    if running is not None:
        return _Fate(Outcome.JOINED, running)
    suspected = suspected_only or rule.action == AlertRule.Action.SUSPECTED
    try:
        return _Fate(Outcome.OPENED, open_incident(_opening_of(each, rule, suspected=suspected), actor=actor))
    except Invalid as invalid:
        return _Fate(Outcome.QUEUED, reason=f"No incident could be opened. {invalid}")


def _incident_of_repeat(each: Incoming, rule: AlertRule, organisation_id: UUID, now: datetime) -> Incident | None:
    """The incident that the same alarm led to not longer ago than the rule's window."""
    repeated = (
        Alert.objects.filter(
            organisation_id=organisation_id,
            fingerprint=each.fingerprint,
            received_at__gt=now - timedelta(minutes=rule.window_minutes),
            incident__isnull=False,
        )
        .select_related("incident")
        .order_by("-received_at")
        .first()
    )
    return repeated.incident if repeated else None


def _running_on(starts: frozenset[UUID]) -> Incident | None:
    """An incident under way on any of these systems that the caller may see; an exercise is none."""
    under_way = Incident.objects.filter(systems__system_id__in=starts, exercise=False)
    return under_way.exclude(status=Incident.Status.CLOSED).order_by("-opened_at").first()


def _opening_of(each: Incoming, rule: AlertRule, *, suspected: bool) -> Opening:
    reported = each.reported
    source = {"name": rule.source} | ({"reference": reported.reference} if reported.reference else {})
    return Opening(
        title=reported.title,
        systems=reported.systems,
        accounts=reported.accounts,
        severity=reported.severity,
        suspected=suspected,
        source=source,
    )


def _record(alert: Alert, *, actor: Actor) -> None:
    """An event for the own organisation alone: what its tools see stays at home."""
    incident = alert.incident
    record(
        f"alert.{alert.outcome}",
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=alert.pk,
        incident_id=incident.pk if incident else None,
        incident_reference=incident.reference if incident else "",
        alert=str(alert.pk),
        source=alert.source,
        title=alert.title,
    )
