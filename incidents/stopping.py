"""What stops with a system that is taken off, and for whom. Pure: an estate in, organisations with their reason out.

Not a breach: an intruder walks every link, but only where a link *carries* (the next system cannot work without it)
does the next system stop too. The database walks the same way and has the last word (`sec.stopped_with`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext

from incidents.estate import Estate, Stand
from portal.reasons import clause, clause_in_words

# Kept and sent in English, and read in the reader's language.
USES, RUNS = clause("%(name)s uses %(system)s"), clause("%(name)s runs %(system)s")
WITHOUT = ", which cannot work without "
HANGS_ON = clause("which cannot work without %(system)s")


@dataclass(frozen=True, slots=True)
class Stopped:
    """One organisation: what stops for it, the nearest first, and why in words. `critical`: lives hang on it."""

    organisation: UUID
    name: str
    because: str
    distance: int
    services: tuple[str, ...]
    critical: bool


def stopped(estate: Estate, starts: Collection[UUID], *, apart_from: UUID) -> list[Stopped]:
    """Everybody for whom work on `starts` stops something, nearest first, then by name; without whoever works."""
    names = {system.id: system.spoken or system.name for system in estate.systems}
    came_from = _walk(estate, starts)
    stands: dict[UUID, list[Stand]] = {}
    for stand in estate.stands:
        if stand.system in came_from:
            stands.setdefault(stand.organisation, []).append(stand)
    runs: dict[UUID, list[UUID]] = {}
    for system in estate.systems:
        for who in dict.fromkeys((system.owner, system.provider)):
            if who is not None and system.id in came_from:
                runs.setdefault(who, []).append(system.id)
    found = []
    for organisation in (stands.keys() | runs.keys()) - {apart_from}:
        own = stands.get(organisation, [])
        hangs_on = [stand.system for stand in own] or runs[organisation]
        nearest = min(hangs_on, key=lambda system: (len(_chain(came_from, system)), names[system]))
        chain = _chain(came_from, nearest)
        name = estate.organisation[organisation].name
        begins = (USES if own else RUNS) % {"name": name, "system": names[nearest]}
        found.append(
            Stopped(
                organisation=organisation,
                name=name,
                because=WITHOUT.join([begins, *(names[system] for system in chain[1:])]) + ".",
                distance=len(chain) - 1,
                services=tuple(dict.fromkeys(service for stand in own for service in stand.services)),
                critical=any(stand.safety_critical for stand in own),
            )
        )
    return sorted(found, key=lambda each: (each.distance, each.name))


def because_in_words(because: str) -> str:
    """Why work stops something for an organisation, in the reader's language; what is no such reason as it is."""
    begins, *links = because.removesuffix(".").split(WITHOUT)
    said = clause_in_words(begins, (USES, RUNS)) if because.endswith(".") else None
    if said is None:
        return because
    return ", ".join([said, *(gettext(HANGS_ON) % {"system": each} for each in links)]) + "."


def _walk(estate: Estate, starts: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Every system that stops, with the one that stops it (None: it is worked on itself), by the shortest way."""
    names = {system.id: system.name for system in estate.systems}
    out: dict[UUID, list[UUID]] = {}
    for edge in estate.edges:
        if edge.carries and not edge.is_cut:
            out.setdefault(edge.source, []).append(edge.target)
    came_from: dict[UUID, UUID | None] = dict.fromkeys(sorted(starts, key=lambda system: names[system]))
    waiting = deque(came_from)
    while waiting:
        system = waiting.popleft()
        for target in sorted(out.get(system, ()), key=lambda each: names[each]):
            if target not in came_from:
                came_from[target] = system
                waiting.append(target)
    return came_from


def _chain(came_from: dict[UUID, UUID | None], system: UUID) -> list[UUID]:
    """From a system back to the one that is worked on."""
    chain = [system]
    while (before := came_from[chain[-1]]) is not None:
        chain.append(before)
    return chain
