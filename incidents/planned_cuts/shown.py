"""What pages, board and API show of planned cuts, as the reader may see them. Silence is a word of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Incident, PlannedCut, PlannedCutSide
from incidents.planned_cuts.planning import OPEN, Status
from portal.pages import local_time

DAY = "%H:%M, %-d %B"
# Shape, word and colour (RULES 3); nothing here is red.
ANSWERS: dict[str, dict[str, Any]] = {
    "agrees": {"word": lazy("Agrees"), "shape": "●", "css": "state--accepted"},
    "objects": {"word": lazy("Objects"), "shape": "⊘", "css": "state--refused"},
    "": {"word": lazy("No answer"), "shape": "◇", "css": "state--told"},
    "outside": {"word": lazy("Not asked: takes no part"), "shape": "◌", "css": "state--nobody-told"},
    "late": {"word": lazy("Not asked: joined since"), "shape": "◌", "css": "state--nobody-told"},
    "changed": {"word": lazy("Changed it"), "shape": "–", "css": "state--not-needed"},
    "planner": {"word": lazy("Plans it"), "shape": "–", "css": "state--not-needed"},
}
STATUS: dict[str, dict[str, Any]] = {
    Status.PLANNED: {"word": lazy("Planned, not decided"), "shape": "◇", "css": "state--told"},
    Status.DECIDED: {"word": lazy("Goes ahead"), "shape": "◐", "css": "state--doing"},
    Status.DONE: {"word": lazy("Done"), "shape": "✓", "css": "state--done"},
    Status.CALLED_OFF: {"word": lazy("Called off"), "shape": "—", "css": "state--called-off"},
}
ASKING = ("planned", "revised")
STEPS: dict[str, Any] = {
    "planned": lazy("Planned"), "revised": lazy("Changed, and asked again"), "decided": lazy("Decided: it goes ahead"),
    "done": lazy("Done"), "called_off": lazy("Called off"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """Of the newest revision. `silent` is neither."""

    asked: int
    agreed: int
    objected: int

    @property
    def silent(self) -> int:
        return self.asked - self.agreed - self.objected

    @property
    def words(self) -> str:
        if not self.asked:
            return _("nobody else to ask")
        parts = [_("asked %(n)s") % {"n": self.asked}, _("agreed %(n)s") % {"n": self.agreed}]
        parts.append(_("objected %(n)s") % {"n": self.objected})
        if self.silent:
            parts.append(_("no answer %(n)s") % {"n": self.silent})
        return ", ".join(parts)


def newest(cut: PlannedCut, sides: Iterable[PlannedCutSide]) -> list[PlannedCutSide]:
    """The sides of the revision that counts, as far as the reader sees them."""
    return [side for side in sides if side.revision == cut.revision]


def counts_of(sides: Iterable[PlannedCutSide]) -> Counts:
    said = [side.answer for side in sides if side.asked]
    return Counts(len(said), said.count("agrees"), said.count("objects"))


def reads_all(cut: PlannedCut, incident: Incident, me: UUID) -> bool:
    """Planner, lead, deputy lead and provider read every answer, whoever is asked its own."""
    return cut.planner_id == me or me in incident.overseers


def cuts_in(incident: Incident) -> list[tuple[PlannedCut, list[PlannedCutSide]]]:
    """Every planned cut that the reader may know of, with the sides of its newest revision. Two queries."""
    sides: dict[UUID, list[PlannedCutSide]] = {}
    for side in PlannedCutSide.objects.filter(incident=incident):
        sides.setdefault(side.cut_id, []).append(side)
    found = PlannedCut.objects.filter(incident=incident).select_related("planner", "decided_for")
    return [(cut, newest(cut, sides.get(cut.pk, ()))) for cut in found]


def line_of(cut: PlannedCut, sides: Sequence[PlannedCutSide], incident: Incident, *, me: UUID) -> dict[str, Any]:
    """One cut in a list, as `incidents/_cut_line.html` wants it. `sides`: of its newest revision."""
    own = next((side for side in sides if side.organisation_id == me and side.asked), None)
    return {
        "id": cut.pk,
        "title": cut.title,
        "href": reverse("incident-cut", args=[incident.reference, cut.pk]),
        "planner": cut.planner.name,
        "status": STATUS[cut.status],
        "open": cut.status in OPEN,
        "when": when(cut),
        "counts": counts_of(sides).words if reads_all(cut, incident, me) else "",
        "decided": decided_words(cut),
        "own": ANSWERS[own.answer] if own else None,
        "waits": own is not None and own.answer == "" and cut.status in OPEN,
    }


def when(cut: PlannedCut) -> str:
    begins = local_time(cut.starts_at, DAY)
    if cut.ends_at is None:
        return _("from %(begins)s, until %(name)s says otherwise") % {"begins": begins, "name": cut.planner.name}
    return _("from %(begins)s to %(ends)s") % {"begins": begins, "ends": local_time(cut.ends_at, DAY)}


def decided_words(cut: PlannedCut) -> str:
    """`Decided by Grace Hall, Ashbourne, at 10:12, 5 January`, or nothing."""
    if cut.decided_at is None or cut.decided_for is None:
        return ""
    said = {"who": cut.decided_by_name, "for": cut.decided_for.name, "at": local_time(cut.decided_at, DAY)}
    return _("decided by %(who)s, %(for)s, at %(at)s") % said


def stops_words(side: PlannedCutSide) -> list[str]:
    """What stops for one organisation, in sentences, services first."""
    said = []
    if side.services:
        said.append(_("Stops: %(services)s") % {"services": ", ".join(side.services)})
    elif side.systems:
        said.append(_("Stops, which it runs: %(systems)s") % {"systems": ", ".join(side.systems)})
    if side.services and side.systems:
        said.append(_("because these stop: %(systems)s") % {"systems": ", ".join(side.systems)})
    if side.loses:
        said.append(_("Without: %(words)s") % {"words": ", ".join(side.loses)})
    if side.runs_an_end:
        said.append(_("Runs an end of it: its hands are needed"))
    return said


def side_of(side: PlannedCutSide, *, writer: UUID, late: bool) -> dict[str, Any]:
    """One organisation in a revision that `writer` wrote, for whoever may read it. `late`: it joined after that."""
    key = "late" if late else "outside"
    if side.asked:
        key = side.answer
    elif side.organisation_id == writer:
        key = "planner" if writer == side.planner_id else "changed"
    return {
        "name": side.name,
        "slug": side.slug,
        "critical": side.critical,
        "stops": stops_words(side),
        "fallback": side.fallback or (_("no fallback recorded") if side.critical else ""),
        "asked": side.asked,
        "answer": ANSWERS[key],
        "key": side.answer,
        "reason": side.reason,
        "at": side.answered_at,
    }


def waiting_for(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """For board and *My tasks* of whoever is asked and has not answered. One query."""
    sides = (
        PlannedCutSide.objects.filter(
            incident=incident, organisation_id=me, asked=True, answer="", cut__status__in=OPEN
        )
        .order_by("cut__starts_at")
        .values_list(
            "cut_id",
            "cut__title",
            "cut__starts_at",
            "cut__revision",
            "revision",
            "planner_id",
            "planner__name",
            "critical",
        )
    )
    return [
        {
            "title": _("Your plan to cut %(title)s was changed: do you agree?") % {"title": title}
            if planner == me
            else _("%(name)s plans to cut %(title)s: do you agree?") % {"name": name, "title": title},
            "words": _("A safety-critical service of yours stops from %(time)s. No answer is not a yes.")
            % {"time": local_time(at, DAY)}
            if critical
            else _("Something of yours stops from %(time)s. No answer is not a yes.") % {"time": local_time(at, DAY)},
            "link": _("Read and answer"),
            "href": reverse("incident-cut", args=[incident.reference, cut]),
        }
        for cut, title, at, now, revision, planner, name, critical in sides
        if now == revision
    ][:5]
