"""How much hangs on one system or one provider: the same walk from every start that an organisation may name.

Figures alone, no paths, so that each start costs one walk and the whole page one read of the register.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal
from uuid import UUID

import orjson
from django.db import connections

from incidents.estate import STOPPED, Estate
from incidents.register import estate_of
from incidents.walk import reach

REASON = "concentration"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one start takes with it.

    Attributes:
        organisations: councils and providers in the radius.
        people: people served by the systems involved, each organisation's once; nobody's number of stolen records.
        critical: systems with a safety-critical service.
        if_claims_hold: organisations in the radius if every claimed barrier stood. A test out of date is a claim.
    """

    organisations: int
    people: int
    critical: int
    if_claims_hold: int

    @property
    def saved(self) -> int:
        return self.organisations - self.if_claims_hold


@dataclass(frozen=True, slots=True)
class Start:
    """A system by itself, or everything that one provider runs of what the organisation may name."""

    kind: Literal["system", "provider"]
    slug: str
    name: str
    figures: Figures

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.slug}"


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def quarter_before(quarter: date) -> date:
    return (
        quarter.replace(year=quarter.year - 1, month=10)
        if quarter.month == 1
        else quarter.replace(month=quarter.month - 3)
    )


def quarter_after(quarter: date) -> date:
    return (
        quarter.replace(year=quarter.year + 1, month=1)
        if quarter.month == 10
        else quarter.replace(month=quarter.month + 3)
    )


def own_estate(*, by_chore: bool = False) -> tuple[list[UUID], Estate]:
    """The systems that the organisation may name, and all that can be walked from them: one read, recorded once."""
    asked = "sec.edges_for_chore(%s)" if by_chore else "sec.edges_from(sec.my_systems(), %s)"
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT sec.my_systems(), {asked}::text", [REASON])
        mine, document = cursor.fetchone()
    return list(mine), estate_of(orjson.loads(document))


def concentration(estate: Estate, mine: Sequence[UUID], *, on: date) -> list[Start]:
    """Every start with its figures: most organisations first, then safety-critical services, people, name.

    Args:
        mine: the systems that may be named; every one must be in the estate.
        on: the day on which barriers have to be in date.
    """
    doubts = estate.doubts(on)
    held = list(doubts)
    for edge in estate.claimed:
        held[edge] = STOPPED
    run: defaultdict[UUID, list[int]] = defaultdict(list)
    found = []
    for at in estate.numbers_of(mine):
        system = estate.by_name[at]
        found.append(Start("system", system.slug, system.name, _figures(estate, [at], doubts, held)))
        if system.provider in estate.organisation:
            run[system.provider].append(at)
    for provider, starts in run.items():
        runs = estate.organisation[provider]
        found.append(Start("provider", runs.slug, runs.name, _figures(estate, starts, doubts, held)))
    return sorted(found, key=_rank)


def figures_of(starts: Iterable[Start]) -> dict[str, dict[str, int]]:
    """As a snapshot keeps them."""
    return {start.key: asdict(start.figures) for start in starts}


def change_since(now: Figures, before: Mapping[str, int] | None) -> tuple[int, int, int, int] | None:
    """Organisations, people, critical services and what claims save, less those of then. None: it was not there."""
    if before is None:
        return None
    then = Figures(**before)
    return (
        now.organisations - then.organisations,
        now.people - then.people,
        now.critical - then.critical,
        now.saved - then.saved,
    )


def _rank(start: Start) -> tuple[int, int, int, str, str]:
    each = start.figures
    return -each.organisations, -each.critical, -each.people, start.name, start.slug


def _figures(estate: Estate, starts: Sequence[int], doubts: Sequence[int], held: Sequence[int]) -> Figures:
    organisations: set[UUID] = set()
    people: dict[UUID, int] = {}
    critical = 0
    for at in _reached(estate, starts, doubts):
        organisations |= {anchor.organisation for _, anchor in estate.anchors[at]}
        stands = estate.stands_on(at)
        critical += any(stand.safety_critical for stand in stands)
        for stand in stands:
            people[stand.organisation] = max(people.get(stand.organisation, 0), stand.people_served)
    kept = {anchor.organisation for at in _reached(estate, starts, held) for _, anchor in estate.anchors[at]}
    return Figures(len(organisations), sum(people.values()), critical, len(kept))


def _reached(estate: Estate, starts: Sequence[int], doubts: Sequence[int]) -> list[int]:
    return [at for at, seen in enumerate(reach(estate, starts, doubts)) if seen]
