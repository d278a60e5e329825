"""That work orders are ready: told to each organisation alone, for its own tool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from incidents.models import Incident, Step, Task
from portal.ledger.record import Actor, Entry, record_many


def tell_ready(
    incident: Incident,
    *,
    actor: Actor,
    tasks: Iterable[UUID] | None = None,
    organisations: Iterable[UUID] | None = None,
) -> None:
    """Record `work_order.ready` for each organisation that has orders among these tasks, or among all of these
    organisations' that are ready, for it alone. The event says which, and nothing of the commands.

    Without `tasks`, an incident whose plan has no command for a tool is looked at no further.
    """
    if tasks is None and not Step.objects.filter(playbook_id=incident.playbook_id).exclude(instructions=[]).exists():
        return
    rows = Task.objects.filter(incident=incident, ready=True).exclude(step__instructions=[])
    if tasks is not None:
        rows = rows.filter(pk__in=list(tasks))
    if organisations is not None:
        rows = rows.filter(organisation_id__in=list(organisations))
    orders: dict[UUID, list[dict[str, Any]]] = {}
    for pk, organisation_id, title, finish_by in rows.order_by("position").values_list(
        "pk", "organisation_id", "title", "finish_by"
    ):
        said = {"id": str(pk), "title": title, "finish_by": finish_by.isoformat() if finish_by else None}
        orders.setdefault(organisation_id, []).append(said)
    record_many(
        [
            Entry("work_order.ready", [organisation_id], None, {"exercise": incident.exercise, "orders": found})
            for organisation_id, found in orders.items()
        ],
        actor=actor,
        incident_id=incident.pk,
        incident_reference=incident.reference,
    )
