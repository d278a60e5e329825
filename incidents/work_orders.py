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
from incidents.models import Task, WorkOrder
from incidents.running.answering import read_answers
from incidents.stop_confirmation import unguarded_services
from incidents.transitions import Answer, answer_task
from incidents.work_order_states import because, kept_of, orders_of
from portal import clock
from portal.ledger.record import Actor, record

Outcome = WorkOrder.Outcome
LEASE_MINUTES, LONGEST_LEASE = 15, 240
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
    task_id: UUID, *, actor: Actor, key_name: str, minutes: int = LEASE_MINUTES, lease: UUID | None = None
) -> Task:
    """Keep an order for one worker of a tool, for so many minutes; the task with its `work_order`.

    With the `lease` that is held it is held longer. When the lease ends, whoever asks next gets the order.

    Raises:
        Task.DoesNotExist: no order of the own organisation. WrongMoment: it is not to be had, or not now.
    """
    task = _locked(task_id, actor)
    held, now = kept_of(task), clock.now()
    again = held is not None and not held.outcome and held.lease == lease
    if task.state not in ("waiting", "taken") or (task.state == "taken" and not again):  # type: ignore[attr-defined]
        raise WrongMoment(because(task))
    until = now + timedelta(minutes=minutes)
    if again:
        WorkOrder.objects.filter(task=task).update(lease_until=until)
        return orders_of(actor.organisation_id).get(pk=task_id)
    new = {"lease": uuid4(), "lease_until": until, "taken_at": now, "key_id": actor.key_id, "key_name": key_name}
    if held is None:
        WorkOrder.objects.create(task=task, organisation_id=actor.organisation_id, **new)
    else:
        WorkOrder.objects.filter(task=task).update(**new)
    _record("work_order.taken", task, actor=actor, key=key_name, until=until.isoformat())
    return orders_of(actor.organisation_id).get(pk=task_id)


@transaction.atomic(using="default")
def answer_order(task_id: UUID, *, given: Given, actor: Actor, key_name: str) -> Task:
    """Keep a tool's answer and make it the task's. The same answer again changes nothing.

    *done* makes the task done; where a person must type what stops, it is kept and the task is under way until then.
    *failed* and *refused* block the task, so that a person takes it: what a machine says lets nobody off a step.

    Raises:
        Task.DoesNotExist: as `take_order`. Invalid: an answer that the plan goes on by is missing, or does not fit.
        WrongMoment: it is not to be had any more, was answered otherwise, or another worker holds it.
    """
    task = _locked(task_id, actor)
    held = kept_of(task)
    if held is not None and held.outcome:
        if (held.lease, held.outcome, held.result) == (given.lease, given.outcome, given.result) and (
            held.out_args == dict(given.out_args)
        ):
            return task
        raise WrongMoment("It was answered before, and not like this.")
    if task.state not in ("waiting", "taken"):  # type: ignore[attr-defined]
        raise WrongMoment(because(task))
    if held is None:
        raise WrongMoment("Take the order first, and send the lease that you got.")
    if held.lease != given.lease:
        raise WrongMoment(f"Your lease has ended, and “{held.key_name}” has taken the order since.")
    WorkOrder.objects.filter(task=task).update(
        outcome=given.outcome, result=given.result, out_args=dict(given.out_args), answered_at=clock.now(),
        key_id=actor.key_id, key_name=key_name,
    )  # fmt: skip
    _record("work_order.answered", task, actor=actor, key=key_name, outcome=given.outcome)
    _answer(task, given, actor)
    return orders_of(actor.organisation_id).get(pk=task_id)


def _answer(task: Task, given: Given, actor: Actor) -> None:
    to, reason = Task.Status.BLOCKED, REASONS.get(Outcome(given.outcome), "")
    try:
        if given.outcome == Outcome.DONE:
            to = Task.Status.DONE
            if unguarded_services(task):
                read_answers(task.step.answers, given.out_args)
                to = Task.Status.IN_PROGRESS
        answer = Answer(reason=reason, note=given.result, answers=dict(given.out_args))
        answer_task(task_id=task.pk, to=to, actor=actor, answer=answer)
    except Invalid as error:
        raise Invalid(
            [Fault(fault.pointer.replace("/answers", "/out_args", 1), fault.detail) for fault in error.faults]
        ) from None


def _locked(task_id: UUID, actor: Actor) -> Task:
    """The order, its task locked: of two workers who ask at once, one has it."""
    Task.objects.select_for_update(of=("self",)).filter(organisation_id=actor.organisation_id).get(pk=task_id)
    return orders_of(actor.organisation_id).get(pk=task_id)


def _record(kind: str, task: Task, *, actor: Actor, **data: str) -> None:
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
