"""Ending an incident: an outcome, and everybody who was told is stood down in the same transaction."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from incidents.errors import Fault, Invalid
from incidents.models import Incident, Task
from incidents.transitions import locked_incident
from portal import clock
from portal.ledger.record import Actor, record

OPEN = [status for status in Task.MOVES if status not in Task.SETTLED]


@transaction.atomic(using="default")
def close_incident(*, incident_id: UUID, outcome: str, actor: Actor, reason: str = "") -> Incident:
    """Close with an outcome and call off what is still open; the stand-down is planned from `incident.closed`.

    Closing a closed incident changes nothing and tells nobody twice.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`. Invalid: the outcome is none of the four.
    """
    incident = locked_incident(incident_id, actor=actor)
    if outcome not in Incident.Outcome.values:
        raise Invalid([Fault("/outcome", f"One of: {', '.join(Incident.Outcome.values)}.")])
    if incident.status == Incident.Status.CLOSED:
        return incident
    called_off = Task.objects.filter(incident=incident, status__in=OPEN).update(
        status=Task.Status.CANCELLED, changed_by_id=actor.person_id or actor.key_id
    )
    incident.status = Incident.Status.CLOSED
    incident.outcome = outcome
    incident.closed_at = clock.now()
    incident.save(update_fields=["status", "outcome", "closed_at"])
    record(
        "incident.closed",
        actor=actor,
        audience=incident.participants,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        outcome=outcome,
        reason=reason,
        called_off=called_off,
    )
    return incident
