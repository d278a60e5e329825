"""Who is on duty when. Pure: a rota and an instant in, a person or a contractor out. `sec.on_duty` says the same.

A weekly pattern is written in local time. A wall-clock time that comes twice (the clocks go back) or not at all (they
go forward) is read in winter time, so that lines which follow each other neither overlap nor leave a gap on those days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from partners.models import DutyOverride, DutyShift, Person

LOCAL = ZoneInfo(settings.LOCAL_TIME_ZONE)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Whose:
    """A person of the organisation, or its contractor: one of the two."""

    person_id: UUID | None = None
    contractor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A line of the weekly pattern: 0 is Monday; `ends` not after `starts` ends the day after."""

    weekday: int
    starts: time
    ends: time
    whose: Whose
    order: int = 1
    id: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    starts_at: datetime
    ends_at: datetime
    whose: Whose
    made_at: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Rota:
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shifts or self.overrides)

    @property
    def people(self) -> frozenset[UUID]:
        """Everybody who is ever on duty by the weekly pattern."""
        return frozenset(each.whose.person_id for each in self.shifts if each.whose.person_id)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one change of duty to the next; `whose` None is nobody."""

    starts_at: datetime
    ends_at: datetime
    whose: Whose | None


def instant_of(day: date, at: time) -> datetime:
    """A local wall-clock time as an instant; of two readings the one in winter time, which is the later."""
    local = datetime.combine(day, at, LOCAL)
    return max(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def _span(shift: Shift, day: date) -> tuple[datetime, datetime]:
    last = day + DAY if shift.ends <= shift.starts else day
    return instant_of(day, shift.starts), instant_of(last, shift.ends)


def who_is_on_duty(rota: Rota, at: datetime) -> Whose | None:
    """Whoever is on duty at an instant; None is nobody. An override counts before the pattern, the newest first."""
    overrides = [each for each in rota.overrides if each.starts_at <= at < each.ends_at]
    if overrides:
        return min(overrides, key=lambda each: (-each.made_at.timestamp(), each.id)).whose
    today = at.astimezone(LOCAL).date()
    running = [
        (shift.order, begins, shift.id, shift.whose)
        for shift in rota.shifts
        for day in (today, today - DAY)
        if day.weekday() == shift.weekday
        for begins, finishes in [_span(shift, day)]
        if begins <= at < finishes
    ]
    return min(running, key=lambda each: each[:3])[3] if running else None


def stretches(rota: Rota, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The time from `start` to `end`, cut wherever duty may change."""
    edges = {start, end}
    for each in rota.overrides:
        edges |= {each.starts_at, each.ends_at}
    day = start.astimezone(LOCAL).date() - DAY
    while day <= end.astimezone(LOCAL).date():
        for shift in rota.shifts:
            if shift.weekday == day.weekday():
                edges |= set(_span(shift, day))
        day += DAY
    cuts = sorted(edge for edge in edges if start <= edge <= end)
    for begins, finishes in pairwise(cuts):
        yield Stretch(begins, finishes, who_is_on_duty(rota, begins))


def gaps(rota: Rota, start: datetime, end: datetime) -> list[Stretch]:
    """When nobody is on duty, neighbouring stretches joined."""
    found: list[Stretch] = []
    for each in stretches(rota, start, end):
        if each.whose is not None:
            continue
        if found and found[-1].ends_at == each.starts_at:
            each = Stretch(found.pop().starts_at, each.ends_at, None)
        found.append(each)
    return found


def rota_now(now: datetime) -> Rota:
    """The rota of the organisation of the open scope, as it is from `now` on. Whoever is switched off is nobody.

    Three queries.
    """
    active = set(Person.objects.filter(is_active=True).values_list("pk", flat=True))
    shifts = DutyShift.objects.values_list("weekday", "starts", "ends", "person_id", "contractor_id", "order", "id")
    overrides = DutyOverride.objects.filter(ends_at__gt=now - DAY).values_list(
        "starts_at", "ends_at", "person_id", "contractor_id", "made_at", "id"
    )
    return Rota(
        tuple(
            Shift(weekday, starts, ends, Whose(person, contractor), order, str(pk))
            for weekday, starts, ends, person, contractor, order, pk in shifts
            if person is None or person in active
        ),
        tuple(
            Override(starts, ends, Whose(person, contractor), made, str(pk))
            for starts, ends, person, contractor, made, pk in overrides
            if person is None or person in active
        ),
    )


def person_on_duty(now: datetime) -> UUID | None:
    """The person of the organisation of the open scope who is on duty; None when it is nobody, or a contractor."""
    whose = who_is_on_duty(rota_now(now), now)
    return whose.person_id if whose else None


def held_back(told: Sequence[tuple[UUID, int | None]], severity: int | None) -> set[UUID]:
    """Who is told alongside only from a worse severity on than this. `told` are people with theirs; 1 is the worst.

    An incident whose severity nobody has said yet holds nobody back.
    """
    if severity is None:
        return set()
    wanted = {person for person, least in told if least is None or severity <= least}
    return {person for person, _ in told} - wanted
