"""The walk of an intruder through an estate: how far, and by which way first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from incidents.estate import Estate

LOOKS = 200  # how many half-made paths are looked at for one organisation before its list of other paths ends


@dataclass(frozen=True, slots=True)
class Walk:
    """Every system that was reached, by its number in the estate; -1 stands for not reached.

    `distance` counts edges from the nearest start. `came_by` is the last edge of the best path (-1 for a start).
    `doubt` is the sum along that path. `rank` orders the best paths of one distance by the names on them.
    """

    distance: list[int]
    came_from: list[int]
    came_by: list[int]
    doubt: list[int]
    rank: list[int]
    reached: list[int]

    def order(self, system: int) -> tuple[int, int, int]:
        """Sort key of the best path to a reached system: shortest, then most certain, then by name."""
        return self.distance[system], self.doubt[system], self.rank[system]

    def way_to(self, system: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Systems and edges of the best path, from the start on."""
        systems, edges = [system], []
        while (edge := self.came_by[system]) >= 0:
            edges.append(edge)
            system = self.came_from[system]
            systems.append(system)
        return tuple(reversed(systems)), tuple(reversed(edges))


def walk(estate: Estate, starts: Sequence[int], doubts: Sequence[int]) -> Walk:
    """Walk from `starts` along every edge whose doubt is not negative; linear in edges, but for sorting names.

    Systems are taken layer by layer, each layer in the order of the names on its paths. So the first edge that
    reaches a system with the least doubt is also the first by name, and no path has to be compared as a whole.
    """
    size = len(estate.by_name)
    distance, came_from, came_by, doubt, rank = ([-1] * size for _ in range(5))
    layer, steps, out = sorted(starts), 0, estate.out
    for place, system in enumerate(layer):
        distance[system], doubt[system], rank[system] = 0, 0, place
    reached = list(layer)
    while layer:
        steps += 1
        found: list[int] = []
        for system in layer:
            so_far = doubt[system]
            for target, edge in out[system]:
                more = doubts[edge]
                if more < 0:
                    continue
                known = distance[target]
                if known < 0:
                    distance[target] = steps
                    found.append(target)
                elif known != steps or so_far + more >= doubt[target]:
                    continue
                came_from[target], came_by[target], doubt[target] = system, edge, so_far + more
        found.sort(key=lambda target: (rank[came_from[target]], target))
        for place, system in enumerate(found):
            rank[system] = place
        reached += found
        layer = found
    return Walk(distance, came_from, came_by, doubt, rank, reached)


Way = tuple[tuple[int, ...], tuple[int, ...]]  # systems and edges, from the start on


def ways_to(estate: Estate, walked: Walk, ends: Sequence[int], doubts: Sequence[int]) -> Iterator[Way]:
    """Ways without a loop from a start to any of `ends`: shortest first, of those the least doubtful first.

    Built backwards: what is known of a way is its tail, and the walk already knows how far the tail's first system
    is from a start, so the shortest way is always completed next. Ends after LOOKS tails, so that a dense estate
    costs no more than a thin one; the caller sees then that the list may not be whole.
    """
    distance, sure, into = walked.distance, walked.doubt, estate.into
    queue = [(distance[end], sure[end], distance[end], (end,), ()) for end in set(ends) if distance[end] >= 0]
    heapq.heapify(queue)
    for _ in range(LOOKS):
        if not queue:
            return
        length, total, _, systems, edges = heapq.heappop(queue)
        first = systems[0]
        if distance[first] == 0:
            yield systems, edges
            continue
        tail_length, tail_doubt = len(systems), total - sure[first]
        for source, edge in into[first]:
            if doubts[edge] < 0 or distance[source] < 0 or source in systems:
                continue
            heapq.heappush(
                queue,
                (
                    distance[source] + tail_length,
                    tail_doubt + doubts[edge] + sure[source],
                    distance[source],  # of equals, the tail nearest to a start: it is done soonest
                    (source, *systems),
                    (edge, *edges),
                ),
            )
