"""Which single edge is the only way in: the dominator tree of a walk.

A system *dominates* another when every path to the other goes through it. K. D. Cooper, T. J. Harvey, K. Kennedy,
"A Simple, Fast Dominance Algorithm" (Rice University, 2001): repeat until nothing changes, in reverse postorder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from incidents.estate import Estate

ROOT = -1  # stands before every start


@dataclass(frozen=True, slots=True)
class OnlyWays:
    """`only_edge`: system → the one edge without which it is not reached. `above`: its dominator, ROOT for none."""

    only_edge: dict[int, int]
    above: dict[int, int]
    below: dict[int, list[int]]

    def behind(self, system: int) -> list[int]:
        """The system and all that is reached only through it, ascending."""
        found, waiting = [], [system]
        while waiting:
            found.append(waiting.pop())
            waiting += self.below.get(found[-1], [])
        return sorted(found)

    def protected(self, anchors: Mapping[UUID, set[int]]) -> dict[int, list[UUID]]:
        """System → organisations all of whose systems lie behind it."""
        found: dict[int, list[UUID]] = {}
        for organisation, systems in anchors.items():
            shared: set[int] | None = None
            for system in systems:
                over = self._over(system)
                shared = over if shared is None else shared & over
            for system in shared or ():
                found.setdefault(system, []).append(organisation)
        return found

    def _over(self, system: int) -> set[int]:
        found = set()
        while system != ROOT:
            found.add(system)
            system = self.above[system]
        return found


def only_ways_in(estate: Estate, starts: Sequence[int], usable: set[int]) -> OnlyWays:
    """Work out, for every system reached from `starts` over `usable` edges, which edge it cannot be reached without."""
    order = _reverse_postorder(estate, starts, usable)
    place = {system: at for at, system in enumerate(order)} | {ROOT: -1}
    first = set(starts)
    into = {
        system: [(source, edge) for source, edge in estate.into[system] if edge in usable and source in place]
        for system in order
    }
    above: dict[int, int] = dict.fromkeys(starts, ROOT)
    changed = True
    while changed:
        changed = False
        for system in order:
            if system in first:
                continue
            known = [source for source, _ in into[system] if source in above]
            best = known[0]
            for source in known[1:]:
                best = _meet(best, source, above, place)
            if above.get(system) != best:
                above[system] = best
                changed = True
    below: dict[int, list[int]] = {}
    for system, over in above.items():
        below.setdefault(over, []).append(system)
    tree = OnlyWays({}, above, below)
    for system in order:
        # An edge from a system behind this one is no way in: it can be walked only after this one was reached.
        ways = [(s, edge) for s, edge in into[system] if not _is_behind(s, system, above)]
        if system not in first and len(ways) == 1:
            tree.only_edge[system] = ways[0][1]
    return tree


def _meet(one: int, other: int, above: Mapping[int, int], place: Mapping[int, int]) -> int:
    """The nearest system that dominates both."""
    while one != other:
        while place[one] > place[other]:
            one = above[one]
        while place[other] > place[one]:
            other = above[other]
    return one


def _is_behind(system: int, over: int, above: Mapping[int, int]) -> bool:
    while system not in (over, ROOT):
        system = above[system]
    return system == over


def _reverse_postorder(estate: Estate, starts: Sequence[int], usable: set[int]) -> list[int]:
    seen, done = set(), []
    for start in starts:
        if start in seen:
            continue
        seen.add(start)
        stack = [(start, iter(estate.out[start]))]
        while stack:
            system, rest = stack[-1]
            for target, edge in rest:
                if edge in usable and target not in seen:
                    seen.add(target)
                    stack.append((target, iter(estate.out[target])))
                    break
            else:
                done.append(system)
                stack.pop()
    return done[::-1]
