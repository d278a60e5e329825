"""Which work orders there are, how each one stands, and why it is to be had no more: read from tasks and steps."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Case, DateTimeField, DurationField, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.fields import TextField

from incidents.models import Incident, Task, WorkOrder
from portal import clock

STATES = ("waiting", "taken", "answered", "with_person", "settled", "cancelled", "suspended")
# Somebody is at it, or has said why it cannot be done: no tool runs it beside them.
WITH_PERSON = (Task.Status.IN_PROGRESS, Task.Status.BLOCKED)


def orders_of(organisation_id: UUID) -> QuerySet[Task]:
    """Ready tasks of one's own whose step has a command that is not manual, each with `state`, `ready_at`, and what the
    tool made of it (`work_order`, if any). In no order."""
    now = clock.now()
    minutes = ExpressionWrapper(
        F("step__acknowledge_minutes") * Value(timedelta(minutes=1)), output_field=DurationField()
    )
    state = Case(
        When(~Q(work_order__outcome="") & Q(work_order__isnull=False), then=Value("answered")),
        When(Q(status="cancelled") | Q(incident__status=Incident.Status.CLOSED), then=Value("cancelled")),
        When(status__in=Task.SETTLED, then=Value("settled")),
        When(incident__suspended_at__isnull=False, then=Value("suspended")),
        When(status__in=WITH_PERSON, then=Value("with_person")),
        When(work_order__lease_until__gt=now, then=Value("taken")),
        default=Value("waiting"),
        output_field=TextField(),
    )
    mine = Task.objects.filter(organisation_id=organisation_id, ready=True, acknowledge_by__isnull=False)
    return (
        mine.exclude(step__instructions=[])
        .order_by()
        .annotate(
            state=state,
            ready_at=ExpressionWrapper(F("acknowledge_by") - minutes, output_field=DateTimeField()),
        )
        .select_related("incident", "organisation", "step__playbook", "work_order")
        .defer("step__playbook__document")
    )


def because(task: Task) -> str:
    """Why an order of `orders_of` is to be had no more, or not now; '' while it waits."""
    order, state = kept_of(task), task.state  # type: ignore[attr-defined]
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


def kept_of(task: Task) -> WorkOrder | None:
    return getattr(task, "work_order", None)


def waits_for_person(task: Task) -> bool:
    """Whether the tool said that it is done and a person has still to say so, with the name of what stops."""
    order = kept_of(task)
    if order is None or order.late:
        return False
    return order.outcome == WorkOrder.Outcome.DONE and task.status == Task.Status.IN_PROGRESS
