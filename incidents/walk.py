"""The walk of an intruder through an estate: how far, and by which way first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence, Set
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
    size = far = len(estate.by_name)
    came_from, came_by, doubt, rank = ([-1] * size for _ in range(4))
    distance = [far] * size
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
                if distance[target] < steps:  # by far the most frequent: reached before
                    continue
                more = doubts[edge]
                if more < 0:
                    continue
                total = so_far + more
                if distance[target] == far:
                    distance[target] = steps
                    found.append(target)
                elif total >= doubt[target]:
                    continue
                came_from[target], came_by[target], doubt[target] = system, edge, total
        # By the names on the path: the rank of where it came from, then the own name, as one number.
        layer = [each % size for each in sorted([rank[came_from[target]] * size + target for target in found])]
        for place, system in enumerate(layer):
            rank[system] = place
        reached += layer
    distance = [-1 if steps == far else steps for steps in distance]
    return Walk(distance, came_from, came_by, doubt, rank, reached)


def reach(estate: Estate, starts: Sequence[int], doubts: Sequence[int]) -> list[bool]:
    """Which systems can be reached at all: a walk without paths."""
    seen = [False] * len(estate.by_name)
    waiting, out = list(starts), estate.out
    for system in starts:
        seen[system] = True
    while waiting:
        for target, edge in out[waiting.pop()]:
            if not seen[target] and doubts[edge] >= 0:
                seen[target] = True
                waiting.append(target)
    return seen


def reach_without(estate: Estate, walked: Walk, doubts: Sequence[int], without: Set[int]) -> list[bool]:
    """Which systems are still reached when the edges `without` are taken away; `doubts` are those of the walk.

    Looks only at systems whose best path used such an edge: the others are reached as before.
    """
    seen = [False] * len(estate.by_name)
    lost: list[int] = []
    for system in walked.reached:  # nearest first, so what a path came from is known before it
        by = walked.came_by[system]
        if by < 0 or (by not in without and seen[walked.came_from[system]]):
            seen[system] = True
        else:
            lost.append(system)
    waiting = []
    for system in lost:
        for source, edge in estate.into[system]:
            if seen[source] and doubts[edge] >= 0 and edge not in without:
                seen[system] = True
                waiting.append(system)
                break
    while waiting:
        for target, edge in estate.out[waiting.pop()]:
            if not seen[target] and doubts[edge] >= 0 and edge not in without:
                seen[target] = True
                waiting.append(target)
    return seen


Way = tuple[tuple[int, ...], tuple[int, ...]]  # systems and edges, from the start on


def ways_to(estate: Estate, walked: Walk, ends: Sequence[int], doubts: Sequence[int]) -> Iterator[Way]:
    """Ways without a loop from a start to any of `ends`: shortest first, of those the least doubtful first.

    Built backwards: what is known of a way is its tail, and the walk already knows how far the tail's first system
    is from a start, so the shortest way is always completed next. Ends after LOOKS tails, so that a dense estate
    costs no more than a thin one; the caller sees then that the list may not be whole.
    """
    distance, sure, into = walked.distance, walked.doubt, estate.into
    queue: list[tuple[int, int, int, tuple[int, ...], tuple[int, ...]]] = [
        (distance[end], sure[end], distance[end], (end,), ()) for end in set(ends) if distance[end] >= 0
    ]
    heapq.heapify(queue)
    for _ in range(LOOKS):
        if not queue:
            return
        _, total, _, systems, edges = heapq.heappop(queue)
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
