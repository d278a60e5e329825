"""What cutting an edge would protect, and what it would stop: the question behind *contain first*."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from incidents.blast_radius import Radius
from incidents.dominators import only_ways_in
from incidents.estate import STOPPED, Estate, Stand
from incidents.paths import listed
from incidents.walk import reach


@dataclass(frozen=True, slots=True)
class Figures:
    """How much hangs on something: organisations, people served by the systems involved, safety-critical services.

    People who stand on several of the systems with one organisation count once. It is nobody's number of people whose
    data was taken (design/RULES 1).
    """

    organisations: int
    people: int
    critical: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One thing to cut: a single edge, or all edges of a group at once.

    Attributes:
        key: the group's name, or the edge's id as text.
        title: e.g. "group NG-ADM off File services and the Backup vault".
        protects: organisations that would leave the radius, by name. Named and confirmed ones never do.
        frees: systems that would leave it.
        stops: what the cut edges themselves carry, in words ("one finance batch").
        stopped: stands on systems that stop working, safety-critical first.
        gain, loss: how much is protected, and how much stops. A system that stops is not among the protected.
    """

    key: str
    title: str
    edges: tuple[UUID, ...]
    protects: tuple[UUID, ...]
    frees: tuple[UUID, ...]
    stops: tuple[str, ...]
    stopped: tuple[Stand, ...]
    words: str
    gain: Figures
    loss: Figures

    @property
    def safety_critical(self) -> tuple[Stand, ...]:
        return tuple(stand for stand in self.stopped if stand.safety_critical)


def what_if(estate: Estate, radius: Radius, edges: Collection[UUID], *, key: str = "", title: str = "") -> Cut:
    """What the radius would lose if exactly these edges were cut at both ends.

    Raises:
        KeyError: an edge is unknown to the estate.
    """
    position = {edge.id: at for at, edge in enumerate(estate.edges)}
    cut = sorted({position[edge] for edge in edges}, key=lambda at: estate.edge_ids[at].int)
    doubts = estate.doubts(radius.on)
    for at in cut:
        doubts[at] = STOPPED
    after = reach(estate, estate.numbers_of(radius.starts), doubts)
    frees = [each.system for each in radius.systems if not after[estate.number[each.system]]]
    freed = {estate.number[system] for system in frees}
    safe = (org for org, own in _anchored(estate, radius).items() if own <= freed)
    return _cut(estate, cut, protects=safe, frees=frees, key=key, title=title)


def rank_cuts(estate: Estate, radius: Radius, *, limit: int | None = None) -> tuple[Cut, ...]:
    """Cuts worth a thought, the best first: each group in the radius, and each edge that is the only way somewhere.

    Most organisations protected, then most safety-critical services, then most people; then fewest safety-critical
    services stopped, then fewest others, then most systems freed. Edges that other paths go round protect nothing and
    are left out; an edge in a group is judged with its group. Costs one walk per group; single edges come from one
    pass over dominators.
    """
    in_radius = set(radius.edges)
    usable = {position for position, edge in enumerate(estate.edges) if edge.id in in_radius}
    cuts = []
    for group, members in estate.groups().items():
        inside = [estate.edges[at].id for at in members if at in usable]
        if inside:
            cuts.append(what_if(estate, radius, inside, key=group))
    starts = estate.numbers_of(radius.starts)
    tree = only_ways_in(estate, starts, usable)
    protects = tree.protected(_anchored(estate, radius))
    for system, edge in tree.only_edge.items():
        if not estate.edges[edge].group:
            frees = [estate.by_name[each].id for each in tree.behind(system)]
            cuts.append(_cut(estate, [edge], protects=protects.get(system, ()), frees=frees))

    def order(cut: Cut) -> tuple[int, int, int, int, int, int, str]:
        gain, stopped = cut.gain, len(cut.stopped) + len(cut.stops)
        return (
            -gain.organisations, -gain.critical, -gain.people, cut.loss.critical, stopped, -len(cut.frees), cut.title,
        )  # fmt: skip

    return tuple(sorted(cuts, key=order)[:limit])


def _anchored(estate: Estate, radius: Radius) -> dict[UUID, set[int]]:
    """Organisations that are in the radius only by systems, with those systems: stood on or run."""
    found: dict[UUID, set[int]] = {
        each.organisation: set() for each in radius.organisations if each.path and not each.named
    }
    for reached in radius.systems:
        system = estate.number[reached.system]
        for _, anchor in estate.anchors[system]:
            if anchor.organisation in found:
                found[anchor.organisation].add(system)
    return found


def _cut(
    estate: Estate,
    cut: list[int],
    *,
    protects: Iterable[UUID],
    frees: Iterable[UUID],
    key: str = "",
    title: str = "",
) -> Cut:
    edges = [estate.edges[at] for at in cut]
    freed = list(frees)
    safe = sorted(protects, key=lambda each: (estate.organisation[each].name, each))
    stops = tuple(dict.fromkeys(edge.stops for edge in edges if edge.stops))
    stopped = _stopped(estate, cut)
    names = [estate.organisation[each].name for each in safe]
    return Cut(
        key=key or str(edges[0].id if edges else ""),
        title=title or _title(estate, cut),
        edges=tuple(edge.id for edge in edges),
        protects=tuple(safe),
        frees=tuple(freed),
        stops=stops,
        stopped=stopped,
        gain=_figures(_stands_left(estate, freed, stopped), organisations=len(safe)),
        loss=_figures(stopped),
        words=f"protects {listed(names) if names else 'no further organisation'}; {_stops(estate, stops, stopped)}",
    )


def _stands_left(estate: Estate, frees: Iterable[UUID], stopped: Iterable[Stand]) -> list[Stand]:
    """Stands on systems that leave the radius and go on working."""
    down = {stand.system for stand in stopped}
    return [stand for system in frees if system not in down for stand in estate.stands_on(estate.number[system])]


def _figures(stands: Iterable[Stand], *, organisations: int | None = None) -> Figures:
    people: dict[UUID, int] = {}
    critical = set()
    for stand in stands:
        people[stand.organisation] = max(people.get(stand.organisation, 0), stand.people_served)
        if stand.safety_critical:
            critical.add(stand.system)
    return Figures(len(people) if organisations is None else organisations, sum(people.values()), len(critical))


def _stopped(estate: Estate, cut: list[int]) -> tuple[Stand, ...]:
    """Stands on every system that cannot work without a cut edge, or without a system stopped so far.

    On the safe side: a system that could be carried by a second edge counts as stopped too.
    """
    waiting = [estate.number[estate.edges[at].target] for at in cut if estate.edges[at].carries]
    down = set(waiting)
    while waiting:
        for target, at in estate.out[waiting.pop()]:
            edge = estate.edges[at]
            if edge.carries and not edge.is_cut and target not in down:
                down.add(target)
                waiting.append(target)
    stands = [stand for system in sorted(down) for stand in estate.stands_on(system)]
    return tuple(
        sorted(
            stands,
            key=lambda stand: (
                not stand.safety_critical,
                estate.number[stand.system],
                estate.organisation[stand.organisation].name,
            ),
        )
    )


def _title(estate: Estate, cut: list[int]) -> str:
    edges = [estate.edges[at] for at in cut]
    targets = listed(estate.by_name[system].in_words for system in sorted({estate.number[e.target] for e in edges}))
    groups = {edge.group for edge in edges}
    if len(groups) == 1 and "" not in groups:
        return f"group {groups.pop()} off {targets}"
    sources = listed(estate.by_name[system].in_words for system in sorted({estate.number[e.source] for e in edges}))
    return f"{targets} off {sources}"


def _stops(estate: Estate, stops: tuple[str, ...], stopped: tuple[Stand, ...]) -> str:
    """What stops, in words; for a safety-critical system with the people served and who has no fallback."""
    words = list(stops)
    for system in dict.fromkeys(stand.system for stand in stopped):
        stands = [stand for stand in stopped if stand.system == system]
        name = estate.by_name[estate.number[system]].in_words
        critical = [stand for stand in stands if stand.safety_critical]
        if not critical:
            words.append(name)
            continue
        bare = [estate.organisation[stand.organisation].name for stand in critical if not stand.fallback]
        without = f" (no fallback recorded: {listed(bare)})" if bare else ""
        words.append(f"{name} for {sum(stand.people_served for stand in critical):,} people{without}")
    return f"stops {listed(words)}" if words else "stops nothing that the register knows of"
