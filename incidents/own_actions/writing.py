"""Writing down what one's own organisation did by itself. Functions of the database judge and write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import Incident, OwnAction, Participant, Task
from incidents.planned import missing_right
from incidents.transitions import UNDO_WITHIN
from partners import approvals
from portal import clock
from portal.ledger.record import Actor, record

LONGEST_TITLE, LONGEST_STOPS, LONGEST_WORDS = 200, 600, 2000
EARLIEST = timedelta(days=90)  # before the incident was opened; `sec.did_ourselves` says the same
ALIKE = 0.6  # share of words that two titles have in common, from which on they are taken for the same thing
OPEN = sorted(set(Task.Status.values) - Task.SETTLED)


@dataclass(frozen=True, slots=True)
class Deed:
    """`about`: one of `OwnAction.About`, with the id of that system or link. `stops` and `words` stay at home."""

    title: str
    done_at: datetime
    about: str = ""
    about_id: UUID | None = None
    stops: str = ""
    words: str = ""


class IsYourTask(WrongMoment):
    """One of the organisation's open tasks asks for the same; answering that is what the lead waits for."""

    def __init__(self, task: Task) -> None:
        self.task = task
        super().__init__(
            f"This is your task “{task.title}” ({task.pk}): answer that, or say with `apart` that it is something else."
        )


@transaction.atomic(using="default")
def write_action(incident: Incident, deed: Deed, *, actor: Actor, apart: bool = False) -> OwnAction:
    """Write it down for the actor's organisation; lead and provider read title, time and what it touches.

    The same again is the one that stands. `apart`: it is none of the open tasks, even if it reads like one.

    Raises:
        Invalid: no title, too long, or a time that cannot be. IsYourTask: an open task asks for it.
        NotYours: only watches, or a system or link that it does not know. WrongMoment: closed, or put aside.
    """
    if faults := faults_of(incident, deed):
        raise Invalid(faults)
    if not apart and (task := open_task_like(incident, deed.title, me=actor.organisation_id)):
        raise IsYourTask(task)
    key, fresh = _asked(
        "SELECT ARRAY[d.made::text, d.fresh::text] FROM sec.did_ourselves(%s, %s, %s, %s, %s, %s, %s) d",
        [incident.pk, deed.title, deed.done_at, deed.about, deed.about_id, deed.stops, deed.words],
    )
    made = OwnAction.objects.get(pk=key)
    if fresh == "true":
        _record("own_action.written", incident, made, actor)
    return made


@transaction.atomic(using="default")
def take_back(action_id: UUID, *, actor: Actor) -> OwnAction:
    """Take it back within a minute, by the person or key that wrote it. Twice changes nothing.

    Raises:
        OwnAction.DoesNotExist: unknown, or another organisation's. NotYours: a colleague's or another key's, or only
            watches by now. WrongMoment: too late, or the incident is closed or put aside.
    """
    action = OwnAction.objects.select_related("incident").get(pk=action_id, organisation_id=actor.organisation_id)
    if action.taken_back_at is None and clock.now() - action.written_at > UNDO_WITHIN:
        raise WrongMoment("It can be taken back within 60 seconds, by whoever wrote it.")
    if _asked("SELECT sec.take_back_own_action(%s)", [action_id]):
        action.refresh_from_db()
        _record("own_action.taken_back", action.incident, action, actor)
    return action


def faults_of(incident: Incident, deed: Deed) -> list[Fault]:
    """What is not valid, before anybody is asked."""
    faults = []
    if not 0 < len(deed.title.strip()) <= LONGEST_TITLE:
        faults.append(Fault("/title", f"Say what you did, in at most {LONGEST_TITLE} characters."))
    for name, said, most in (("stops", deed.stops, LONGEST_STOPS), ("words", deed.words, LONGEST_WORDS)):
        if len(said) > most:
            faults.append(Fault(f"/{name}", f"At most {most} characters."))
    if deed.done_at > clock.now():
        faults.append(Fault("/done_at", "Say when you did it: not in the future."))
    elif deed.done_at < incident.opened_at - EARLIEST:
        faults.append(Fault("/done_at", "That is more than 90 days before the incident was opened."))
    if (deed.about == "") != (deed.about_id is None):
        faults.append(Fault("/touches", "A system or a link with its id, or neither."))
    return faults


def open_task_like(incident: Incident, title: str, *, me: UUID) -> Task | None:
    """An open task of one's own that asks for the same thing, as far as its words tell. One query."""
    said = _words(title)
    tasks = Task.objects.filter(incident=incident, organisation_id=me, status__in=OPEN).select_related("step")
    return next(
        (task for task in tasks if any(_alike(said, _words(each)) for each in (task.title, task.step.short_title))),
        None,
    )


def _words(title: str) -> set[str]:
    return set(re.findall(r"\w+", title.casefold()))


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one and other) and len(one & other) / len(one | other) >= ALIKE


def standing_in(incident: Incident, *, me: UUID | None = None) -> QuerySet[OwnAction]:
    """Those that stand and that the reader may see, the newest first: one's own, or everybody's for an overseer."""
    found = OwnAction.objects.filter(incident=incident, taken_back_at=None).select_related("organisation", "note")
    return found.filter(organisation_id=me) if me else found


def _asked(sql: str, params: list[Any]) -> Any:
    try:
        return approvals.call(sql, params)
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused


def _record(kind: str, incident: Incident, action: OwnAction, actor: Actor) -> None:
    slug = Participant.objects.filter(incident=incident, organisation_id=action.organisation_id).values_list("slug")[0]
    record(
        kind,
        actor=actor,
        audience=[action.organisation_id, *incident.overseers],
        subject_id=action.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        organisation=slug[0],
        title=action.title,
        touches=action.touches,
        done_at=action.done_at.isoformat(),
    )
