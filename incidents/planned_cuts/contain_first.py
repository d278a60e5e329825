"""The list *contain first*, with the way to plan each of its cuts and what became of those that are planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.moving import figures
from incidents.planned_cuts.choosing import key_of
from incidents.planned_cuts.shown import cuts_in, line_of
from incidents.rewalk import board_cuts

Cut = Mapping[str, Any]


def board_block(incident: Incident, *, me: UUID, may_plan: bool, any_planned: bool = True) -> dict[str, Any]:
    """For the board of whoever may know of any: `cuts` to contain first, for whoever oversees; `planned`, what else is
    planned and is not over. `any_planned`: whether there is a plan at all. At most three queries."""
    first = board_cuts(incident)
    found = cuts_in(incident) if any_planned else ()
    lines = [(frozenset(map(str, cut.links)), line_of(cut, sides, incident, me=me)) for cut, sides in found]
    shown = with_plans(incident, [cut for cut in first if cut.get("key")], lines, may_plan=may_plan)
    named = {frozenset(cut.get("edges", ())) for cut in first if cut.get("key")}
    planned = [line for links, line in lines if line["open"] and (not links or links not in named)]
    return {"cuts": shown, "planned": planned}


def with_plans(
    incident: Incident,
    cuts: Sequence[Cut],
    lines: Sequence[tuple[frozenset[str], dict[str, Any]]],
    *,
    may_plan: bool,
) -> list[dict[str, Any]]:
    """Each cut with the newest plan of exactly its links, or the address to plan it."""
    open_now = incident.status != Incident.Status.CLOSED
    found = []
    for cut in cuts:
        edges = frozenset(cut["edges"])
        plan = next((line for links, line in lines if links == edges), None)
        href = reverse("incident-cut-plan", args=[incident.reference]) + "?" + urlencode({"cut": key_of(cut)})
        words = str(cut["title"])
        found.append(
            {
                "words": words[:1].upper() + words[1:],
                "gain": _("protects %(figures)s") % {"figures": figures(cut["gain"])},
                "planned": plan,
                "plan_href": href if may_plan and open_now and not (plan and plan["open"]) else "",
            }
        )
    return found


def plans_of(incident: Incident, cuts: Sequence[Cut], *, me: UUID, may_plan: bool) -> list[dict[str, Any]]:
    """The same for every cut of a radius, in its order. Two queries."""
    lines = [(frozenset(map(str, cut.links)), line_of(cut, sides, incident, me=me)) for cut, sides in cuts_in(incident)]
    return with_plans(incident, cuts, lines, may_plan=may_plan)
