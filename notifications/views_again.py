"""Driving a dead message again: by a person of its organisation, and the record says by whom."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from notifications.deliveries import Held
from notifications.kinds import DELIVER
from notifications.models import Delivery
from notifications.outcome import note_sent_again
from notifications.wake import wake
from partners import approvals
from partners.acting import actor_of, may_answer, signed_in
from partners.approvals import NotAllowed
from portal.pages import refuse


@require_POST
@signed_in
def send_again(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    """Put a dead message of one's own back, as good as new. The database decides whether it may be."""
    visitor = request.visitor  # type: ignore[attr-defined]
    names = ("id", "organisation_id", "incident_id", "attempts", "message", "way")
    found = Delivery.objects.filter(pk=delivery_id, organisation_id=visitor.organisation_id).values(*names).first()
    if found is None or not may_answer(visitor):
        return refuse(request, 404)
    try:
        done = approvals.call("SELECT sec.send_again(%s)", [delivery_id])
    except NotAllowed:
        return refuse(request, 404)
    if done:
        held = Held(**found, address="", reference="", exercise=False, code="", usable=True)
        note_sent_again(held, actor_of(visitor))
        wake(DELIVER)
        messages.success(request, _("It is sent again within seconds."))
    else:
        messages.error(request, _("It was sent again already, or what it tells of is over."))
    return redirect("delivery-list")
