"""/work-orders/: what an organisation's own tool takes, runs and answers. Needs a key with the scope `orders`."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from incidents.api.work_order_shapes import (
    AgainForm,
    JwksShown,
    OrderAnswerForm,
    OrderListed,
    OrderQuery,
    OrderShown,
    OrderTaken,
    TakeForm,
    order_listed,
    order_shown,
)
from incidents.work_order_content import signed_order
from incidents.work_order_states import kept_of, order_of, orders_of
from incidents.work_orders import LEASE_MINUTES, Given, answer_order, take_order
from incidents.work_orders_again import give_again
from partners.acting import actor_of
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.paging import page_of
from portal.api.rendering import answer
from portal.api.root import ForEverybody
from portal.vault.own_key import published_keys

SCOPE = ("orders",)


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
        task = order_of(self.visitor.organisation_id, order_id)
        waits = (task.order_id, task.state) == (order_id, "waiting")
        return answer(order_shown(task, order_id, order=signed_order(task) if waits else None))


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
        request=OrderAnswerForm, responses={200: OrderShown},
    )  # fmt: skip
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        said = body_of(request, OrderAnswerForm)
        given = Given(said["lease"], said["outcome"], said.get("result", ""), said.get("out_args", {}))
        task, late = answer_order(order_id, given=given, actor=actor_of(self.visitor), key_name=self.visitor.name)
        return answer({**order_shown(task, order_id, order=None), "late": late})


class GiveAgain(Endpoint):
    scopes = {"post": ("answer",)}  # whoever answers for the organisation; no tool gives itself an order
    narrow = True

    @extend_schema(
        summary="Give what was refused, failed or not answered in time to one's own tool again, as a new order",
        request=AgainForm, responses={200: OrderShown},
    )  # fmt: skip
    def post(self, request: Request, order_id: UUID) -> HttpResponse:
        said = body_of(request, AgainForm)
        actor = actor_of(self.visitor)
        task = give_again(order_id, why=said["because"], actor=actor, name=self.visitor.name)
        return answer(order_shown(task, task.order_id, order=None))


class WorkOrderKeys(ForEverybody):
    @extend_schema(summary="The public keys that work orders are signed with (RFC 7517)", responses=JwksShown)
    def get(self, request: Request) -> HttpResponse:
        return answer({"keys": published_keys()})
