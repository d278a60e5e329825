"""Work orders: a task whose step carries commands, as its organisation's own tool takes and answers it.

The portal runs no command (docs/work-orders.md). An order is a view of the task and its step; what a tool makes of it
is kept once it takes it. Its answer goes the way of every answer, through `incidents.transitions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from incidents.errors import Fault, Invalid, WrongMoment
from incidents.models import Task, TaskNote, WorkOrder
from incidents.running.answering import fitting, read_answers
from incidents.stop_confirmation import unguarded_services
from incidents.transitions import Answer, answer_task
from incidents.work_order_states import OrderTask, because, kept_of, order_of
from incidents.work_orders_again import of_earlier
from portal import clock
from portal.ledger.record import Actor, record

Outcome = WorkOrder.Outcome
LEASE_MINUTES, LONGEST_LEASE, MOST_LEASES = 15, 240, 20
# These cross to the lead, so they say nothing of what the tool found.
REASONS = {
    Outcome.FAILED: "Our own tool tried and could not do it. We take it by hand.",
    Outcome.REFUSED: "Our own tool does not run this. We take it by hand.",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What a tool answers. `result` and `out_args` stay at home, but for answers that a condition asks about."""

    lease: UUID
    outcome: str
    result: str = ""
    out_args: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic(using="default")
def take_order(
    order_id: UUID, *, actor: Actor, key_name: str, minutes: int = LEASE_MINUTES, lease: UUID | None = None
) -> OrderTask:
    """Keep an order for one worker of a tool, for so many minutes; the task with its `work_order`.

    `lease` is one that the worker has made, or a new one. With the one that is held it is held longer, so that taking
    is safe to repeat. When the lease ends, whoever asks next gets the order.

    Raises:
        Task.DoesNotExist: no order of the own organisation. WrongMoment: it is not to be had, or not now, or was given
        again as another.
    """
    task = _locked(order_id, actor)
    if given_as := of_earlier(task, order_id):
        raise WrongMoment(given_as.words)
    held, now = kept_of(task), clock.now()
    again = held is not None and not held.outcome and held.lease == lease
    if task.state not in ("waiting", "taken") or (task.state == "taken" and not again):
        raise WrongMoment(because(task))
    until = now + timedelta(minutes=minutes)
    if again:
        WorkOrder.objects.filter(task=task).update(lease_until=until)
        return order_of(actor.organisation_id, order_id)
    new = {
        "lease": lease or uuid4(), "lease_until": until, "taken_at": now, "key_id": actor.key_id, "key_name": key_name,
    }  # fmt: skip
    if held is None:
        WorkOrder.objects.create(task=task, organisation_id=actor.organisation_id, **new)
    else:
        former = [each for each in (*held.former_leases, str(held.lease)) if each != str(new["lease"])]
        WorkOrder.objects.filter(task=task).update(**new, former_leases=former[-MOST_LEASES:])
    _record("work_order.taken", task, actor=actor, key=key_name, until=until.isoformat())
    return order_of(actor.organisation_id, order_id)


@transaction.atomic(using="default")
def answer_order(order_id: UUID, *, given: Given, actor: Actor, key_name: str) -> tuple[OrderTask, bool]:
    """Keep a tool's answer and make it the task's; the task, and whether the answer came too late for that.

    *done* makes the task done; where a person must type what stops, it is kept and the task is under way until then.
    *failed* and *refused* leave a task waiting that waits: nobody knows of it yet, and its ladder goes on. Where
    somebody has accepted it, it is blocked, so that they take it. What a machine says lets nobody off a step.

    What was done is known even when it is too late to move the task: it was called off or put aside, a person has it,
    the lease had ended and another worker has the order, or it was given again. The same answer again changes nothing.

    Raises:
        Task.DoesNotExist: as `take_order`. Invalid: an answer that the plan goes on by is missing, or does not fit.
        WrongMoment: the lease was never one of this order's, or it was answered otherwise.
    """
    task = _locked(order_id, actor)
    held, lease = kept_of(task), str(given.lease)
    if given_as := of_earlier(task, order_id):
        if lease not in given_as.leases:
            raise WrongMoment(given_as.words)
        if not given_as.answered_by(lease):
            return _from_before(task, given, actor, key_name)
        if (given_as.outcome, given_as.result) == (given.outcome, given.result):
            return task, False
        raise WrongMoment("It was answered before, and not like this.")
    if held is None or (str(held.lease) != lease and lease not in held.former_leases):
        raise WrongMoment(because(task) or "Take the order first, and send the lease that you got.")
    if str(held.lease) != lease:
        return _from_before(task, given, actor, key_name)
    out_args = dict(given.out_args) if given.outcome == Outcome.DONE else {}
    if held.outcome:
        if (held.outcome, held.result) == (given.outcome, given.result) and (held.late or held.out_args == out_args):
            return task, held.late
        raise WrongMoment("It was answered before, and not like this.")
    late = task.state not in ("waiting", "taken")
    WorkOrder.objects.filter(task=task).update(
        outcome=given.outcome, result=given.result, answered_at=clock.now(), key_id=actor.key_id, key_name=key_name,
        out_args=fitting(task.asks, out_args) if late else out_args, late=late,
    )  # fmt: skip
    _record("work_order.answered", task, actor=actor, key=key_name, outcome=given.outcome, **_too(late))
    undone = given.outcome != Outcome.DONE and task.status in (Task.Status.WAITING, Task.Status.BLOCKED)
    if late or undone:
        _note(task, given.result, actor)
    else:
        _answer(task, given, actor, out_args)
    return order_of(actor.organisation_id, order_id), late


def _from_before(task: OrderTask, given: Given, actor: Actor, key_name: str) -> tuple[OrderTask, bool]:
    """The answer of a worker whose lease had ended before another took the order: a note and an event, once."""
    words = f"“{key_name}”, after its lease had ended: {given.outcome}. {given.result}".strip()
    if not TaskNote.objects.filter(task=task, text=words).exists():
        _note(task, words, actor)
        _record("work_order.answered", task, actor=actor, key=key_name, outcome=given.outcome, **_too(late=True))
    return task, True


def _too(late: bool) -> dict[str, bool]:
    return {"late": True} if late else {}


def _note(task: Task, text: str, actor: Actor) -> None:
    if text:
        TaskNote.objects.create(task=task, organisation_id=actor.organisation_id, text=text, at=clock.now())


def _answer(task: Task, given: Given, actor: Actor, out_args: Mapping[str, Any]) -> None:
    to, reason = Task.Status.BLOCKED, REASONS.get(Outcome(given.outcome), "")
    try:
        if given.outcome == Outcome.DONE:
            to = Task.Status.DONE
            if unguarded_services(task):
                read_answers(task.asks, out_args)
                to = Task.Status.IN_PROGRESS
        answer = Answer(reason=reason, note=given.result, answers=out_args)
        answer_task(task_id=task.pk, to=to, actor=actor, answer=answer)
    except Invalid as error:
        raise Invalid(
            [Fault(fault.pointer.replace("/answers", "/out_args", 1), fault.detail) for fault in error.faults]
        ) from None


def _locked(order_id: UUID, actor: Actor) -> OrderTask:
    """The order, its task locked: of two workers who ask at once, one has it."""
    task = order_of(actor.organisation_id, order_id)
    Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    return order_of(actor.organisation_id, order_id)


def _record(kind: str, task: Task, *, actor: Actor, **data: str | bool) -> None:
    record(
        kind,
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=task.pk,
        incident_id=task.incident_id,
        incident_reference=task.incident.reference,
        task=str(task.pk),
        title=task.title,
        **data,
    )
