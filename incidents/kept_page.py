"""What a phone keeps of *My tasks* for when there is no line: own tasks and contacts, the lead's number, where to meet.

Nothing else of anybody: no other organisation's word, no feed, no names. The service worker shows this page, and
answers given on it are sent through the API when the line is back (`docs/my-tasks.md`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from incidents.api.task_shapes import tag_of
from incidents.header import header_of
from incidents.models import Incident, Participant, Step, Task
from incidents.my_tasks import COLUMNS, MAIN, OPEN, by_urgency
from incidents.own_actions.forms import OTHER
from incidents.own_actions.page import choices_of
from incidents.stop_confirmation import unguarded_of
from incidents.words import due_words, overdue_by, state, state_key
from partners.acting import may_answer
from partners.models import ContactPoint, DutyDesk
from portal import clock
from portal.tenancy.door import Visitor

Row = Mapping[str, Any]
TRUSTED = ContactPoint.Trust.TRUSTED
RINGS = (ContactPoint.Kind.PHONE, ContactPoint.Kind.SMS)


def kept_page(incident: Incident | None, *, visitor: Visitor) -> dict[str, Any]:
    """What `incidents/my_tasks_kept.html` wants. Nine queries at most."""
    me, now = visitor.organisation_id, clock.now()
    narrow = visitor.reach != "all"
    kept: dict[str, Any] = {
        "person": str(visitor.person_id),
        "at": now,
        "incident": None,
        "tasks": [],
        "desk": None if narrow else DutyDesk.objects.filter(organisation_id=me).first(),
        "contacts": [] if narrow else _contacts(me),
        "deeds": [],
    }
    if incident is None:
        return kept
    side = Participant.objects.filter(incident=incident, organisation_id=me).values(
        "organisation_id", "told_at", "seen_at", "duty_phone"
    )[0]
    lead = {"organisation_id": incident.lead_id, "name": incident.lead.name}
    header = header_of(incident, [lead], [side])
    tasks = [
        task
        for task in Task.objects.filter(incident=incident, organisation_id=me).values(*COLUMNS)
        if task["status"] in OPEN
    ]
    steps = Step.objects.in_bulk([task["step_id"] for task in tasks])
    answers = may_answer(visitor) and incident.suspended_at is None
    typed = unguarded_of(task["id"] for task in tasks if steps[task["step_id"]].typed_confirmation)
    kept |= {
        "incident": {**header, "deputy": None, **({"href": "", "meeting_point": ""} if narrow else {})},
        "tasks": [
            _task(task, steps[task["step_id"]], side, now, answers=answers, typed=typed.get(task["id"], []))
            for task in by_urgency(tasks, now)
        ],
        "deeds": [*choices_of(incident), (OTHER, _("Something else"))] if answers and not narrow else [],
    }
    return kept


def _task(task: Row, step: Step, side: Row, now: datetime, *, answers: bool, typed: Sequence[str]) -> dict[str, Any]:
    action, words = MAIN[task["status"]]
    asks = action == "complete" and bool(step.answers)
    waits = not task["ready"] and action != "acknowledge"
    return {
        "id": str(task["id"]),
        "tag": tag_of(task["version"]),
        "title": task["title"],
        "state": state(state_key(task, side, now)),
        "due": due_words(task, now),
        "overdue": overdue_by(task, now) is not None,
        "do": [step.do_this, *(f"{each['kind']}: {each['text']}" for each in step.instructions)],
        "facts": [
            (_("Why"), step.why),
            (_("Who usually does it"), step.who),
            (_("What stops for you"), step.stops),
            (_("How you know it worked"), step.worked),
            (_("How to undo it"), step.undo),
            (_("If you cannot"), step.cannot),
        ],
        "main": {"act": action, "words": _(words)} if answers and not (waits or asks) else None,
        "typed": typed if action == "complete" else [],
        "asks": answers and asks,
        "waits": answers and waits,
        "may_refuse": answers,
        "may_block": answers and task["status"] != "blocked",
    }


def _contacts(me: UUID) -> list[dict[str, str]]:
    """Own people's numbers that are trusted, and the desk's own; private ones by their last digits."""
    found = ContactPoint.objects.filter(
        organisation_id=me, kind__in=RINGS, is_active=True, trust=TRUSTED
    ).select_related("person")
    return [
        {
            "words": each.label
            if not each.person or each.person.name in each.label
            else f"{each.person.name}, {each.label}",
            "number": each.address,
            "tel": "" if each.is_private else each.address,
        }
        for each in found.order_by("person__name", "order")
    ]
