"""/work-orders/: what an organisation's own tool takes, runs and answers. Needs a key with the scope `orders`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from incidents.api.task_forms import AnswersField
from incidents.models import Task, WorkOrder
from incidents.work_order_content import signed_order
from incidents.work_order_states import STATES, because, kept_of, orders_of, waits_for_person
from incidents.work_orders import LEASE_MINUTES, LONGEST_LEASE, Given, answer_order, take_order
from partners.acting import actor_of
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Instant, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.rendering import answer
from portal.api.root import ForEverybody
from portal.vault.own_key import published_keys

SCOPE = ("orders",)
LONGEST_RESULT = 2000
ANSWERED = [outcome.value for outcome in WorkOrder.Outcome if outcome]


class OrderListed(serializers.Serializer):
    id = serializers.UUIDField(help_text="Also that of its task.")
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


class OrderShown(OrderListed):
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


class JwkShown(serializers.Serializer):
    kty = serializers.CharField()
    crv = serializers.CharField()
    x = serializers.CharField()
    kid = serializers.CharField()
    alg = serializers.CharField()
    use = serializers.CharField()


class JwksShown(serializers.Serializer):
    keys = JwkShown(many=True)


def order_listed(task: Task) -> dict[str, Any]:
    kept = kept_of(task)
    return {
        "id": task.pk,
        "exercise": task.incident.exercise,
        "incident": task.incident.reference,
        "title": task.title,
        "playbook": task.step.playbook.cacao_id,
        "version": task.step.playbook.version,
        "step": task.step.cacao_step_id,
        "state": task.state,  # type: ignore[attr-defined]
        "because": because(task),
        "ready_at": task.ready_at,  # type: ignore[attr-defined]
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


class WorkOrders(Endpoint):
    scopes = {"get": SCOPE}
    queries = {"get": OrderQuery}
    narrow = True

    @extend_schema(
        summary="One's own work orders, the first that was ready first", responses=page_of_shape(OrderListed),
        parameters=[OrderQuery],
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        rows = orders_of(self.visitor.organisation_id)
        if "state" in self.asked:
            rows = rows.filter(Q(state=self.asked["state"]))
        if "since" in self.asked:
            rows = rows.filter(Q(ready_at__gte=self.asked["since"]))
        return answer(page_of(request, rows, by=("ready_at", "id"), asked=self.asked).shown(order_listed))


class OneWorkOrder(Endpoint):
    scopes = {"get": SCOPE}
    narrow = True

    @extend_schema(summary="One work order, and what it says while it is waiting", responses=OrderShown)
    def get(self, request: Request, order_id: UUID) -> HttpResponse:
        task = orders_of(self.visitor.organisation_id).get(pk=order_id)
        order = signed_order(task) if task.state == "waiting" else None  # type: ignore[attr-defined]
        return answer({**order_listed(task), "order": order})


class TakeWorkOrder(Endpoint):
    scopes = {"post": SCOPE}
    takes_idempotency_key = False  # by then another may hold the order: the lease makes it safe to repeat
    narrow = True

    @extend_schema(
        summary="Keep it for one worker of the tool, for so many minutes; with the lease, for longer",
        request=TakeForm, responses={200: OrderTaken},
    )  # fmt: skip
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        said = body_of(request, TakeForm)
        task = take_order(
            order_id, actor=actor_of(self.visitor), key_name=self.visitor.name, lease=said.get("lease"),
            minutes=said.get("minutes", LEASE_MINUTES),
        )  # fmt: skip
        kept = kept_of(task)
        assert kept is not None
        signed = signed_order(task, until=kept.lease_until)
        return answer({**order_listed(task), "order": signed, "lease": kept.lease})


class AnswerWorkOrder(Endpoint):
    scopes = {"post": SCOPE}
    narrow = True

    @extend_schema(
        summary="What came of it. It becomes the task's answer; the same again changes nothing",
        request=OrderAnswerForm, responses={200: OrderListed},
    )  # fmt: skip
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        said = body_of(request, OrderAnswerForm)
        given = Given(said["lease"], said["outcome"], said.get("result", ""), said.get("out_args", {}))
        task, late = answer_order(order_id, given=given, actor=actor_of(self.visitor), key_name=self.visitor.name)
        return answer({**order_listed(task), "late": late})


class WorkOrderKeys(ForEverybody):
    @extend_schema(summary="The public keys that work orders are signed with (RFC 7517)", responses=JwksShown)
    def get(self, request: Request) -> HttpResponse:
        return answer({"keys": published_keys()})
