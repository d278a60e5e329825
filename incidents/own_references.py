"""An organisation's own number for an incident or a task. Nobody else sees it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from incidents.models import Incident, OwnReference, Task
from portal.ledger.record import Actor, record


@transaction.atomic(using="default")
def keep_own_reference(*, incident: Incident, task_id: UUID | None, text: str, actor: Actor) -> None:
    """Write it down, or take it away with an empty text. Safe to repeat.

    Raises:
        Task.DoesNotExist: the task is unknown, not visible, or of another incident.
    """
    if task_id is not None:
        Task.objects.only("pk").get(pk=task_id, incident=incident)
    which: dict[str, Any] = {"incident": incident, "task_id": task_id, "organisation_id": actor.organisation_id}
    mine = OwnReference.objects.filter(**which)
    if text == (mine.values_list("text", flat=True).first() or ""):
        return
    if text:
        OwnReference.objects.update_or_create(**which, defaults={"text": text})
    else:
        mine.delete()
    record(
        "own_reference.written" if text else "own_reference.removed",
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=task_id or incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        task=str(task_id) if task_id else None,
        text=text,
    )
