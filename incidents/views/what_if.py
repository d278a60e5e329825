"""How far a breach of one system would reach, without an incident: the same walk, read and recorded as a what-if."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.blast_radius import blast_radius
from incidents.frozen import frozen
from incidents.picture_page import as_file, with_picture
from incidents.reach import radius_page
from incidents.register import walkable_estate
from partners.acting import may_open, signed_in
from partners.models import SharedSystem
from portal import clock


@require_safe
@signed_in(may=may_open)
def what_if(request: HttpRequest, slug: str) -> HttpResponse:
    """Only from a system that the organisation stands on, owns or provides; recorded for every organisation shown."""
    system, document = _walked(slug)
    context = {
        "incident": None,
        "system": system,
        "moved": None,
        **with_picture(
            document,
            request.GET,
            radius_page(document, incident=None),
            picture_href=reverse("system-how-far-picture", args=[system.slug]),
        ),
    }
    return render(request, "incidents/radius.html", context)


@require_safe
@signed_in(may=may_open)
def what_if_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture as it is shown, as a file of its own. It is walked anew, and recorded as the page is."""
    system, document = _walked(slug)
    title = _("What if %(name)s is attacked?") % {"name": system.name}
    return as_file(document, request.GET, title=title, name=f"{system.slug}-how-far.svg")


def _walked(slug: str) -> tuple[SharedSystem, dict[str, Any]]:
    system = SharedSystem.objects.filter(slug=slug).first()
    if system is None:
        raise Http404
    estate = walkable_estate({system.pk: system}, reason="what-if")
    return system, frozen(estate, blast_radius(estate, on=clock.now().date(), starts=[system.pk]))
