"""Which work orders there are, how each one stands, and why it is to be had no more: read from tasks and steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields import TextField
from django.db.models.functions import Coalesce

from incidents.models import Incident, OrderAgain, Task, WorkOrder
from portal import clock

if TYPE_CHECKING:

    class OrderTask(Task):
        """A task as `orders_of` reads it."""

        order_id: UUID
        state: str
        ready_at: datetime

        class Meta:
            proxy = True

else:
    OrderTask = Task

STATES = ("waiting", "taken", "answered", "with_person", "settled", "cancelled", "suspended", "superseded")


def orders_of(organisation_id: UUID) -> QuerySet[OrderTask]:
    """Ready tasks of one's own whose step has a command that is not manual, each with `order_id`, `state`,
    `ready_at`, and what the tool made of it (`work_order`, if any). In no order.

    An order has its task's id until it is given again: then that of the newest (`OrderAgain`).
    """
    now = clock.now()
    newest = OrderAgain.objects.filter(task=OuterRef("pk")).order_by("-nth")
    # Somebody is at it, or has said why it cannot be done: no tool runs it beside them, unless it was given to the tool
    # again after that.
    since = Coalesce(Subquery(newest.values("task_version")[:1]), Value(0))
    minutes = ExpressionWrapper(
        F("step__acknowledge_minutes") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    state = Case(
        When(~Q(work_order__outcome="") & Q(work_order__isnull=False), then=Value("answered")),
        When(Q(status="cancelled") | Q(incident__status=Incident.Status.CLOSED), then=Value("cancelled")),
        When(status__in=Task.SETTLED, then=Value("settled")),
        When(incident__suspended_at__isnull=False, then=Value("suspended")),
        When(status=Task.Status.IN_PROGRESS, then=Value("with_person")),
        When(Q(status=Task.Status.BLOCKED) & ~Q(since=F("version")), then=Value("with_person")),
        When(work_order__lease_until__gt=now, then=Value("taken")),
        default=Value("waiting"),
        output_field=TextField(),
    )
    mine = Task.objects.filter(organisation_id=organisation_id, ready=True, acknowledge_by__isnull=False)
    found = (
        mine.exclude(step__instructions=[])
        .order_by()
        .annotate(since=since, order_id=Coalesce(Subquery(newest.values("pk")[:1]), F("pk")))
        .annotate(
            state=state,
            ready_at=ExpressionWrapper(F("acknowledge_by") - minutes, output_field=DateTimeField()),
        )
        .select_related("incident", "organisation", "step__playbook", "work_order")
        .defer("step__playbook__document")
    )
    return cast("QuerySet[OrderTask]", found)


def order_of(organisation_id: UUID, order_id: UUID) -> OrderTask:
    """The task whose order this is, or was before it was given again: then `order_id` is another.

    Raises:
        Task.DoesNotExist: no order of the own organisation.
    """
    again = OrderAgain.objects.filter(pk=order_id).values("task")
    return orders_of(organisation_id).get(Q(pk=order_id) | Q(pk__in=again))


def because(task: OrderTask) -> str:
    """Why an order of `orders_of` is to be had no more, or not now; '' while it waits."""
    order, state = kept_of(task), task.state
    if state == "taken" and order:
        return f"“{order.key_name}” has taken it until {order.lease_until:%Y-%m-%dT%H:%M:%SZ}."
    if state == "answered" and order:
        more = " A person still types the name of a service that stops." if waits_for_person(task) else ""
        if order.late:
            more = " It came too late to move the task."
        return f"“{order.key_name}” has answered it.{more}"
    if state == "with_person":
        return f"A person has it: the task is “{dict(Task.Status.choices)[task.status]}”."
    if state == "cancelled":
        if task.incident.status == Incident.Status.CLOSED:
            return "The incident is closed."
        return "You are exempt from this step." if task.exempt_because else "The step was called off."
    if state == "settled":
        return f"The task was answered without it: {dict(Task.Status.choices)[task.status]}."
    return "The exercise is put aside: do nothing more in it." if state == "suspended" else ""


def why_not_again(task: Task, order: WorkOrder | None) -> str:
    """Why a task's order cannot be given to the tool again; '' when it can. `task` with its incident."""
    incident = task.incident
    if order is None:
        return "No tool has taken it yet."
    if order.outcome == WorkOrder.Outcome.DONE:
        return "The tool has said that it is done."
    if incident.status == Incident.Status.CLOSED:
        return "The incident is closed."
    if incident.suspended_at is not None:
        return "The exercise is put aside: do nothing more in it."
    if task.status in Task.SETTLED or task.status == Task.Status.IN_PROGRESS:
        return f"The task is “{dict(Task.Status.choices)[task.status]}”."
    if not order.outcome and order.lease_until > clock.now():
        return f"“{order.key_name}” has taken it until {order.lease_until:%Y-%m-%dT%H:%M:%SZ}."
    return ""


def kept_of(task: Task) -> WorkOrder | None:
    return getattr(task, "work_order", None)


def waits_for_person(task: Task) -> bool:
    """Whether the tool said that it is done and a person has still to say so, with the name of what stops."""
    order = kept_of(task)
    if order is None or order.late:
        return False
    return order.outcome == WorkOrder.Outcome.DONE and task.status == Task.Status.IN_PROGRESS
