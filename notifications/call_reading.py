"""The call list in words: whom to ring, why, who has it, and what came of earlier calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, Task
from notifications import calls
from notifications.call_script import call_back_words
from notifications.calls import Call
from notifications.models import CallAttempt, Delivery
from partners.acting import may_open
from partners.models import Organisation, Person
from portal.pages import local_time
from portal.reasons import reason_in_words
from portal.tenancy.door import Visitor

RECENT = 20
MOST_STEPS = 5


def whom(call: Call, names: Mapping[UUID, str]) -> str:
    """A person's name inside their own organisation alone; for others their role, or the duty desk."""
    if call.desk:
        return _("the duty desk")
    if call.person_id is not None and call.person_id in names:
        return names[call.person_id]
    if call.role not in Person.Role.values:
        return _("somebody in charge")
    return _("the %(role)s") % {"role": str(Person.Role(call.role).label).lower()}


def rows_of(found: Iterable[Call], names: Mapping[UUID, str], *, now: datetime) -> list[dict[str, Any]]:
    """What a list shows of each call."""
    return [
        {
            "id": each.id,
            "organisation": each.organisation,
            "whom": whom(each, names),
            "reference": each.reference,
            "exercise": each.exercise,
            "stand_down": each.message == Delivery.Message.STOOD_DOWN,
            "because": reason_in_words(each.because),
            "since": each.created_at,
            "tries": each.attempts,
            "later": local_time(each.due_at) if each.held_until is None and each.due_at > now else "",
            "free": each.held_until is None,
            "mine": each.mine,
            "held_until": each.held_until,
            "held_by": names.get(each.holder_id, each.held_by) if each.holder_id else each.held_by,
            "words": call_back_words(each.id, each.attempts) if each.held_until else "",
        }
        for each in found
    ]


def ended(incident: Incident | None, names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """The newest calls that one's own organisation made or got, and what came of them. Two queries."""
    attempts = CallAttempt.objects.exclude(outcome="").order_by("-taken_at")
    if incident is not None:
        attempts = attempts.filter(delivery__incident=incident)
    organisations = dict(Organisation.objects.values_list("pk", "name"))
    return [
        {
            "at": each.taken_at,
            "by": names.get(each.caller_id, organisations.get(each.caller_organisation_id, "")),
            "to": organisations.get(each.organisation_id, ""),
            "outcome": str(CallAttempt.Outcome(each.outcome).label),
            "note": _("acknowledged by telephone, reported by %(who)s") % {"who": each.reported_by}
            if each.acknowledged
            else each.reported_by,
        }
        for each in attempts[:RECENT]
    ]


def why_empty(incident: Incident | None, *, oversees: bool) -> str:
    """Why nobody has to be rung, so that an empty list does not look like a broken one."""
    if incident is None and not Incident.objects.exclude(status=Incident.Status.CLOSED).exists():
        return _("No incident is open. When somebody cannot be told by any message, the call to them stands here.")
    if incident is not None and incident.status == Incident.Status.CLOSED:
        return _("This incident is closed, and whoever was told by telephone was told so.")
    if not oversees:
        return _(
            "Nobody of your organisation has to be rung: a message is on its way to somebody here, or has arrived."
        )
    return _(
        "A message is on its way to somebody at each organisation, or has arrived. Who cannot be told stands here."
    )


def steps_of(call: Call, visitor: Visitor) -> list[dict[str, str]]:
    """Where whoever rings writes down what was said beside *they have it*: the steps that wait there, the first first.

    Empty for whoever may not write in their name: only lead and deputy lead may. Two queries.
    """
    if not may_open(visitor) or visitor.organisation_id == call.organisation_id:
        return []
    incident = Incident.objects.filter(pk=call.incident_id).exclude(status=Incident.Status.CLOSED).first()
    if incident is None or visitor.organisation_id not in {incident.lead_id, incident.deputy_lead_id}:
        return []
    found = Task.objects.filter(incident=incident, organisation_id=call.organisation_id, ready=True)
    waiting = found.filter(status__in=[Task.Status.WAITING, Task.Status.ACKNOWLEDGED, Task.Status.IN_PROGRESS])
    return [
        {"title": each.title, "href": reverse("task-detail", args=[each.pk]) + "#told-by-telephone"}
        for each in waiting.order_by("position", "turn")[:MOST_STEPS]
    ]


def waiting_count(incident_id: UUID | None = None) -> int:
    """How many calls wait for somebody or are held, of those that the reader may know of. One query."""
    return len(calls.waiting(incident_id))
