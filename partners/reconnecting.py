"""Cutting a link and connecting it again, pair by pair: what each end says, who vouched, and what it can say next.

The arrows stand in the database (`sec.move_edge`). The radius walks a link until both ends say cut, and walks it again
from the moment it is connected again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Dependency, EdgeMove
from portal import clock

End, What = EdgeMove.End, EdgeMove.What
CHECKED_FOR = timedelta(days=7)
SAYS = {
    "": lazy("in use"),
    What.CUT: lazy("cut"),
    What.ASSURED: lazy("checked, still cut"),
    What.AGREED: lazy("checked, agrees to connect again"),
}


@dataclass(frozen=True, slots=True)
class EndOfLink:
    """One end: its system, who speaks for it, and what it says now. `moves` are its own of this round, oldest first."""

    which: str
    system: str
    organisations: Sequence[str]
    mine: bool
    cut_at: datetime | None
    moves: Sequence[EdgeMove]

    @property
    def says(self) -> str:
        """`""` in use, else the last of `What` that it said; what the register says counts as cut."""
        return self.moves[-1].what if self.moves else What.CUT if self.cut_at else ""

    @property
    def assurance(self) -> EdgeMove | None:
        return next((move for move in reversed(self.moves) if move.what == What.ASSURED), None)


def move(edge: Dependency, *, which: str, act: str, words: str = "", vouched_by: str = "") -> str:
    """Say something for one end; what came of it (`reconnected` when the other end had agreed already).

    Raises:
        approvals.NotAllowed: not one's own end, no incident manager, no fresh passkey, or no such arrow now.
    """
    return approvals.call("SELECT sec.move_edge(%s, %s, %s, %s, %s)", [edge.pk, which, act, words, vouched_by])


def ends_of(edge: Dependency, moves: Sequence[EdgeMove]) -> list[EndOfLink]:
    """Source and target, as the open scope may know them. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT which, system, organisations, mine FROM sec.edge_ends(%s)", [edge.pk])
        rows = {which: (system, organisations, mine) for which, system, organisations, mine in cursor.fetchall()}
    over = max((each.at for each in moves if each.what == What.RECONNECTED), default=None)
    this_round = [each for each in moves if over is None or each.at > over]
    cut_at = {End.SOURCE: edge.cut_source_at, End.TARGET: edge.cut_target_at}
    return [
        EndOfLink(which, *rows[which], cut_at[which], [each for each in this_round if each.at_end == which])
        for which in (End.SOURCE, End.TARGET)
        if which in rows
    ]


def state_of(ends: Sequence[EndOfLink], *, was_reconnected: bool = False) -> str:
    """The state of the whole link in words, for the top of its page."""
    cut = sum(1 for end in ends if end.cut_at)
    if not cut:
        return _("In use, connected again by both ends") if was_reconnected else _("In use")
    checked = [end for end in ends if end.says in {What.ASSURED, What.AGREED}]
    agreed = [end for end in ends if end.says == What.AGREED]
    if agreed:
        return _("Cut; %(end)s agrees to connect again") % {"end": agreed[0].system}
    if len(checked) == 2:
        return _("Cut; checked by both ends")
    if checked:
        return _("Cut; checked by one end, %(end)s") % {"end": checked[0].system}
    return _("Cut by both ends: it is not walked any more") if cut == 2 else _("Cut at one end: it is still walked")


def next_acts(end: EndOfLink, other: EndOfLink) -> list[str]:
    """What whoever speaks for this end can say now. The database decides; this only spares useless buttons."""
    anything_cut = end.cut_at or other.cut_at
    acts = []
    if end.says != What.CUT:
        acts.append(What.CUT)
    if anything_cut and end.says != What.AGREED:
        acts.append(What.ASSURED)
    if end.says == What.ASSURED and other.says in {What.ASSURED, What.AGREED} and _both_in_date(end, other):
        acts.insert(0, What.AGREED)
    return [str(act) for act in acts]


def _both_in_date(end: EndOfLink, other: EndOfLink) -> bool:
    ours, theirs = end.assurance, other.assurance
    if ours is None or theirs is None:
        return False
    oldest = min(ours.at, theirs.at)
    last_cut = max((move.at for move in [*end.moves, *other.moves] if move.what == What.CUT), default=None)
    return clock.now() - oldest < CHECKED_FOR and (last_cut is None or oldest > last_cut)


def shown(end: EndOfLink, other: EndOfLink, *, me: UUID, may_act: bool) -> dict[str, Any]:
    """One end as `partners/dependency.html` wants it."""
    last = end.moves[-1] if end.moves else None
    assurance = end.assurance if end.says in {What.ASSURED, What.AGREED} else None
    cut = next((each for each in reversed(end.moves) if each.what == What.CUT), None)
    return {
        "which": end.which,
        "name": end.system,
        "speaks": ", ".join(end.organisations) or _("nobody in the portal"),
        "says": str(SAYS[end.says]),
        "at": last.at if last else end.cut_at,
        "by": last.organisation.name if last else "",
        "why": cut.text if cut else "",
        "checked": assurance.text if assurance else "",
        "vouched_by": assurance.vouched_by if assurance else "",
        "checked_by": assurance.organisation.name if assurance else "",
        "checked_until": assurance.at + CHECKED_FOR if assurance else None,
        "mine": end.mine,
        "acts": next_acts(end, other) if end.mine and may_act else [],
    }
