"""Finding what an address names: absent and not yours to see are the same 404."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from incidents.models import Incident, Task
from portal.postgres.prepared import Prepared

_BY_REFERENCE = Prepared(Incident, "reference = %s")


def incident_or_404(reference: str) -> Incident:
    incident = _BY_REFERENCE.first(reference)
    if incident is None:
        raise Http404
    return incident


def overseen_or_404(reference: str, *, me: UUID) -> Incident:
    """The incident for who oversees it; whoever only takes part is answered as if there were none, as quickly."""
    incident = incident_or_404(reference)
    if me not in incident.overseers:
        raise Http404
    return incident


def task_or_404(task_id: UUID) -> Task:
    task = Task.objects.select_related("incident", "step", "organisation").filter(pk=task_id).first()
    if task is None:
        raise Http404
    return task
