"""What the blast radius walks over: systems, the edges between them, and who stands on what.

Plain facts without a database, so that the walk can be tested, measured and frozen with an incident. An
:class:`Estate` indexes itself once when it is made; asking it many questions is cheap.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

Barrier = Literal["none", "claimed", "tested"]

# Doubt is how much speaks against an intruder getting through an edge that still counts. Doubts add up along a
# path, and of two equally short paths the one with less doubt explains the exposure.
NO_DOUBT, CLAIMED, LAPSED, HALF_CUT = 0, 1, 2, 3
STOPPED = -1  # the intruder does not get through: a tested barrier in date, or cut at both ends


@dataclass(frozen=True, slots=True)
class Organisation:
    """One that takes part: `kind` is council, provider or national."""

    id: UUID
    slug: str
    name: str
    kind: str = "council"
    people_served: int = 0


@dataclass(frozen=True, slots=True)
class System:
    """A shared system. `spoken` is how its name reads inside a sentence, article included; empty: the name itself."""

    id: UUID
    slug: str
    name: str
    provider: UUID | None = None
    spoken: str = ""

    @property
    def in_words(self) -> str:
        return self.spoken or self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """One dependency, in the direction in which an intruder walks: from `source` into `target`.

    Args:
        label: a word or two for the line in a picture ("rent feed").
        phrase: how `target` depends on `{source}`, in words ("takes the rent feed from {source}"); empty: by kind.
        group: edges of one group ("NG-ADM") are cut together.
        cut_source, cut_target: that end says that the edge is cut; it counts until both do.
        stops: what stops working when the edge is cut, in words ("one finance batch").
        carries: the target cannot work without the edge, so cutting it stops the target as well.
    """

    id: UUID
    source: UUID
    target: UUID
    kind: str
    label: str = ""
    barrier: Barrier = "none"
    tested_on: date | None = None
    valid_until: date | None = None
    cut_source: bool = False
    cut_target: bool = False
    phrase: str = ""
    group: str = ""
    stops: str = ""
    carries: bool = False

    @property
    def is_cut(self) -> bool:
        return self.cut_source and self.cut_target

    def doubt(self, on: date) -> int:
        """How doubtful it is that an intruder gets through on that day, or STOPPED.

        A barrier without a test date is a claim, whatever it calls itself. A test without an end date stays in date.
        """
        if self.is_cut:
            return STOPPED
        doubt = HALF_CUT if self.cut_source or self.cut_target else NO_DOUBT
        if self.barrier == "none":
            return doubt
        if self.barrier == "claimed" or self.tested_on is None:
            return doubt + CLAIMED
        if self.valid_until is not None and on > self.valid_until:
            return doubt + LAPSED
        return STOPPED


@dataclass(frozen=True, slots=True)
class Stand:
    """An organisation standing on a system; `left` means that it left and is still connected."""

    system: UUID
    organisation: UUID
    services: tuple[str, ...] = ()
    left: bool = False
    people_served: int = 0
    safety_critical: bool = False
    fallback: str | None = None  # None: none recorded


class NotInEstate(ValueError):
    """An id was named that the estate does not hold."""


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that the walk may use. Edges to or from a system that is not listed are refused.

    Inside, systems are small numbers in the order of their names, so that "then by name" is a comparison of numbers.
    The fields from `number` on are that index, made once.
    """

    organisations: tuple[Organisation, ...]
    systems: tuple[System, ...]
    edges: tuple[Edge, ...]
    stands: tuple[Stand, ...]
    number: dict[UUID, int] = field(init=False, repr=False, compare=False)
    by_name: tuple[System, ...] = field(init=False, repr=False, compare=False)
    out: tuple[list[tuple[int, int]], ...] = field(init=False, repr=False, compare=False)
    into: tuple[list[tuple[int, int]], ...] = field(init=False, repr=False, compare=False)
    stands_on: tuple[list[Stand], ...] = field(init=False, repr=False, compare=False)
    organisation: dict[UUID, Organisation] = field(init=False, repr=False, compare=False)
    undated_doubts: tuple[int | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = tuple(sorted(self.systems, key=lambda system: (system.name, system.slug, system.id)))
        number = {system.id: position for position, system in enumerate(by_name)}
        organisation = {each.id: each for each in self.organisations}
        out: tuple[list[tuple[int, int]], ...] = tuple([] for _ in by_name)
        into: tuple[list[tuple[int, int]], ...] = tuple([] for _ in by_name)
        stands_on: tuple[list[Stand], ...] = tuple([] for _ in by_name)
        try:
            ends = [(number[edge.source], number[edge.target]) for edge in self.edges]
            for stand in self.stands:
                stands_on[number[stand.system]].append(stand)
                organisation[stand.organisation]
        except KeyError as missing:
            raise NotInEstate(f"unknown system or organisation {missing.args[0]}") from None
        edges = self.edges
        for position in sorted(range(len(edges)), key=lambda at: (edges[at].kind, edges[at].label, edges[at].id)):
            source, target = ends[position]
            out[source].append((target, position))
            into[target].append((source, position))
        for name, value in {
            "number": number,
            "by_name": by_name,
            "out": out,
            "into": into,
            "stands_on": stands_on,
            "organisation": organisation,
            "undated_doubts": tuple(None if edge.barrier == "tested" else edge.doubt(date.min) for edge in edges),
        }.items():
            object.__setattr__(self, name, value)

    def doubts(self, on: date) -> list[int]:
        """The doubt of every edge on that day, in the order of `edges`."""
        return [
            edge.doubt(on) if known is None else known
            for known, edge in zip(self.undated_doubts, self.edges, strict=True)
        ]

    def numbers_of(self, systems: object) -> list[int]:
        """Numbers of the given system ids, ascending, each once.

        Raises:
            NotInEstate: one of them is unknown here.
        """
        try:
            return sorted({self.number[system] for system in systems})  # type: ignore[attr-defined]
        except KeyError as missing:
            raise NotInEstate(f"unknown system {missing.args[0]}") from None

    def systems_of(self, organisations: object) -> list[int]:
        """Numbers of the systems that any of these organisations stands on, has left connected, or runs."""
        wanted = set(organisations)  # type: ignore[call-overload]
        return [
            position
            for position, system in enumerate(self.by_name)
            if system.provider in wanted or any(stand.organisation in wanted for stand in self.stands_on[position])
        ]

    def groups(self) -> dict[str, list[int]]:
        """Positions of the edges of every named group."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for position, edge in enumerate(self.edges):
            if edge.group:
                found[edge.group].append(position)
        return dict(sorted(found.items()))
