"""Correcting what was said of an incident when it was opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.errors import WrongMoment
from incidents.models import Incident
from incidents.transitions import locked_incident
from portal.ledger.record import Actor, record

EDITABLE = frozenset({"title", "summary", "severity", "meeting_point", "next_update_at"})


@transaction.atomic(using="default")
def edit_incident(*, incident_id: UUID, changes: Mapping[str, Any], actor: Actor) -> Incident:
    """Write the changed fields (`EDITABLE`) and tell every participant which ones. No change writes nothing.

    Raises:
        Incident.DoesNotExist, NotYours: as `move_incident`. WrongMoment: the incident is closed.
    """
    incident = locked_incident(incident_id, actor=actor)
    changed = [name for name in sorted(EDITABLE & changes.keys()) if getattr(incident, name) != changes[name]]
    if not changed:
        return incident
    if incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    for name in changed:
        setattr(incident, name, changes[name])
    incident.save(update_fields=changed)
    record(
        "incident.edited",
        actor=actor,
        audience=incident.participants,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        fields=changed,
        title=incident.title,
    )
    return incident
