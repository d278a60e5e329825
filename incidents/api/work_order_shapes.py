"""What the API says of work orders, and what callers send with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from incidents.api.shapes import NULL
from incidents.api.task_forms import AnswersField
from incidents.models import OrderAgain, Task, WorkOrder
from incidents.work_order_states import STATES, OrderTask, because, kept_of, waits_for_person
from incidents.work_orders import LEASE_MINUTES, LONGEST_LEASE
from incidents.work_orders_again import LONGEST_WHY, history_of, of_earlier
from portal.api.fields import OPTIONAL, Instant, PageQuery, Strict, Text, Whole

LONGEST_RESULT = 2000
ANSWERED = [outcome.value for outcome in WorkOrder.Outcome if outcome]


class OrderListed(serializers.Serializer):
    id = serializers.UUIDField(help_text="That of its task, until it is given again: then one of its own.")
    task = serializers.UUIDField()
    exercise = serializers.BooleanField()
    incident = serializers.CharField()
    title = serializers.CharField()
    playbook = serializers.CharField(help_text="The id of the document, as in the order.")
    version = serializers.CharField(help_text="Of the playbook.")
    step = serializers.CharField(help_text="Its id in the playbook.")
    state = serializers.ChoiceField(STATES, help_text="Only one that is waiting can be taken.")
    because = serializers.CharField(help_text="Why it is to be had no more, or not now; empty while it waits.")
    ready_at = serializers.DateTimeField()
    acknowledge_by = serializers.DateTimeField()
    finish_by = serializers.DateTimeField(**NULL)
    task_status = serializers.ChoiceField(Task.Status.values)
    taken_at = serializers.DateTimeField(**NULL)
    taken_by = serializers.CharField(help_text="The name of the key.", **NULL)
    lease_until = serializers.DateTimeField(**NULL)
    outcome = serializers.ChoiceField(ANSWERED, **NULL)
    answered_at = serializers.DateTimeField(**NULL)
    late = serializers.BooleanField(help_text="The answer came too late to move the task: it is kept, and that is all.")
    waits_for_person = serializers.BooleanField(
        help_text="Answered as done; a person still types the name of a service that stops, and the task waits for it."
    )


class EarlierOrder(serializers.Serializer):
    id = serializers.UUIDField()
    outcome = serializers.ChoiceField(OrderAgain.Outcome.values)
    taken_at = serializers.DateTimeField()
    taken_by = serializers.CharField()
    answered_at = serializers.DateTimeField(**NULL)
    given_again_as = serializers.UUIDField()
    given_at = serializers.DateTimeField()
    given_by = serializers.CharField(help_text="The person or the key.")
    because = serializers.CharField()


class OrderShown(OrderListed):
    history = EarlierOrder(many=True, help_text="The orders before this one, the first one first.")
    superseded_by = serializers.UUIDField(help_text="What it was given again as.", **NULL)
    order = serializers.CharField(
        help_text="What is to be done: a signed text (JWS compact, EdDSA). Null unless it is waiting.", **NULL
    )


class OrderTaken(OrderListed):
    order = serializers.CharField(help_text="What is to be done, signed; good as long as the lease.")
    lease = serializers.UUIDField(help_text="Send it with the answer, or to hold the order longer.")


class OrderQuery(PageQuery):
    state = serializers.ChoiceField(STATES, required=False)
    since = Instant(required=False, help_text="Only those that became ready at that time or later.")


class TakeForm(Strict):
    minutes = Whole(min_value=1, max_value=LONGEST_LEASE, help_text=f"Default: {LEASE_MINUTES}.", **OPTIONAL)
    lease = serializers.UUIDField(
        help_text="One that you make yourself. The same again, while nobody else has taken the order, holds it longer.",
        **OPTIONAL,
    )


class OrderAnswerForm(Strict):
    """The result stays with your organisation, and so do the answers but for those that the plan goes on by."""

    lease = serializers.UUIDField()
    outcome = serializers.ChoiceField(ANSWERED)
    result = Text(max_length=LONGEST_RESULT, allow_blank=True, **OPTIONAL)
    out_args = AnswersField(**OPTIONAL)


class AgainForm(Strict):
    because = Text(max_length=LONGEST_WHY, help_text="Why the tool is to try again. Stays with your organisation.")


class JwkShown(serializers.Serializer):
    kty = serializers.CharField()
    crv = serializers.CharField()
    x = serializers.CharField()
    kid = serializers.CharField()
    alg = serializers.CharField()
    use = serializers.CharField()


class JwksShown(serializers.Serializer):
    keys = JwkShown(many=True)


def order_listed(task: OrderTask) -> dict[str, Any]:
    kept = kept_of(task)
    return {
        "id": task.order_id,
        "task": task.pk,
        "exercise": task.incident.exercise,
        "incident": task.incident.reference,
        "title": task.title,
        "playbook": task.step.playbook.cacao_id,
        "version": task.step.playbook.version,
        "step": task.step.cacao_step_id,
        "state": task.state,
        "because": because(task),
        "ready_at": task.ready_at,
        "acknowledge_by": task.acknowledge_by,
        "finish_by": task.finish_by,
        "task_status": task.status,
        "taken_at": kept.taken_at if kept else None,
        "taken_by": kept.key_name if kept else None,
        "lease_until": kept.lease_until if kept else None,
        "outcome": (kept.outcome or None) if kept else None,
        "answered_at": kept.answered_at if kept else None,
        "late": bool(kept and kept.late),
        "waits_for_person": waits_for_person(task),
    }


def order_shown(task: OrderTask, order_id: UUID, *, order: str | None) -> dict[str, Any]:
    """One order with its history; one that was given again as it was then. One or two queries more."""
    shown = {
        **order_listed(task),
        "order": order,
        "superseded_by": None,
        "history": [_earlier(each) for each in history_of(task)],
    }
    given = of_earlier(task, order_id)
    if given is None:
        return shown
    return {
        **shown,
        "id": order_id,
        "state": "superseded",
        "because": given.words,
        "superseded_by": given.pk,
        "taken_at": given.taken_at,
        "taken_by": given.key_name,
        "lease_until": None,
        "outcome": None if given.outcome == OrderAgain.Outcome.EXPIRED else given.outcome,
        "answered_at": given.answered_at,
        "late": False,
        "waits_for_person": False,
        "order": None,
    }


def _earlier(given: OrderAgain) -> dict[str, Any]:
    return {
        "id": given.earlier_id,
        "outcome": given.outcome,
        "taken_at": given.taken_at,
        "taken_by": given.key_name,
        "answered_at": given.answered_at,
        "given_again_as": given.pk,
        "given_at": given.given_at,
        "given_by": given.given_by,
        "because": given.because,
    }
