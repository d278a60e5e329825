"""What the blast radius walks over: systems, the edges between them, and who stands on what.

Plain facts without a database, so that the walk can be tested, measured and frozen with an incident. An
:class:`Estate` indexes itself once when it is made; asking it many questions is cheap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
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
    """A shared system. `spoken` is how its name reads inside a sentence, article included; empty: the name itself.

    Who owns or provides it speaks for it: a link is cut when both of its ends say so. The portal, on which everybody
    stands, is a start only when it is named.
    """

    id: UUID
    slug: str
    name: str
    provider: UUID | None = None
    spoken: str = ""
    owner: UUID | None = None
    is_portal: bool = False

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
class Anchor:
    """How an organisation hangs on a system: by a stand, by running it (`stand` is None), or both.

    `provides`: it runs the system for somebody else. Who runs one for itself alone is no provider.
    """

    organisation: UUID
    stand: Stand | None
    provides: bool


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that the walk may use. Edges to or from a system that is not listed are refused.

    Inside, systems and organisations are small numbers in the order of their names, so that "then by name" is a
    comparison of numbers; `edges` are put into an order of their own, so that the order in which facts come plays no
    part. The fields from `number` on are that index, made once: `out` and `into` hold (system, edge)
    for every edge, `anchors` (organisation, anchor) for every system, `dated` the edges whose doubt depends on the
    day, `claimed` those with any barrier.
    """

    organisations: tuple[Organisation, ...]
    systems: tuple[System, ...]
    edges: tuple[Edge, ...]
    stands: tuple[Stand, ...]
    number: dict[UUID, int] = field(init=False, repr=False, compare=False)
    organisation: dict[UUID, Organisation] = field(init=False, repr=False, compare=False)
    by_name: tuple[System, ...] = field(init=False, repr=False, compare=False)
    people_by_name: tuple[Organisation, ...] = field(init=False, repr=False, compare=False)
    out: tuple[list[tuple[int, int]], ...] = field(init=False, repr=False, compare=False)
    into: tuple[list[tuple[int, int]], ...] = field(init=False, repr=False, compare=False)
    anchors: tuple[list[tuple[int, Anchor]], ...] = field(init=False, repr=False, compare=False)
    edge_ids: tuple[UUID, ...] = field(init=False, repr=False, compare=False)
    base_doubts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    sources: tuple[int, ...] = field(init=False, repr=False, compare=False)
    dated: tuple[int, ...] = field(init=False, repr=False, compare=False)
    claimed: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Of parallel edges the first by kind, label and id explains a path.
        edges = tuple(sorted(self.edges, key=lambda edge: (edge.kind, edge.label, edge.id.int)))
        by_name = tuple(sorted(self.systems, key=lambda system: (system.name, system.slug, system.id)))
        people = tuple(sorted(self.organisations, key=lambda each: (each.name, each.slug, each.id)))
        number = {system.id: position for position, system in enumerate(by_name)}
        try:
            ends = [(number[edge.source], number[edge.target]) for edge in edges]
            anchors = _anchors(by_name, people, number, self.stands)
        except KeyError as missing:
            raise NotInEstate(f"unknown system or organisation {missing.args[0]}") from None
        starting: list[list[int]] = [[] for _ in by_name]
        ending: list[list[int]] = [[] for _ in by_name]
        for at, (source, target) in enumerate(ends):
            starting[source].append(at)
            ending[target].append(at)
        numbers = tuple(range(len(by_name)))  # one object per number, side by side: the walk is bound by memory
        out = tuple([(numbers[ends[at][1]], at) for at in own] for own in starting)
        into = tuple([(numbers[ends[at][0]], at) for at in own] for own in ending)
        index = {
            "edges": edges,
            "number": number,
            "organisation": {each.id: each for each in people},
            "by_name": by_name,
            "people_by_name": people,
            "out": out,
            "into": into,
            "anchors": anchors,
            "edge_ids": tuple(edge.id for edge in edges),
            "base_doubts": tuple(edge.doubt(date.min) for edge in edges),
            "dated": tuple(at for at, edge in enumerate(edges) if edge.barrier == "tested" and not edge.is_cut),
            "sources": tuple(source for source, _ in ends),
            "claimed": frozenset(at for at, edge in enumerate(edges) if edge.barrier != "none"),
        }
        for name, value in index.items():
            object.__setattr__(self, name, value)

    def doubts(self, on: date) -> list[int]:
        """The doubt of every edge on that day, in the order of `edges`."""
        doubts = list(self.base_doubts)
        for at in self.dated:
            doubts[at] = self.edges[at].doubt(on)
        return doubts

    def numbers_of(self, systems: Iterable[UUID]) -> list[int]:
        """Numbers of the given systems, ascending, each once.

        Raises:
            NotInEstate: one of them is unknown here.
        """
        try:
            return sorted({self.number[system] for system in systems})
        except KeyError as missing:
            raise NotInEstate(f"unknown system {missing.args[0]}") from None

    def systems_of(self, organisations: Collection[UUID]) -> list[int]:
        """Numbers of the systems that any of these stands on, has left connected, or runs; never the portal's."""
        wanted = set(organisations)
        return [
            system
            for system, anchors in enumerate(self.anchors)
            if not self.by_name[system].is_portal and any(anchor.organisation in wanted for _, anchor in anchors)
        ]

    def stands_on(self, system: int) -> list[Stand]:
        """Stands on the system with that number, by organisation."""
        return [anchor.stand for _, anchor in self.anchors[system] if anchor.stand is not None]

    def groups(self) -> dict[str, list[int]]:
        """Positions of the edges of every named group."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for position, edge in enumerate(self.edges):
            if edge.group:
                found[edge.group].append(position)
        return dict(sorted(found.items()))


def _anchors(
    systems: tuple[System, ...],
    organisations: tuple[Organisation, ...],
    number: dict[UUID, int],
    stands: tuple[Stand, ...],
) -> tuple[list[tuple[int, Anchor]], ...]:
    """Who hangs on each system, by name. A provider that is not among the organisations is nobody's participant."""
    place = {each.id: at for at, each in enumerate(organisations)}
    standing: tuple[dict[int, Stand], ...] = tuple({} for _ in systems)
    for stand in stands:
        standing[number[stand.system]][place[stand.organisation]] = stand
    anchors: tuple[list[tuple[int, Anchor]], ...] = tuple([] for _ in systems)
    for system, own, found in zip(systems, standing, anchors, strict=True):
        runs = place.get(system.provider) if system.provider is not None else None
        for_others = not own or any(each != runs for each in own)
        for at in sorted(own if runs is None else {*own, runs}):
            found.append((at, Anchor(organisations[at].id, own.get(at), at == runs and for_others)))
    return anchors
