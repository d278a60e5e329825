"""What the lead says to every participant, in words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from incidents.errors import Fault, Invalid, WrongMoment
from incidents.models import Incident, Update
from incidents.transitions import locked_incident
from portal import clock
from portal.ledger.record import Actor, record

LONGEST = 4000


@transaction.atomic(using="default")
def send_update(
    *, incident_id: UUID, text: str, actor: Actor, author_name: str, next_update_at: datetime | None = None
) -> Update:
    """Put an update on every participant's page, and say when the next one comes.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`. WrongMoment: the incident is closed. Invalid: no text.
    """
    incident = locked_incident(incident_id, actor=actor)
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    if not text.strip() or len(text) > LONGEST:
        raise Invalid([Fault("/text", f"Between 1 and {LONGEST} characters.")])
    update = Update(
        id=uuid4(),
        incident=incident,
        author_organisation_id=actor.organisation_id,
        author_name=author_name,
        text=text,
        at=clock.now(),
    )
    update.save(force_insert=True)
    update.refresh_from_db(fields=["card"])  # the database has filled it in
    # What was promised before is kept with this one, whether or not a further one is.
    Incident.objects.filter(pk=incident.pk).update(next_update_at=next_update_at)
    record(
        "update.sent",
        actor=actor,
        audience=incident.participants,
        subject_id=update.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        **said_of(text, next_update_at),
    )
    return update


def said_of(text: str, next_update_at: datetime | None) -> dict[str, str | None]:
    """What the event of an update holds; a preview shows it before there is one."""
    return {"text": text, "next_update_at": next_update_at.isoformat() if next_update_at else None}
