"""Pages of the partnership: who takes part, what is shared, how one system leads to another, how we are reached."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from partners.acting import may_open, signed_in
from partners.models import (
    ContactPoint,
    Dependency,
    DutyDesk,
    Organisation,
    Participation,
    Person,
    SharedSystem,
)
from partners.next_door import names_next_door

NO_PAGES = {"next": None, "previous": None}
BARRIER_CSS = {"none": "known", "claimed": "claimed", "tested": "stops"}


@require_safe
@signed_in
def organisation_list(request: HttpRequest) -> HttpResponse:
    """Everybody in the partnership by name; contacts only of one's own."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    shared = dict(
        Participation.objects.values_list("organisation_id").annotate(n=Count("id")).values_list("organisation_id", "n")
    )
    ways = ContactPoint.objects.filter(is_active=True, trust="trusted").count()
    desk = DutyDesk.objects.filter(organisation_id=me).first()
    rows = [
        {
            "name": each.name,
            "href": reverse("organisation-detail", args=[each.slug]),
            "kind": each.get_kind_display(),
            "standing": _standing(each),
            "systems": shared.get(each.pk, 0),
            "duty": desk.name if desk and each.pk == me else "",
            "contact_state": _ways(ways) if each.pk == me else _("theirs alone"),
            "contact_alarm": each.pk == me and ways < 2,
        }
        for each in Organisation.objects.all()
    ]
    return render(request, "partners/organisations.html", {"organisations": rows, "page": NO_PAGES})


def _ways(count: int) -> str:
    return ngettext("%(n)s trusted way", "%(n)s trusted ways", count) % {"n": count} if count else _("no trusted way")


def _standing(organisation: Organisation) -> str:
    if organisation.status != Organisation.Status.FORMER:
        return ""
    return _("left in %(year)s") % {"year": organisation.left_on.year} if organisation.left_on else _("former")


@require_safe
@signed_in
def organisation_detail(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        raise Http404
    own = organisation.pk == request.visitor.organisation_id  # type: ignore[attr-defined]
    facts: list[tuple[str, ...]] = [(_("Kind"), organisation.get_kind_display())]
    if organisation.people_served:
        facts.append((_("People served"), f"{organisation.people_served:,}"))
    desk = DutyDesk.objects.filter(organisation=organisation).first()
    if desk:
        facts.append((_("Duty desk"), f"{desk.name}, {desk.phone}"))
    stands = Participation.objects.filter(organisation=organisation).select_related("system")
    context = {
        "organisation": {
            "name": organisation.name,
            "kind": organisation.get_kind_display(),
            "standing": _standing(organisation),
            "own": own,
        },
        "facts": facts,
        "systems": [
            {
                "name": stand.system.name,
                "href": reverse("system-detail", args=[stand.system.slug]),
                "services": ", ".join(stand.services),
                "note": _("left, still connected") if stand.status == "left_connected" else "",
            }
            for stand in sorted(stands, key=lambda stand: stand.system.name)
        ],
        "people": [
            {"name": person.name, "role": person.duty or person.get_role_display(), "on_duty": "duty" in person.duty}
            for person in Person.objects.filter(organisation=organisation, is_active=True, break_glass=False)
        ],
        "contacts_href": reverse("contact-list") if own else "",
    }
    return render(request, "partners/organisation.html", context)


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


def barrier_words(edge: Dependency) -> str:
    if edge.barrier == "tested" and edge.tested_on:
        return _("tested on %(day)s") % {"day": f"{edge.tested_on:%-d %B %Y}"}
    return str(
        {"none": _("none recorded"), "claimed": _("claimed, never tested"), "tested": _("test not dated")}[edge.barrier]
    )


@require_safe
@signed_in
def dependency_list(request: HttpRequest) -> HttpResponse:
    names = names_next_door()
    rows = [
        {
            "source": names.get(edge.source_id, ""),
            "target": names.get(edge.target_id, ""),
            "kind": str(edge.get_kind_display()),
            "words": edge.label or edge.group,
            "href": reverse("dependency-detail", args=[edge.pk]),
            "barrier": barrier_words(edge),
            "barrier_css": BARRIER_CSS[edge.barrier],
            "standing": _cut_words(edge),
        }
        for edge in Dependency.objects.all()
    ]
    rows.sort(key=lambda row: (row["source"], row["target"]))
    return render(request, "partners/dependencies.html", {"dependencies": rows, "page": NO_PAGES})


def _cut_words(edge: Dependency) -> str:
    if edge.cut_source_at and edge.cut_target_at:
        return _("cut by both ends")
    return _("one end says cut") if edge.cut_source_at or edge.cut_target_at else _("in use")


@require_safe
@signed_in
def contact_list(request: HttpRequest) -> HttpResponse:
    points = ContactPoint.objects.filter(is_active=True).select_related("person")
    names = names_next_door()
    rows = [
        {
            "id": str(point.pk),
            "person": point.person.name if point.person else point.label,
            "way": str(point.get_kind_display()),
            "address": point.address,
            "trust": str(point.get_trust_display()).lower(),
            "trust_why": point.trust_because,
            "rides_on": names[point.rides_on_id] if point.rides_on_id else "",
            "tested": _("not tested yet"),
            "tested_alarm": False,
            "test_url": "",
        }
        for point in points
    ]
    return render(request, "partners/contacts.html", {"contacts": rows, "form": None})
