"""Giving an organisation's own tool an order again: what it refused, could not do, or did not answer in time.

The new order has an id of its own and names the earlier one, so that a tool which keeps a journal of what it has done
takes it for what it is. What had become of the earlier order stays in the history (`OrderAgain`).
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from incidents.errors import Fault, Invalid, WrongMoment
from incidents.models import OrderAgain, Task
from incidents.work_order_states import OrderTask, kept_of, order_of, why_not_again
from partners import approvals
from portal.ledger.record import Actor, Entry, record_many

LONGEST_WHY = 600


@transaction.atomic(using="default")
def give_again(order_id: UUID, *, why: str, actor: Actor, name: str) -> OrderTask:
    """Give an order to the tool again; the task with the new `order_id`. `name`: of the person or key that does it.

    The same again by the same one, while no tool has taken the new order, changes nothing. Records
    `work_order.given_again` and, for the tool, `work_order.ready`, both for the own organisation alone.

    Raises:
        Task.DoesNotExist: no order of the own organisation. Invalid: no reason. WrongMoment: it was given again, is
        done, is a person's or held by a tool, or the incident is over.
    """
    why = why.strip()
    if not 0 < len(why) <= LONGEST_WHY or "\0" in why:
        raise Invalid([Fault("/because", f"Say why the tool is to try again, in at most {LONGEST_WHY} characters.")])
    task = order_of(actor.organisation_id, order_id)
    Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    task = order_of(actor.organisation_id, order_id)
    if made := of_earlier(task, order_id):
        mine = made.given_by_id == (actor.person_id or actor.key_id) and made.because == why
        if mine and made.pk == task.order_id and kept_of(task) is None:
            return task
        raise WrongMoment(made.words)
    if refused := why_not_again(task, kept_of(task)):
        raise WrongMoment(refused)
    try:
        approvals.call("SELECT sec.give_order_again(%s, %s, %s, %s)", [task.pk, order_id, why, name[:200]])
    except approvals.NotAllowed as refused_by_rule:
        raise WrongMoment(str(refused_by_rule)) from refused_by_rule
    task = order_of(actor.organisation_id, order_id)
    _tell(task, order_id, why=why, actor=actor, name=name)
    return task


def of_earlier(task: OrderTask, order_id: UUID) -> OrderAgain | None:
    """What an order that is not the task's any more was given again as; None for the one that is."""
    if task.order_id == order_id:
        return None
    return OrderAgain.objects.get(task=task, earlier_id=order_id)


def history_of(task: Task) -> list[OrderAgain]:
    """Each time that the task's order was given again, the first one first. One query."""
    return list(OrderAgain.objects.filter(task=task).order_by("nth"))


def _tell(task: OrderTask, earlier: UUID, *, why: str, actor: Actor, name: str) -> None:
    order = str(task.order_id)
    given = {"task": str(task.pk), "title": task.title, "by": name, "because": why, "order": order}
    finish_by = task.finish_by.isoformat() if task.finish_by else None
    ready = {"id": order, "title": task.title, "finish_by": finish_by}
    own = [actor.organisation_id]
    record_many(
        [
            Entry("work_order.given_again", own, task.pk, {**given, "earlier": str(earlier)}),
            Entry("work_order.ready", own, None, {"exercise": task.incident.exercise, "orders": [ready]}),
        ],
        actor=actor,
        incident_id=task.incident_id,
        incident_reference=task.incident.reference,
    )
