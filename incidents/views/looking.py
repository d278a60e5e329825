"""A person of the lead says that they have looked at an incident that a tool opened."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.openers import look_at
from incidents.views.finding import incident_or_404
from partners.acting import actor_of, may_open, signed_in


@require_POST
@signed_in(may=may_open)
def looked(request: HttpRequest, reference: str) -> HttpResponse:
    """No passkey is asked for: it lets nobody see or reach anything more, and the message names the tool until then."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    if incident.lead_id != visitor.organisation_id:
        raise Http404
    if look_at(incident_id=incident.pk, actor=actor_of(visitor)):
        messages.success(request, _("From now on no message says that a tool alone has opened it."))
    return redirect("incident-board", reference=reference)
