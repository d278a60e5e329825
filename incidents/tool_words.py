"""What a task's page says of the organisation's own tool: its work order, who took it, what came of it. For its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, OrderAgain, Task, WorkOrder
from incidents.running.answering import fitting
from incidents.work_order_states import waits_for_person, why_not_again
from incidents.work_orders_again import history_of
from portal import clock
from portal.pages import local_time


def tool_words(task: Task, *, own: bool, may: bool = False) -> dict[str, Any] | None:
    """What the page says of the tool; None where there is nothing to say. At most two queries.

    `{"words": sentences, "result": what the tool wrote, "again": how to give it the order again or None, as
    `_answer.html` wants it, "earlier": list of {"at", "who", "words", "result"}}`. `may`: the reader may answer.
    """
    if not own or not task.step.instructions:
        return None
    order = WorkOrder.objects.filter(task=task).first()
    given = history_of(task)
    said: dict[str, Any] = {"again": None, "earlier": [_earlier(each) for each in given]}
    over = task.status in Task.SETTLED or task.incident.status == Incident.Status.CLOSED
    if order is None:
        if over and not given:
            return None
        return {"words": [] if over else [_waiting(task)], "result": "", **said}
    about = {"key": order.key_name, "at": local_time(order.taken_at), "until": local_time(order.lease_until)}
    words = [_("“%(key)s” took the work order at %(at)s.") % about]
    if order.outcome:
        words.append(_said(order) % {"at": local_time(order.answered_at)})
        task.work_order = order  # what was read is not read again
        if order.late:
            words.append(_("That came too late to move the task."))
        if waits_for_person(task):
            words.append(_("The step stops a service: say yourself that it is done, with the name of the service."))
    elif not over and order.lease_until > clock.now():
        words.append(_("It has until %(until)s to answer.") % about)
    elif not over:
        words.append(_("It has not answered in time, so the work order is waiting again."))
    if may and not why_not_again(task, order):
        said["again"] = _again(task, given[-1].pk if given else task.pk)
    return {"words": words, "result": order.result, **said}


def answered_by_tool(task: Task, *, own: bool) -> dict[str, str]:
    """What the tool answered to what the step asks, for the form in which a person says that it is done."""
    if not own or not task.step.instructions or not task.step.answers:
        return {}
    said = WorkOrder.objects.filter(task=task, outcome=WorkOrder.Outcome.DONE).values_list("out_args", flat=True)
    return {name: value for answers in said for name, value in fitting(task.step.answers, answers).items()}


def _again(task: Task, order_id: UUID) -> dict[str, Any]:
    """The form that gives it again: it names the order, so that pressed twice it is given once."""
    return {
        "key": "order-again",
        "words": _("Give it to the tool again"),
        "url": reverse("task-order-again", args=[task.pk]),
        "primary": False,
        "reason": "required",
        "reason_label": _("What has changed, so that it can do it now?"),
        "extra": {"order": str(order_id)},
        "asked": [],
    }


def _earlier(given: OrderAgain) -> dict[str, Any]:
    was = {
        "failed": _("“%(key)s” could not do it"),
        "refused": _("“%(key)s” does not run this"),
        "expired": _("“%(key)s” did not answer in time"),
    }[given.outcome] % {"key": given.key_name}
    words = _("%(was)s, and was given it again: “%(why)s”") % {"was": was, "why": given.because}
    return {"at": given.given_at, "who": given.given_by, "words": words, "result": given.result}


def _waiting(task: Task) -> str:
    if task.incident.suspended_at is not None:
        return _("The exercise is put aside: your own tool gets no work order.")
    if not task.ready:
        return _("Once the step is ready, a work order waits here for your own tool.")
    return _("A work order is waiting: your own tool can take it.")


def _said(order: WorkOrder) -> str:
    return {
        "done": _("At %(at)s it answered: done."),
        "failed": _("At %(at)s it answered: it could not do it. A person takes it."),
        "refused": _("At %(at)s it answered: it does not run this. A person takes it."),
    }[order.outcome]
