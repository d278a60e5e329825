"""The same alarm again: counted on its row. That the tool says it is over: noted there, and it closes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Coalesce

from incidents.merging import goes_on_as
from incidents.models import Incident
from monitoring.bodies import kept_until
from monitoring.incoming import Incoming
from monitoring.models import Alert
from portal.ledger.record import Actor, record

USUAL_WINDOW = timedelta(minutes=60)  # of an alert that no rule fits
Outcome = Alert.Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one alert. `incident` is a reference, or None. `body_kept_until` None: its body is not kept."""

    outcome: str
    incident: str | None
    body_kept_until: datetime | None


def repeat_of(each: Incoming, organisation_id: UUID, now: datetime) -> Alert | None:
    """The row of the same alarm that was last seen, or decided on, not longer ago than the rule's window.

    One that waits, or is left out, by a rule that was changed since has its chance under the new rule.
    """
    rule = each.rule
    window = timedelta(minutes=rule.window_minutes) if rule else USUAL_WINDOW
    found = (
        Alert.objects.filter(organisation_id=organisation_id, fingerprint=bytes(each.fingerprint))
        .annotate(seen=Coalesce("decided_at", "last_seen_at", "received_at"))
        .filter(seen__gt=now - window)
        .select_related("incident")
        .order_by("-received_at", "-id")
        .first()
    )
    if found is None or (found.incident_id and found.incident is None):
        return None
    here = (rule.pk, rule.version) if rule else (None, 0)
    stands = found.incident is not None or found.outcome == Outcome.DISMISSED
    return found if stands or (found.rule_id, found.rule_version) == here else None


def taken_again(earlier: Alert, *, now: datetime) -> Taken:
    """Count it. The caller holds the alarm's lock."""
    Alert.objects.filter(pk=earlier.pk).update(times=F("times") + 1, last_seen_at=now, resolved_at=None)
    return _as_before(earlier)


def _as_before(earlier: Alert) -> Taken:
    if earlier.incident is not None:
        return Taken(Outcome.JOINED, goes_on(earlier.incident).reference, kept_until(earlier))
    waits = earlier.outcome == Outcome.QUEUED
    return Taken(Outcome.QUEUED if waits else Outcome.SUPPRESSED, None, kept_until(earlier))


def goes_on(incident: Incident) -> Incident:
    """The incident that it was merged into, as far as the reader sees that, or itself."""
    return goes_on_as(incident) or incident


def group_incident(each: Incoming, organisation_id: UUID, now: datetime) -> Incident | None:
    """The incident under way to which another alarm with the same key led within the rule's window."""
    if each.join_key is None or each.rule is None:
        return None
    since = now - timedelta(minutes=each.rule.window_minutes)
    found = (
        Alert.objects.filter(organisation_id=organisation_id, join_key=bytes(each.join_key), incident__isnull=False)
        .annotate(seen=Coalesce("last_seen_at", "received_at"))
        .filter(seen__gt=since)
        .exclude(incident__status=Incident.Status.CLOSED)
        .select_related("incident")
        .order_by("-received_at")
        .first()
    )
    return found.incident if found else None


def note_resolved(each: Incoming, *, actor: Actor, now: datetime) -> Taken:
    """Write it on the newest row of the alarm, and say it once where that belongs to an incident. Opens nothing."""
    same = Alert.objects.filter(organisation_id=actor.organisation_id, tool=each.tool.slug)
    same = same.filter(key=each.key) if each.key else same.filter(fingerprint=bytes(each.fingerprint))
    found = same.select_related("incident").order_by("-received_at", "-id").first()
    if found is None or (found.incident_id and found.incident is None):
        return Taken(Outcome.SUPPRESSED, None, None)
    if found.resolved_at is None:
        Alert.objects.filter(pk=found.pk).update(resolved_at=now)
        if found.outcome != Outcome.SUPPRESSED:
            _record_resolved(found, each, actor=actor)
    return _as_before(found)


def _record_resolved(alert: Alert, each: Incoming, *, actor: Actor) -> None:
    incident = alert.incident
    record(
        "alert.resolved",
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=alert.pk,
        incident_id=incident.pk if incident else None,
        incident_reference=incident.reference if incident else "",
        alert=str(alert.pk),
        source=alert.source,
        tool=each.tool.name or alert.source,
        title=alert.title,
    )
