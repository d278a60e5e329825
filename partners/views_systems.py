"""The pages of the shared systems: which one sees, and one of them."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.acting import may_open, signed_in
from partners.links import BARRIER_CSS, barrier_words
from partners.models import Dependency, Participation, SharedSystem
from partners.next_door import names_next_door

NO_PAGES = {"next": None, "previous": None}


@require_safe
@signed_in
def system_list(request: HttpRequest) -> HttpResponse:
    """The systems that the viewer's organisation stands on, owns or provides."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    standing: defaultdict[UUID, list[str]] = defaultdict(list)
    for system_id, name in Participation.objects.order_by("organisation__name").values_list(
        "system_id", "organisation__name"
    ):
        standing[system_id].append(name)
    rows = [
        {
            "name": system.name,
            "slug": system.slug,
            "href": reverse("system-detail", args=[system.slug]),
            "provider": system.provider.name if system.provider else _("somebody outside the partnership"),
            "organisations": ", ".join(standing[system.pk]),
            "safety": _safety(system),
            "standing": system.get_status_display(),
            "yours": system.provider_id == me or system.owner_id == me,
        }
        for system in SharedSystem.objects.select_related("provider")
    ]
    return render(request, "partners/systems.html", {"systems": rows, "page": NO_PAGES, "may_edit": False})


def _safety(system: SharedSystem) -> str:
    if not system.safety_critical:
        return ""
    if system.people_dependent:
        return _("safety-critical: %(n)s people depend on it") % {"n": f"{system.people_dependent:,}"}
    return _("safety-critical")


@require_safe
@signed_in
def system_detail(request: HttpRequest, slug: str) -> HttpResponse:
    system = SharedSystem.objects.select_related("provider", "owner").filter(slug=slug).first()
    if system is None:
        raise Http404
    names = names_next_door()
    edges = list(Dependency.objects.filter(Q(source=system) | Q(target=system)))
    reviewed = [edge for edge in edges if edge.reviewed_on]
    last = max(reviewed, key=lambda edge: str(edge.reviewed_on), default=None)
    facts: list[tuple[str, ...]] = [
        (_("Run by"), system.provider.name if system.provider else _("somebody outside the partnership")),
        (_("Decided by"), system.owner.name if system.owner else _("owner unknown")),
    ]
    facts += [(_("Hosting"), system.hosting)] if system.hosting else []
    facts += [(_("When it is cut"), system.cut_stops)] if system.cut_stops else []
    facts += [(_("What it is"), system.description)] if system.description else []
    context = {
        "system": {
            "name": system.name,
            "slug": system.slug,
            "safety": _safety(system),
            "standing": system.get_status_display(),
            "whole": request.visitor.organisation_id in {system.owner_id, system.provider_id},  # type: ignore[attr-defined]
        },
        "facts": facts,
        "standing_on": [
            {
                "name": stand.organisation.name,
                "services": ", ".join(stand.services),
                "people": f"{stand.people_served:,}" if stand.people_served else "",
                "fallback": stand.fallback or _("none recorded"),
            }
            for stand in Participation.objects.filter(system=system).select_related("organisation")
        ],
        "links_out": [_link(edge, edge.target_id, names) for edge in edges if edge.source_id == system.pk],
        "links_in": [_link(edge, edge.source_id, names) for edge in edges if edge.target_id == system.pk],
        "components": [],
        "what_if_href": reverse("system-how-far", args=[system.slug]) if may_open(request.visitor) else "",  # type: ignore[attr-defined]
        "checked": _("Links last checked on %(day)s by %(who)s.")
        % {"day": f"{last.reviewed_on:%-d %B %Y}", "who": last.reviewed_by or _("nobody named")}
        if last
        else _("No link of this system has been checked yet."),
    }
    return render(request, "partners/system.html", context)


def _link(edge: Dependency, other: UUID, names: dict[UUID, str]) -> dict[str, str]:
    return {
        "words": edge.label or edge.group,
        "other": names.get(other, _("a system next to it")),
        "kind": str(edge.get_kind_display()),
        "barrier": barrier_words(edge),
        "barrier_css": BARRIER_CSS[edge.barrier],
        "href": reverse("dependency-detail", args=[edge.pk]),
    }
