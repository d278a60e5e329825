"""What removing a provider's standing access saves: the radius with and without the links that it opens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from incidents.blast_radius import blast_radius
from incidents.cuts import Cut, what_if
from incidents.estate import Estate


@dataclass(frozen=True, slots=True)
class Saved:
    """From one system on which an intruder would use the access.

    `cut` None: no link of the access can be walked from there, because it is cut or a tested barrier stops it.
    `reached` counts organisations in the radius while the access is there.
    """

    start: UUID
    reached: int
    cut: Cut | None

    @property
    def reached_without(self) -> int:
        return self.reached - (len(self.cut.protects) if self.cut else 0)


def opened_by(estate: Estate, *, links: Collection[UUID], group: str) -> set[UUID]:
    """The edges of an estate that an access opens: those named, and all of its group."""
    return {edge.id for edge in estate.edges if edge.id in links or (group and edge.group == group)}


def saved_by_removing(estate: Estate, edges: Collection[UUID], starts: Collection[UUID], *, on: date) -> list[Saved]:
    """For each start by itself, the most protected first: the access is used from there, and then it is gone."""
    found = []
    for start in starts:
        radius = blast_radius(estate, on=on, starts=[start])
        usable = set(edges) & set(radius.edges)
        cut = what_if(estate, radius, usable) if usable else None
        found.append(Saved(start, len(radius.organisations), cut))
    names = {system.id: system.name for system in estate.systems}
    return sorted(found, key=lambda each: (-len(each.cut.protects) if each.cut else 1, names[each.start]))
