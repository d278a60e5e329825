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
from typing import NamedTuple
from uuid import UUID

from incidents.estate import Edge, Estate, NotInEstate
from incidents.exposure import Exposed, Outside, Seen, anchored, outside, path_of
from incidents.paths import Path
from incidents.walk import Walk, reach_without, walk, ways_to

OTHER_PATHS = 5  # at most so many are listed for one organisation beside the one that explains it


class NothingNamed(ValueError):
    """Neither a system nor an organisation was named."""


class Reached(NamedTuple):
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
    doubts = estate.doubts(on)
    walked = walk(estate, begun, doubts)
    anchors = anchored(estate, walked)
    seen = Seen(estate, walked, doubts, anchors, named, confirmed, assumed=assumed or not starts)
    stopped = _stopped(estate, walked, doubts)
    saved, saved_systems = _claimed_saves(seen)
    exposed = seen.exposed()
    return Radius(
        on=on,
        starts=tuple(estate.by_name[system].id for system in begun),
        assumed=seen.assumed,
        organisations=exposed,
        outside=outside(estate, stopped, {each.organisation for each in exposed}),
        systems=tuple(_reached(estate, walked)),
        edges=_usable(estate, walked, doubts),
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
    ends_of = {estate.people_by_name[at].id: dict(own) for at, own in anchored(estate, walked).items()}
    found: dict[UUID, tuple[Path, ...]] = {}
    for each in radius.organisations:
        if only is None or each.organisation in only:
            ends = ends_of.get(each.organisation, {})
            ways = islice(ways_to(estate, walked, list(ends), doubts), limit + 1)
            paths = [path_of(estate, way, ends[way[0][-1]], doubts, assumed=radius.assumed) for way in ways]
            first = each.path and (each.path.systems, each.path.edges)
            others = [path for path in paths if (path.systems, path.edges) != first]
            others.sort(key=lambda path: (path.distance, path.doubt, path.words))
            found[each.organisation] = tuple(others[:limit])
    return found


def _reached(estate: Estate, walked: Walk) -> list[Reached]:
    systems, ids, came_by, distance = estate.by_name, estate.edge_ids, walked.came_by, walked.distance
    return [
        Reached(systems[system].id, distance[system], ids[came_by[system]] if came_by[system] >= 0 else None)
        for system in walked.reached
    ]


def _usable(estate: Estate, walked: Walk, doubts: list[int]) -> tuple[UUID, ...]:
    distance = walked.distance
    edges = zip(estate.edge_ids, estate.sources, doubts, strict=True)
    return tuple([edge for edge, source, doubt in edges if doubt >= 0 and distance[source] >= 0])


def _stopped(estate: Estate, walked: Walk, doubts: list[int]) -> list[Edge]:
    """Edges that lead out of the radius and are stopped, by the names of their ends."""
    number, distance, sources = estate.number, walked.distance, estate.sources
    leading = [estate.edges[at] for at, doubt in enumerate(doubts) if doubt < 0 and distance[sources[at]] >= 0]
    stopped = [edge for edge in leading if distance[number[edge.target]] < 0]
    return sorted(stopped, key=lambda edge: (number[edge.target], number[edge.source], edge.id.int))


def _claimed_saves(seen: Seen) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """Organisations and systems that only paths over a claimed or lapsed barrier reach."""
    estate = seen.estate
    kept = reach_without(estate, seen.walked, seen.doubts, estate.claimed)
    saved = [
        estate.people_by_name[at].id
        for at, own in sorted(seen.anchors.items())
        if not any(kept[system] for system, _ in own)
    ]
    systems = [estate.by_name[system].id for system in seen.walked.reached if not kept[system]]
    return tuple(each for each in saved if each not in seen.named), tuple(systems)
