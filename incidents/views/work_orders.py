"""A work order given to the organisation's own tool again, from its task's page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from incidents.errors import Fault, Invalid
from incidents.models import Task
from incidents.views.tasks import answered
from incidents.work_orders_again import give_again
from partners.acting import actor_of, may_answer


def _order_again(request: HttpRequest, task_id: UUID) -> Task:
    """The order that the form names: sent twice, it is given once."""
    visitor = request.visitor  # type: ignore[attr-defined]
    task = Task.objects.get(pk=task_id, organisation_id=visitor.organisation_id)
    try:
        order_id = UUID(request.POST.get("order", ""))
    except ValueError:
        raise Invalid([Fault("/order", "Say which order.")]) from None
    if order_id != task.pk and not task.orders_again.filter(pk=order_id).exists():
        raise Task.DoesNotExist
    return give_again(order_id, why=request.POST.get("reason", ""), actor=actor_of(visitor), name=visitor.name)


order_again = answered(_order_again, may=may_answer)
