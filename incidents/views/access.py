"""What removing a provider's standing access would save, without an incident; read and recorded as a what-if."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incidents.cuts import Cut
from incidents.estate import Estate
from incidents.register import walkable_estate
from incidents.removing_access import Saved, opened_by, saved_by_removing
from partners import standing_access
from partners.acting import may_open, signed_in
from partners.models import SharedSystem
from partners.views_access import line_or_404
from portal import clock


@require_safe
@signed_in(may=may_open)
def access_what_if(request: HttpRequest, line_id: Any) -> HttpResponse:
    """From the systems that the viewer may name as a start; recorded for every organisation shown."""
    line = line_or_404(line_id)
    sources = {each.source_id for each in standing_access.links_of(line)}
    # Row security shows those alone that the viewer stands on, owns or provides: what it may start from.
    starts = list(SharedSystem.objects.filter(pk__in=sources).values_list("pk", flat=True))
    rows: list[dict[str, Any]] = []
    if starts:
        estate = walkable_estate(starts, reason="what-if")
        edges = opened_by(estate, links=line.links, group=line.link_group)
        rows = [_row(each, estate) for each in saved_by_removing(estate, edges, starts, on=clock.now().date())]
    context = {
        "line": {"id": line.pk, "name": line.name, "provider": line.provider.name, "council": line.council.name},
        "rows": rows,
        "unseen": len(sources) - len(starts),
    }
    return render(request, "incidents/access_what_if.html", context)


def _row(each: Saved, estate: Estate) -> dict[str, Any]:
    start = estate.by_name[estate.number[each.start]].name
    row = {"start": start, "with": each.reached, "without": each.reached_without, "usable": each.cut is not None}
    return row | (_cut(each.cut, estate) if each.cut else {"protects": [], "frees": [], "stops": []})


def _cut(cut: Cut, estate: Estate) -> dict[str, Any]:
    system = {pk: estate.by_name[at].name for pk, at in estate.number.items()}
    protects = []
    for pk in cut.protects:
        organisation = estate.organisation[pk]
        people = organisation.people_served
        served = _("%(n)s people served") % {"n": f"{people:,}"} if people else ""
        protects.append({"name": organisation.name, "people": served})
    stands = []
    for stand in cut.stopped:
        said = {"system": system[stand.system], "name": estate.organisation[stand.organisation].name}
        words = _("%(system)s for %(name)s") % said
        if stand.safety_critical:
            without = "" if stand.fallback else _(", no fallback recorded")
            words = _("%(words)s: safety-critical, %(n)s people%(without)s") % {
                "words": words, "n": f"{stand.people_served:,}", "without": without,
            }  # fmt: skip
        stands.append(words)
    return {
        "protects": protects,
        "frees": [system[pk] for pk in cut.frees],
        "stops": [*cut.stops, *stands],
    }
