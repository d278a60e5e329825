"""A path in words: why an organisation is in the radius, or is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from incidents import reach_words
from incidents.estate import CLAIMED, HALF_CUT, LAPSED, Edge, Estate, Stand, System


@dataclass(frozen=True, slots=True)
class Path:
    """One way to an organisation: `systems` from the attacked one to the one it stands on or runs, `edges` between.

    `doubt` sums what speaks against it (see `incidents.estate`); `words` has neither a capital nor a full stop.
    """

    systems: tuple[UUID, ...]
    edges: tuple[UUID, ...]
    doubt: int
    words: str

    @property
    def distance(self) -> int:
        return len(self.edges)


def day(on: date) -> str:
    """A date as people say it: 3 May 2026."""
    return f"{on.day} {on:%B %Y}"


def listed(names: Iterable[str]) -> str:
    """Names as a list in a sentence: "Dunmere, Eastwick and Fernleigh"."""
    *most, last = list(names) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def phrase_of(edge: Edge, source: System) -> str:
    """How the edge's target depends on its source: "takes the rent feed from the Finance ledger"."""
    if not edge.phrase:
        return reach_words.LINKS.get(edge.kind, reach_words.ANY_LINK) % {"source": source.in_words}
    phrase = edge.phrase if "{source}" in edge.phrase else f"{edge.phrase} {{source}}"
    return phrase.replace("{source}", source.in_words)


def remark_of(edge: Edge, doubt: int) -> str:
    """What makes the edge doubtful, in brackets; empty for an open one."""
    remarks = []
    if doubt >= HALF_CUT:
        remarks.append(reach_words.HALF_CUT)
        doubt -= HALF_CUT
    if doubt == LAPSED:
        assert edge.valid_until is not None
        remarks.append(reach_words.RAN_OUT % {"day": day(edge.valid_until)})
    elif doubt == CLAIMED:
        remarks.append(reach_words.CLAIMED)
    return f" ({'; '.join(remarks)})" if remarks else ""


def in_words(
    estate: Estate, systems: Sequence[int], edges: Sequence[int], *, doubts: Sequence[int], how: str, attacked: str
) -> str:
    """The path as one clause, from the organisation back to the attacked system.

    Args:
        systems, edges: numbers in the estate, from the attacked system on.
        how: what the organisation does with the last system: one of `incidents.reach_words.STANDS`.
        attacked: what a path without any edge ends with, e.g. "the attacked system".
    """
    words = [how % {"system": estate.by_name[systems[-1]].in_words}]
    if not edges:
        words.append(attacked)
    for source, position in zip(reversed(systems[:-1]), reversed(edges), strict=True):
        edge = estate.edges[position]
        phrase = phrase_of(edge, estate.by_name[source])
        words.append(reach_words.WHICH % {"how": f"{phrase}{remark_of(edge, doubts[position])}"})
    return ", ".join(words)


def how_it_stands(stand: Stand | None) -> str:
    """How an organisation stands to the system it is reached through; None means that it runs the system."""
    if stand is None:
        return reach_words.RUNS
    return reach_words.LEFT if stand.left else reach_words.USES


def why_outside(estate: Estate, stopped: Sequence[Edge]) -> str:
    """Why an organisation is outside: no path is known, and which barriers or cuts stopped those that lead its way."""
    reasons = [reach_words.NO_PATH_KNOWN]
    for edge in stopped:
        target, source = (estate.by_name[estate.number[end]].in_words for end in (edge.target, edge.source))
        if edge.is_cut:
            reasons.append(reach_words.CUT_OFF % {"target": target, "source": source})
        else:
            assert edge.tested_on is not None
            said = {"target": target, "source": source, "day": day(edge.tested_on)}
            reasons.append(reach_words.BEHIND % said)
    return "; ".join(reasons)
