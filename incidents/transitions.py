"""The only code that changes a status. Every arrow stands on the models, and in the database too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.models import Incident, Standing, Task, TaskNote
from incidents.running.answering import gone_on_by, hold_run_of, keep_answers, read_answers
from incidents.stop_confirmation import confirm_stop, typed_in_time
from portal import clock
from portal.ledger.record import Actor, Entry, record, record_many

UNDO_WITHIN = timedelta(seconds=60)
LONGEST_WHY = 600
NEEDS_REASON = frozenset({"blocked", "declined", "not_affected"})
KINDS = {
    "waiting": "task.undone",
    "acknowledged": "task.acknowledged",
    "in_progress": "task.started",
    "done": "task.completed",
    "verified": "task.verified",
    "blocked": "task.blocked",
    "declined": "task.declined",
    "not_affected": "task.not_affected",
    "cancelled": "task.cancelled",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes with an answer: a reason crosses to the overseers; note, answers and typed words stay at home."""

    reason: str = ""
    note: str = ""
    answers: Mapping[str, Any] | None = None
    confirm: str = ""  # `incidents.stop_confirmation`


@transaction.atomic(using="default")
def answer_task(*, task_id: UUID, to: str, actor: Actor, answer: Answer | None = None) -> Task:
    """Move one's own organisation's task; asking twice for the same status changes nothing and is no error.

    Raises:
        Task.DoesNotExist: unknown, or another organisation's.
        WrongMoment: no arrow leads there now, the steps before are not settled, or the incident is closed.
        Invalid: a reason is missing, or the name of a service that stops.
    """
    answer = answer or Answer()
    task = _locked(task_id)
    if task.organisation_id != actor.organisation_id:
        raise Task.DoesNotExist
    if task.status == to and task.reason == answer.reason:
        return task
    if task.status == to and to not in NEEDS_REASON:
        return task
    if to in NEEDS_REASON and not answer.reason.strip():
        raise Invalid([Fault("/reason", "Say why, in a few words: the lead sees it.")])
    if task.status != to:
        _check_arrow(task, to)
    typed = to == Task.Status.DONE and confirm_stop(task, answer.confirm, actor=actor)
    if to == Task.Status.DONE and task.asks:
        read = read_answers(task.asks, answer.answers or {})
        answer = replace(answer, answers={**(answer.answers or {}), **read})
        keep_answers(task, read)
    with typed_in_time(task):
        return _move(task, to=to, actor=actor, answer=answer, more={"confirmed": "typed"} if typed else {})


@transaction.atomic(using="default")
def verify_task(*, task_id: UUID, actor: Actor) -> Task:
    """The lead says that a done task was checked; for the lead's own tasks the deputy lead says it.

    Raises:
        Task.DoesNotExist: unknown or not visible. NotYours: somebody else checks it. WrongMoment: it is not done.
    """
    task = _locked(task_id)
    incident = task.incident
    checker = incident.deputy_lead_id if task.organisation_id == incident.lead_id else incident.lead_id
    if actor.kind == "key" or actor.organisation_id != checker or actor.organisation_id == task.organisation_id:
        raise NotYours("The lead checks a task, for the lead's own tasks the deputy lead; never a key.")
    if task.status == Task.Status.VERIFIED:
        return task
    _check_arrow(task, Task.Status.VERIFIED)
    return _move(task, to=Task.Status.VERIFIED, actor=actor, answer=Answer())


@transaction.atomic(using="default")
def cancel_task(*, task_id: UUID, actor: Actor) -> Task:
    """The lead calls a task off, any organisation's.

    Raises:
        Task.DoesNotExist, NotYours, WrongMoment: as `verify_task`.
    """
    task = _locked(task_id)
    if actor.organisation_id != task.incident.lead_id:
        raise NotYours("Only the lead calls a task off.")
    if task.status == Task.Status.CANCELLED:
        return task
    _check_arrow(task, Task.Status.CANCELLED)
    return _move(task, to=Task.Status.CANCELLED, actor=actor, answer=Answer())


@transaction.atomic(using="default")
def exempt_task(*, task_id: UUID, actor: Actor, because: str) -> Task:
    """The lead lets an organisation off a step, and says why; that organisation and the overseers see it.

    Asking twice changes nothing.

    Raises:
        Task.DoesNotExist, NotYours: as `verify_task`. WrongMoment: it is done. Invalid: no reason, or a long one.
    """
    task = _locked(task_id)
    if actor.kind == "key" or actor.organisation_id != task.incident.lead_id:
        raise NotYours("Only the lead exempts an organisation from a step; never a key.")
    if task.status == Task.Status.CANCELLED:
        return task
    _check_arrow(task, Task.Status.CANCELLED)
    if task.status in {"done", "verified"}:
        raise WrongMoment("The step is done: there is nothing left to be exempt from.")
    if not 0 < len(because.strip()) <= LONGEST_WHY:
        raise Invalid([Fault("/reason", f"Say why, in at most {LONGEST_WHY} characters: the organisation reads it.")])
    before, was = _word(task), task.status
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.exempt(%s, %s)", [task_id, because.strip()])
    task.refresh_from_db()
    _record_move(task, actor=actor, was=was, before=before, kind=KINDS["cancelled"], exempt_because=because.strip())
    return task


@transaction.atomic(using="default")
def undo_task(*, task_id: UUID, actor: Actor) -> Task:
    """Take back one's own last answer within 60 seconds, by the same person or key.

    Raises:
        Task.DoesNotExist: unknown or another organisation's. WrongMoment: too late, or there is nothing to take back,
            or the plan has gone on by what was answered: what a condition made of it stands.
    """
    hold_run_of(task_id)  # as a look at the run does it, and in its order: the incident first
    task = _locked(task_id)
    if task.organisation_id != actor.organisation_id:
        raise Task.DoesNotExist
    doer = actor.person_id or actor.key_id
    late = clock.now() - task.changed_at > UNDO_WITHIN
    if not task.previous_status or late or task.changed_by_id != doer or task.status in {"verified", "cancelled"}:
        raise WrongMoment("An answer can be taken back within 60 seconds, by whoever gave it.")
    if gone_on_by([task_id]):
        raise WrongMoment(
            "The plan has gone on by this answer, so it cannot be taken back any more. If it is wrong, ring the lead."
        )
    return _move(task, to=task.previous_status, actor=actor, answer=Answer(reason=task.previous_reason), undone=True)


def _locked(task_id: UUID) -> Task:
    """The task, locked; its incident must still be under way."""
    task = Task.objects.select_for_update(of=("self",)).select_related("incident", "step").get(pk=task_id)
    if task.incident.status == Incident.Status.CLOSED:
        raise WrongMoment("The incident is closed.")
    if task.incident.suspended_at is not None:
        raise WrongMoment("The exercise is put aside: do nothing more in it.")
    return task


def _check_arrow(task: Task, to: str) -> None:
    if to not in Task.MOVES[task.status]:
        words = dict(Task.Status.choices)
        raise WrongMoment(f"This task is “{words[task.status]}”: it cannot become “{words[to]}” now.")
    if to in {"in_progress", "done"} and not task.ready:
        raise WrongMoment("The steps before this one are not settled yet. You can accept it now and start later.")


def _move(
    task: Task, *, to: str, actor: Actor, answer: Answer, undone: bool = False, more: Mapping[str, str] | None = None
) -> Task:
    before = _word(task)
    Task.objects.filter(pk=task.pk).update(
        status=to, reason=answer.reason, changed_by_id=actor.person_id or actor.key_id
    )
    was = task.status
    task.refresh_from_db()
    if answer.note or answer.answers:
        TaskNote.objects.create(
            task=task,
            organisation_id=actor.organisation_id,
            text=answer.note,
            answers=dict(answer.answers or {}),
            at=clock.now(),
        )
    _record_move(task, actor=actor, was=was, before=before, kind="task.undone" if undone else KINDS[to], **(more or {}))
    return task


def accepted_by_message(task_id: UUID, *, actor: Actor, by: str) -> None:
    """Record that a message's answer has accepted a task; `by` is its way. The database has moved it already."""
    task = Task.objects.select_related("incident").get(pk=task_id)
    _record_move(task, actor=actor, was="waiting", before=_word(task), kind=KINDS[task.status], by=by)


def record_reported(task: Task, *, actor: Actor, was: str, before: str, undone: str = "") -> None:
    """Record that a task was answered for its organisation by telephone, or (`undone`: how) that this stands no more.

    The database has moved it already; `was` and `before` are its status and its organisation's word from before.
    """
    if not undone:
        _record_move(task, actor=actor, was=was, before=before, kind=KINDS[task.status], by="telephone")
        return
    by = {} if actor.organisation_id == task.organisation_id else {"by": "telephone"}
    _record_move(task, actor=actor, was=was, before=before, kind="task.undone", settled=undone, **by)


def standing_word(task: Task) -> str:
    """The one word of the task's organisation in its incident."""
    return _word(task)


def _record_move(task: Task, *, actor: Actor, was: str, before: str, kind: str, **more: str) -> None:
    incident = task.incident
    slug, after = _standing(task)
    data = {
        "task": str(task.pk),
        "organisation": slug,
        "status": task.status,
        "was": was,
        "step": task.position,
        "title": task.title,
        "reason": task.reason,
        **more,
    }
    entries = [Entry(kind, [task.organisation_id, *incident.overseers], task.pk, data)]
    if before != after:
        said = {"organisation": slug, "word": after}
        entries.append(Entry("standing.changed", incident.participants, task.organisation_id, said))
    record_many(entries, actor=actor, incident_id=incident.pk, incident_reference=incident.reference)


def _standing(task: Task) -> tuple[str, str]:
    slug, word = Standing.objects.filter(
        incident_id=task.incident_id, organisation_id=task.organisation_id
    ).values_list("slug", "word")[0]
    return slug, word


def _word(task: Task) -> str:
    return _standing(task)[1]


@transaction.atomic(using="default")
def move_incident(*, incident_id: UUID, to: str, actor: Actor, reason: str = "") -> Incident:
    """Move an incident along its arrows; closing has a function of its own (`closing.close_incident`).

    Asking twice for the same status changes nothing. A step back needs a reason.

    Raises:
        Incident.DoesNotExist: unknown or not visible. NotYours: only the lead moves it.
        WrongMoment: no arrow leads there. Invalid: a reason is missing, or `to` is no status.
    """
    incident = locked_incident(incident_id, actor=actor)
    if to not in Incident.MOVES:
        raise Invalid([Fault("/to", f"One of: {', '.join(sorted(Incident.MOVES))}.")])
    if incident.status == to:
        return incident
    if to == Incident.Status.CLOSED or incident.status == Incident.Status.SUSPECTED:
        raise WrongMoment("Declaring and closing are acts of their own: everybody is told.")
    if to not in Incident.MOVES[incident.status]:
        raise WrongMoment(f"An incident that is {incident.status} cannot become {to}.")
    order = list(Incident.MOVES)
    if order.index(to) < order.index(incident.status) and not reason.strip():
        raise Invalid([Fault("/reason", "A step back needs a reason.")])
    was, incident.status = incident.status, to
    incident.save(update_fields=["status"])
    record(
        "incident.moved",
        actor=actor,
        audience=incident.participants,
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        was=was,
        status=to,
        reason=reason,
    )
    return incident


def locked_incident(incident_id: UUID, *, actor: Actor) -> Incident:
    """The incident, locked for its lead. Others who may see it are refused; others still do not find it.

    Raises:
        Incident.DoesNotExist, NotYours.
    """
    incident = Incident.objects.get(pk=incident_id)
    if actor.organisation_id != incident.lead_id:
        raise NotYours("Only the lead does this.")
    # Not the key: a worker that holds a participant's row checks at its COMMIT that the incident is there, and would
    # wait for us while we wait for that participant.
    return Incident.objects.select_for_update(of=("self",), no_key=True).get(pk=incident_id)
