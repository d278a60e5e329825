"""Who is on which rung of the entered organisation's ladder, and by which ways they are called now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connections

from incidents.models import Incident
from notifications.recipients import Way
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.duty import person_on_duty
from partners.ladder import band_of, minutes_of, people_on_rungs
from partners.models import Band, Rung
from portal.reasons import reason

RUNGS = tuple(Rung)
LONGEST_MINUTES = 240
TOGETHER = frozenset({Band.WORST, Band.SERIOUS})  # by every way at once: text and e-mail
QUIET = frozenset({Band.LOW})  # waits for the day
DESK_RINGS = reason("Only a telephone number can be used. Call the duty desk.")
SOMEBODY_RINGS = reason("Only a telephone number can be used. Somebody has to ring it.")
NOT_TRUSTED = reason("No recorded way of theirs can be trusted at present.")
NO_WAY = reason("No way to reach them is recorded.")
NOBODY_ON_DUTY = reason("Nobody is on duty, and the duty desk has no way.")
NOBODY_NAMED = reason("Nobody is named.")


@dataclass(slots=True)
class Call:
    """One rung as it would be called now. `because` says why nobody can be; `by_telephone`: only a person can."""

    rung: Rung
    round: int
    people: frozenset[UUID] = frozenset()
    use: list[Way] = field(default_factory=list)
    skip: list[tuple[Way, str]] = field(default_factory=list)
    by_telephone: bool = False
    because: str = ""

    @property
    def possible(self) -> bool:
        return self.counts or self.by_telephone

    @property
    def counts(self) -> bool:
        """Whether it calls somebody, and not only a channel or a browser."""
        return any(not way.is_beside for way in self.use)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ladder of one organisation for one incident, as its register has it at `now`, the database's."""

    now: datetime
    band: Band
    minutes: int
    on_duty: UUID | None
    people: Mapping[Rung, UUID]
    ways: tuple[Way, ...]  # a doubt that the incident brings is in them
    telephones: frozenset[UUID]  # people whom somebody may ring, by the call list's rule

    def minutes_in(self, round_: int) -> int:
        """Each time round, every rung has twice the time."""
        return max(self.minutes, min(self.minutes * 2 ** min(round_ - 1, 10), LONGEST_MINUTES))

    def call(self, rung: Rung, round_: int, *, colleague: UUID | None = None) -> Call:
        """Whom this rung calls, by which ways. `colleague` is called instead of whoever stands on it."""
        desk = rung is Rung.DUTY and colleague is None
        person = colleague or (self.on_duty if rung is Rung.DUTY else self.people.get(rung))
        call = Call(rung, round_, frozenset({person} - {None}))  # type: ignore[arg-type]
        if person is not None:
            self._choose(call, [way for way in self.ways if way.person_id == person])
        for way in self.ways:
            if desk and way.person_id is None:
                _sort_out(call, way)
        if not call.counts:
            call.by_telephone = person in self.telephones
            call.because = _why(call, person)
        return call

    def _choose(self, call: Call, ways: list[Way]) -> None:
        """By every kind of way together when it is urgent; else by one, and by another one each time round.

        What a person has beside comes with each of these.
        """
        trusted = [way for way in ways if not way.doubt and not way.is_beside]
        if self.band in TOGETHER:
            trusted = list({way.kind: way for way in reversed(trusted)}.values())[::-1]
        elif trusted:
            trusted = [trusted[(call.round - 1) % len(trusted)]]
        call.use += [*trusted, *(way for way in ways if way.is_beside and not way.doubt)]
        call.skip += [(way, way.doubt) for way in ways if way.doubt]

    def following(self, rung: Rung | None, round_: int) -> Iterator[tuple[Rung, int]]:
        """The rungs after this one to the top, then once round again. None: from the beginning."""
        start = 0 if rung is None else RUNGS.index(rung) + 1
        yield from ((each, round_) for each in RUNGS[start:])
        yield from ((each, round_ + 1) for each in RUNGS)


def ladder_now(incident: Incident) -> Ladder:
    """The ladder of the entered organisation, with the database's time. Doubts what the incident can reach."""
    now = database_now()
    band = band_of(incident.severity)
    doubts = mark_doubtful(incident)
    return Ladder(
        now,
        band,
        minutes_of(band),
        person_on_duty(now),
        people_on_rungs(),
        tuple(Way(way.id, way.person_id, way.kind, doubts.get(way.id) or way.doubt) for way in active_ways()),
        people_to_ring(incident),
    )


def people_to_ring(incident: Incident) -> frozenset[UUID]:
    """Whom a person may ring about the incident, by the call list's own rule; the others have no number that helps."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.people_to_ring(%s, %s)", [incident.pk, list(settings.SENT_WAYS)])
        return frozenset(person for (person,) in cursor.fetchall())


def database_now() -> datetime:
    """The database's time: what is due follows it, whatever a worker's own clock says."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    return now


def _sort_out(call: Call, way: Way) -> None:
    if way.doubt:
        call.skip.append((way, way.doubt))
    else:
        call.use.append(way)


def _why(call: Call, person: UUID | None) -> str:
    if call.by_telephone:
        return DESK_RINGS if call.rung is Rung.DUTY else SOMEBODY_RINGS
    if call.skip:
        return NOT_TRUSTED
    if person is not None:
        return NO_WAY
    return NOBODY_ON_DUTY if call.rung is Rung.DUTY else NOBODY_NAMED
