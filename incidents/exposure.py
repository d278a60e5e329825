"""Who is exposed and by which path, once the walk is done; and who is not, and what keeps them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from incidents.estate import Anchor, Edge, Estate
from incidents.paths import Path, how_it_stands, in_words, why_outside
from incidents.reach_words import ASSUMED, ATTACKED, NAMED, NO_PATH_KNOWN, SEEN_BY
from incidents.walk import Walk, Way

Exposure = Literal["confirmed", "direct", "reachable"]
Role = Literal["participant", "provider"]


@dataclass(frozen=True, slots=True)
class Exposed:
    """One organisation in the radius. `named`: by somebody, so that no cut takes it out again.

    `distance` and `path` are None when it is in only because it was named. `reported_by`: who saw the intruder there.
    """

    organisation: UUID
    role: Role
    exposure: Exposure
    distance: int | None
    because: str
    path: Path | None
    named: bool = False
    reported_by: str = ""


@dataclass(frozen=True, slots=True)
class Outside:
    """One organisation to which no path is known; `because` names the barriers and cuts that lie in its way."""

    organisation: UUID
    because: str


Anchored = dict[int, list[tuple[int, Anchor]]]  # number of an organisation → the reached systems that it hangs on


def anchored(estate: Estate, walked: Walk) -> Anchored:
    found: Anchored = {}
    for system in walked.reached:
        for organisation, anchor in estate.anchors[system]:
            if organisation in found:
                found[organisation].append((system, anchor))
            else:
                found[organisation] = [(system, anchor)]
    return found


def path_of(estate: Estate, way: Way, anchor: Anchor, doubts: list[int], *, assumed: bool) -> Path:
    """A way through the estate as a path in words, ending at an organisation that hangs on its last system."""
    systems, edges = way
    attacked = ASSUMED if assumed else ATTACKED
    return Path(
        systems=tuple(estate.by_name[system].id for system in systems),
        edges=tuple(estate.edge_ids[edge] for edge in edges),
        doubt=sum(doubts[edge] for edge in edges),
        words=in_words(estate, systems, edges, doubts=doubts, how=how_it_stands(anchor.stand), attacked=attacked),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What the walk found and who was named, on the way to the organisations of the radius."""

    estate: Estate
    walked: Walk
    doubts: list[int]
    anchors: Anchored
    named: set[UUID]
    confirmed: Mapping[UUID, str]
    assumed: bool

    def exposed(self) -> tuple[Exposed, ...]:
        people = self.estate.people_by_name
        inside = set(self.anchors)
        if self.named:
            inside |= {at for at, each in enumerate(people) if each.id in self.named}
        found = [self._exposed(at) for at in sorted(inside)]
        severity = {"confirmed": 0, "direct": 1, "reachable": 2}
        nowhere = len(self.estate.by_name)
        found.sort(
            key=lambda each: (severity[each.exposure], nowhere if each.distance is None else each.distance)
        )  # a stable sort: by name within each
        return tuple(found)

    def _exposed(self, at: int) -> Exposed:
        organisation = self.estate.people_by_name[at]
        own = self.anchors.get(at, [])
        path = None
        if own:
            walked = self.walked
            steps = walked.distance[own[0][0]]  # nearest first: only the first few can be the best
            first = [each for each in own if walked.distance[each[0]] == steps]
            nearest, anchor = min(first, key=lambda each: (walked.doubt[each[0]], walked.rank[each[0]]))
            path = path_of(self.estate, walked.way_to(nearest), anchor, self.doubts, assumed=self.assumed)
        distance = path.distance if path else None
        named = organisation.id in self.named
        exposure: Exposure = "direct" if named or distance == 0 else "reachable"
        reasons = [path.words if path else NO_PATH_KNOWN]
        if organisation.id in self.confirmed:
            exposure = "confirmed"
            reasons.insert(0, SEEN_BY % {"who": self.confirmed[organisation.id]})
        elif named:
            reasons.insert(0, NAMED)
        return Exposed(
            organisation=organisation.id,
            role="provider" if any(anchor.provides for _, anchor in own) else "participant",
            exposure=exposure,
            distance=distance,
            because=f"{organisation.name}: {'; '.join(reasons)}",
            path=path,
            named=named,
            reported_by=self.confirmed.get(organisation.id, ""),
        )


def outside(estate: Estate, stopped: list[Edge], inside: Collection[UUID]) -> tuple[Outside, ...]:
    barriers: dict[UUID, list[Edge]] = {}
    for edge in stopped:
        for stand in estate.stands_on(estate.number[edge.target]):
            barriers.setdefault(stand.organisation, []).append(edge)
    return tuple(
        Outside(each.id, f"{each.name}: {why_outside(estate, barriers.get(each.id, []))}")
        for each in estate.people_by_name
        if each.id not in inside
    )
