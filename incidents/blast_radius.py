"""How far a breach reaches: from what is attacked to every organisation that an intruder could walk to, and why.

Pure: an estate in, a radius out, the same for the same input. The rules:

* An edge is walked from source to target and counts until both ends say that it is cut. Whether anybody approved it
  plays no part. Only a barrier that was tested and is in date stops the walk; what merely claimed barriers would
  save is a second figure.
* An organisation is a leaf: it is reached through a system it stands on, and nothing is reached through it.
  Whoever runs a reached system takes part.
* An organisation explains itself by its shortest path, of those by the most certain, of those by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Literal
from uuid import UUID

from incidents.estate import STOPPED, Edge, Estate, NotInEstate, Stand
from incidents.paths import NO_PATH_KNOWN, Path, how_it_stands, in_words, why_outside
from incidents.walk import Walk, walk, ways_to

Exposure = Literal["confirmed", "direct", "reachable"]
Role = Literal["participant", "provider"]

OTHER_PATHS = 5  # at most so many are listed for one organisation beside the one that explains it


class NothingNamed(ValueError):
    """Neither a system nor an organisation was named."""


@dataclass(frozen=True, slots=True)
class Exposed:
    """One organisation in the radius. `named`: by somebody, so that no cut takes it out again.

    `distance` and `path` are None when it is in only because it was named.
    """

    organisation: UUID
    role: Role
    exposure: Exposure
    distance: int | None
    because: str
    path: Path | None
    named: bool = False


@dataclass(frozen=True, slots=True)
class Outside:
    """One organisation to which no path is known; `because` names the barriers and cuts that lie in its way."""

    organisation: UUID
    because: str


@dataclass(frozen=True, slots=True)
class Reached:
    """One system in the radius, with the edge by which it is reached first (None for an attacked one)."""

    system: UUID
    distance: int
    by: UUID | None


@dataclass(frozen=True, slots=True)
class Radius:
    """How far it reaches on one day.

    Attributes:
        assumed: nobody named a system, so every system of the named organisations counts as attacked.
        organisations: those in it: confirmed, direct, reachable; nearest first, then by name.
        systems: those in it, nearest first.
        edges: every edge between two of them that an intruder can use.
        stopped: edges that lead out of it and are stopped by a tested barrier or cut at both ends.
        claimed_saves: organisations that would be outside if every claimed barrier held. A test out of date is a claim.
        claimed_saves_systems: the same for systems.
    """

    on: date
    starts: tuple[UUID, ...]
    assumed: bool
    organisations: tuple[Exposed, ...]
    outside: tuple[Outside, ...]
    systems: tuple[Reached, ...]
    edges: tuple[UUID, ...]
    stopped: tuple[UUID, ...]
    claimed_saves: tuple[UUID, ...]
    claimed_saves_systems: tuple[UUID, ...]


def blast_radius(
    estate: Estate,
    *,
    on: date,
    starts: Collection[UUID] = (),
    organisations: Collection[UUID] = (),
    confirmed: Mapping[UUID, str] | None = None,
    assumed: bool = False,
) -> Radius:
    """Work out who is in the radius of a breach, and by which path.

    Args:
        on: the day on which barriers have to be in date.
        starts: the attacked systems. Without any, every system of the named organisations is assumed to be.
        organisations: named as affected by somebody else; they count as `direct`.
        confirmed: organisation → name and role of the person there who saw the intruder.
        assumed: the caller chose `starts` itself, from the systems of the named organisations.

    Raises:
        NothingNamed: all three are empty.
        NotInEstate: a named system or organisation is unknown.
    """
    confirmed = confirmed or {}
    named = {*organisations, *confirmed}
    if unknown := named - estate.organisation.keys():
        raise NotInEstate(f"unknown organisation {min(unknown)}")
    if not starts and not named:
        raise NothingNamed("name at least one system or organisation")
    begun = estate.numbers_of(starts) if starts else estate.systems_of(named)
    assumed = assumed or not starts
    doubts = estate.doubts(on)
    walked = walk(estate, begun, doubts)
    anchors = _anchors(estate, walked)
    exposed = _exposed(estate, walked, anchors, doubts, named=named, confirmed=confirmed, assumed=assumed)
    usable, stopped = _edges(estate, walked, doubts)
    saved, saved_systems = _claimed_saves(estate, begun, doubts, walked, anchors.keys() - named)
    return Radius(
        on=on,
        starts=tuple(estate.by_name[system].id for system in begun),
        assumed=assumed,
        organisations=exposed,
        outside=_outside(estate, stopped, {each.organisation for each in exposed}),
        systems=tuple(_reached(estate, walked)),
        edges=usable,
        stopped=tuple(edge.id for edge in stopped),
        claimed_saves=saved,
        claimed_saves_systems=saved_systems,
    )


def other_paths(estate: Estate, radius: Radius, organisation: UUID, *, limit: int = OTHER_PATHS) -> tuple[Path, ...]:
    """Further paths to one organisation; see `all_other_paths`, which is cheaper for several."""
    return all_other_paths(estate, radius, limit=limit, only={organisation}).get(organisation, ())


def all_other_paths(
    estate: Estate, radius: Radius, *, limit: int = OTHER_PATHS, only: Collection[UUID] | None = None
) -> dict[UUID, tuple[Path, ...]]:
    """Further paths to each organisation beside the one that explains it: at most `limit` each, shortest first.

    Paths without a loop, through any system that it stands on or runs. The search ends early in a dense estate
    (`incidents.walk.LOOKS`), so that only a small one is sure to be listed whole.
    """
    doubts = estate.doubts(radius.on)
    walked = walk(estate, estate.numbers_of(radius.starts), doubts)
    anchors = _anchors(estate, walked)
    found: dict[UUID, tuple[Path, ...]] = {}
    for each in radius.organisations:
        if only is None or each.organisation in only:
            ends = anchors.get(each.organisation, {})
            ways = islice(ways_to(estate, walked, list(ends), doubts), limit + 1)
            paths = [_path(estate, way, ends[way[0][-1]], doubts, assumed=radius.assumed) for way in ways]
            first = each.path and (each.path.systems, each.path.edges)
            others = [path for path in paths if (path.systems, path.edges) != first]
            others.sort(key=lambda path: (path.distance, path.doubt, path.words))
            found[each.organisation] = tuple(others[:limit])
    return found


Anchors = dict[UUID, dict[int, Stand | None]]  # organisation → reached system → its stand, or None where it runs it


def _anchors(estate: Estate, walked: Walk) -> Anchors:
    """The reached systems by which each organisation is in the radius; standing on one comes before running it."""
    anchors: Anchors = {}
    for system in walked.reached:
        for stand in estate.stands_on[system]:
            anchors.setdefault(stand.organisation, {})[system] = stand
        provider = estate.by_name[system].provider
        if provider is not None and provider in estate.organisation:
            anchors.setdefault(provider, {}).setdefault(system, None)
    return anchors


def _exposed(
    estate: Estate,
    walked: Walk,
    anchors: Anchors,
    doubts: list[int],
    *,
    named: Collection[UUID],
    confirmed: Mapping[UUID, str],
    assumed: bool,
) -> tuple[Exposed, ...]:
    severity: dict[str, int] = {"confirmed": 0, "direct": 1, "reachable": 2}
    found = []
    for organisation in {*anchors, *named}:
        own = anchors.get(organisation, {})
        path = distance = None
        if own:
            nearest = min(own, key=walked.order)
            path = _path(estate, walked.way_to(nearest), own[nearest], doubts, assumed=assumed)
            distance = path.distance
        exposure: Exposure = "direct" if distance == 0 or organisation in named else "reachable"
        reasons = [path.words if path else NO_PATH_KNOWN]
        if organisation in confirmed:
            exposure = "confirmed"
            reasons.insert(0, f"intruder activity seen here, reported by {confirmed[organisation]}")
        elif organisation in named:
            reasons.insert(0, "named as affected")
        because = f"{estate.organisation[organisation].name}: {'; '.join(reasons)}"
        role = _role(estate, organisation, own)
        found.append(Exposed(organisation, role, exposure, distance, because, path, organisation in named))

    def order(each: Exposed) -> tuple[int, int, str, UUID]:
        far = len(estate.by_name) if each.distance is None else each.distance
        return severity[each.exposure], far, estate.organisation[each.organisation].name, each.organisation

    return tuple(sorted(found, key=order))


def _role(estate: Estate, organisation: UUID, own: Mapping[int, Stand | None]) -> Role:
    """A provider runs a reached system for somebody else; who runs one for itself alone is an ordinary participant."""
    for system in own:
        if estate.by_name[system].provider == organisation and (
            any(stand.organisation != organisation for stand in estate.stands_on[system])
            or not estate.stands_on[system]
        ):
            return "provider"
    return "participant"


def _path(
    estate: Estate,
    way: tuple[tuple[int, ...], tuple[int, ...]],
    stand: Stand | None,
    doubts: list[int],
    *,
    assumed: bool,
) -> Path:
    systems, edges = way
    attacked = "assumed to be attacked" if assumed else "the attacked system"
    return Path(
        systems=tuple(estate.by_name[system].id for system in systems),
        edges=tuple(estate.edges[edge].id for edge in edges),
        doubt=sum(doubts[edge] for edge in edges),
        words=in_words(estate, systems, edges, doubts=doubts, how=how_it_stands(stand), attacked=attacked),
    )


def _reached(estate: Estate, walked: Walk) -> list[Reached]:
    return [
        Reached(
            system=estate.by_name[system].id,
            distance=walked.distance[system],
            by=estate.edges[walked.came_by[system]].id if walked.came_by[system] >= 0 else None,
        )
        for system in walked.reached
    ]


def _edges(estate: Estate, walked: Walk, doubts: list[int]) -> tuple[tuple[UUID, ...], list[Edge]]:
    """Edges inside the radius that an intruder can use, and edges that lead out of it and are stopped."""
    usable, stopped = [], []
    for system in walked.reached:
        for target, position in estate.out[system]:
            if doubts[position] >= 0:
                usable.append(estate.edges[position].id)
            elif walked.distance[target] < 0:
                stopped.append(estate.edges[position])
    return tuple(usable), stopped


def _outside(estate: Estate, stopped: list[Edge], inside: Collection[UUID]) -> tuple[Outside, ...]:
    barriers: dict[UUID, list[Edge]] = {}
    for edge in stopped:
        for stand in estate.stands_on[estate.number[edge.target]]:
            barriers.setdefault(stand.organisation, []).append(edge)
    outside = (each for each in estate.organisations if each.id not in inside)
    return tuple(
        Outside(each.id, f"{each.name}: {why_outside(estate, barriers.get(each.id, []))}")
        for each in sorted(outside, key=lambda each: (each.name, each.id))
    )


def _claimed_saves(
    estate: Estate, starts: list[int], doubts: list[int], walked: Walk, inside: Collection[UUID]
) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Organisations and systems that only paths over a claimed or lapsed barrier reach."""
    claims = [STOPPED if edge.barrier != "none" else doubt for edge, doubt in zip(estate.edges, doubts, strict=True)]
    if claims == doubts:
        return (), ()
    held = walk(estate, starts, claims)
    kept = _anchors(estate, held).keys()
    saved = sorted(inside - kept, key=lambda each: (estate.organisation[each].name, each))
    systems = [estate.by_name[system].id for system in walked.reached if held.distance[system] < 0]
    return tuple(saved), tuple(systems)
