"""That somebody of an organisation has looked at an incident: a fact for the overseers, not a state of any task."""

from __future__ import annotations

from django.db.models import F

from incidents.models import Incident, Participant
from portal import clock
from portal.ledger.record import Actor, record
from portal.postgres.prepared import Prepared

_UNSEEN = Prepared(Participant, "incident_id = %s AND organisation_id = %s AND seen_at IS NULL", columns=("id",))


def mark_seen(incident: Incident, *, actor: Actor) -> None:
    """Note the first look of the actor's organisation. Later looks change nothing and cost one statement."""
    if not _UNSEEN.values(incident.pk, actor.organisation_id):
        return
    first = Participant.objects.filter(
        incident=incident, organisation_id=actor.organisation_id, seen_at__isnull=True
    ).update(seen_at=clock.now(), people_seen=F("people_seen") + 1)
    if first and incident.status != Incident.Status.CLOSED:
        record(
            "organisation.seen",
            actor=actor,
            audience=[actor.organisation_id, *incident.overseers],
            subject_id=actor.organisation_id,
            incident_id=incident.pk,
            incident_reference=incident.reference,
        )
