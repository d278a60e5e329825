"""What the lead presses on an organisation's row of the board."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.models import Incident, Participant
from incidents.views.finding import incident_or_404
from notifications import nudging
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed


@require_POST
@signed_in(may=may_open)
def nudge(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    said = _("The open message goes to %(name)s again, within seconds.")
    return _press(request, reference, slug, lambda incident: nudging.nudge(incident, slug=slug), said)


@require_POST
@signed_in(may=may_open)
def next_contact(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    said = _("The next contact of %(name)s is called now.")
    return _press(request, reference, slug, lambda incident: nudging.next_contact(incident, slug=slug), said)


def _press(request: HttpRequest, reference: str, slug: str, act: Callable[[Incident], None], said: str) -> HttpResponse:
    """Back to the board with what was done, or why not; for whoever does not lead there is no such press."""
    incident = incident_or_404(reference)
    side = Participant.objects.filter(incident=incident, slug=slug).values("name").first()
    if side is None or incident.lead_id != request.visitor.organisation_id:  # type: ignore[attr-defined]
        raise Http404
    try:
        act(incident)
    except NotAllowed as refused:
        messages.error(request, _("Not done. %(why)s") % {"why": refused})
    else:
        messages.success(request, said % side)
    return redirect("incident-board", reference=incident.reference)
