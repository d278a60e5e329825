"""How far a breach of one system would reach, without an incident: the same walk, read and recorded as a what-if."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.blast_radius import blast_radius
from incidents.frozen import frozen
from incidents.picture import picture_of
from incidents.reach import radius_page
from incidents.register import walkable_estate
from partners.acting import may_open, signed_in
from partners.models import SharedSystem
from portal import clock


@require_safe
@signed_in(may=may_open)
def what_if(request: HttpRequest, slug: str) -> HttpResponse:
    """Only from a system that the organisation stands on, owns or provides; recorded for every organisation shown."""
    system = SharedSystem.objects.filter(slug=slug).first()
    if system is None:
        raise Http404
    estate = walkable_estate({system.pk: system}, reason="what-if")
    document = frozen(estate, blast_radius(estate, on=clock.now().date(), starts=[system.pk]))
    context = {
        "incident": None,
        "system": system,
        "radius": radius_page(document, incident=None),
        "moved": None,
        "picture": picture_of(document),
        "picture_href": "",
    }
    return render(request, "incidents/radius.html", context)
