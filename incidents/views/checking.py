"""The page of steps that were done a day ago and wait for somebody outside to check them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.models import Standing
from incidents.unchecked import unchecked_of
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_open, signed_in
from portal import clock


@require_safe
@signed_in
def unchecked(request: HttpRequest, reference: str) -> HttpResponse:
    """For the lead, and for the deputy lead of the lead's own steps; to everybody else it is empty."""
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    names = dict(Standing.objects.filter(incident=incident).values_list("organisation_id", "name"))
    context = {
        "incident": header(incident),
        "unchecked": unchecked_of(incident, me=visitor.organisation_id, names=names, now=clock.now()),
        "may_check": may_open(visitor),
        "here": request.path,
    }
    return render(request, "incidents/unchecked.html", context)
