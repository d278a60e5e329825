"""The pages of the shared systems: which one sees, and one of them."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.acting import may_open, signed_in
from partners.from_above import system_sections
from partners.models import Organisation, Participation, SharedSystem
from partners.shown_system import ShownSystem, run_by, state_words

PAGE = 50


def system_or_404(slug: str) -> SharedSystem:
    """A system that the open scope may see."""
    system = SharedSystem.objects.select_related("provider", "owner").filter(slug=slug).first()
    if system is None:
        raise Http404
    return system


@require_safe
@signed_in
def system_list(request: HttpRequest) -> HttpResponse:
    """The systems that the viewer's organisation stands on, owns or provides."""
    visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    systems, page = _page(request.GET.get("after", ""))
    standing: defaultdict[UUID, list[str]] = defaultdict(list)
    asked = set()
    stands = Participation.objects.filter(system__in=[system.pk for system in systems])
    for stand in stands.select_related("organisation").order_by("organisation__name"):
        standing[stand.system_id].append(stand.organisation.name)
        if stand.organisation_id == me and not stand.confirmed_at and not stand.denied_at:
            asked.add(stand.system_id)
    rows = [
        {
            "name": system.name,
            "slug": system.slug,
            "href": reverse("system-detail", args=[system.slug]),
            "provider": run_by(system),
            "owner_unknown": system.owner_id is None and system.provider_id is None,
            "organisations": ", ".join(standing[system.pk]),
            "safety": safety(system),
            "standing": state_words(system),
            "asked": reverse("system-standing", args=[system.slug]) if system.pk in asked else "",
            "yours": me in {system.provider_id, system.owner_id},
        }
        for system in systems
    ]
    return render(request, "partners/systems.html", {"systems": rows, "page": page, "may_edit": may_open(visitor)})


def _page(after: str) -> tuple[list[SharedSystem], dict[str, str | None]]:
    """One page in the order of names, and its pager. `after` is the short name of the last one before it."""
    systems = SharedSystem.objects.select_related("provider", "owner").order_by("name", "slug")
    last = SharedSystem.objects.filter(slug=after).first() if after else None
    if last is not None:
        systems = systems.filter(Q(name__gt=last.name) | Q(name=last.name, slug__gt=last.slug))
    found = list(systems[: PAGE + 1])
    start = reverse("system-list")
    page: dict[str, str | None] = {"next": None, "previous": start if last is not None else None}
    if len(found) > PAGE:
        page["next"] = f"{start}?{urlencode({'after': found[PAGE - 1].slug})}"
    return found[:PAGE], page


def safety(system: SharedSystem) -> str:
    if not system.safety_critical:
        return ""
    if system.people_dependent:
        return _("%(n)s people depend on it") % {"n": f"{system.people_dependent:,}"}
    return _("people may come to harm when it stops")


@require_safe
@signed_in
def system_detail(request: HttpRequest, slug: str) -> HttpResponse:
    system = system_or_404(slug)
    visitor = request.visitor  # type: ignore[attr-defined]
    shown = ShownSystem(system, me=visitor.organisation_id)
    context = {
        "system": {
            "name": system.name,
            "slug": system.slug,
            "safety": safety(system),
            "standing": state_words(system),
            "whole": shown.runs,
            "is_portal": system.is_portal,
        },
        "warnings": shown.warnings(),
        "facts": shown.facts(),
        "standing_on": shown.standing_on(),
        "links_out": shown.links(out=True),
        "links_in": shown.links(out=False),
        "components": [
            {
                "name": f"{each.vendor} {each.product}".strip(),
                "version": each.product_version,
                "identifiers": [name for name in (each.cpe, each.purl) if name],
                "note": each.note,
            }
            for each in shown.components
        ],
        "segments": [{"name": each.name, "note": each.note} for each in shown.segments],
        "rides_on_it": shown.rides_on_it(),
        "what_if_href": reverse("system-how-far", args=[system.slug]) if may_open(visitor) else "",
        "acts": _acts(shown) if may_open(visitor) else [],
        "sections": []
        if system.is_portal
        else system_sections(system, me=visitor.organisation_id, may_write=may_open(visitor)),
        "checked": shown.checked(),
        "history": shown.history(Organisation.objects.all()),
    }
    return render(request, "partners/system.html", context)


def _acts(shown: ShownSystem) -> list[tuple[str, str]]:
    """What whoever looks may write here: words and address. The database has the last word."""
    system = shown.system
    acts = []
    if shown.own:
        words = _("Change your own entry") if shown.own.confirmed_at else _("Say whether you stand on it")
        acts.append((words, reverse("system-standing", args=[system.slug])))
    if shown.runs:
        acts += [
            (_("Change what it is"), reverse("system-change", args=[system.slug])),
            (_("Change who stands on it"), reverse("system-organisations", args=[system.slug])),
            (_("Change its parts"), reverse("system-parts", args=[system.slug])),
        ]
    if shown.runs or (shown.own and system.owner_id is None and system.provider_id is None):
        acts.append((_("Add a link"), reverse("link-add", args=[system.slug])))
    return acts
