"""Who is on duty, against a reference written by hand: minute by minute over a year, both clock changes included."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import psycopg
import pytest

from partners.duty import Override, Rota, Shift, Whose, gaps, held_back, instant_of, stretches, who_is_on_duty

DAY_PERSON, NIGHT, SPARE, FIRM = Whose(uuid4()), Whose(uuid4()), Whose(uuid4()), Whose(None, uuid4())
HOUR = timedelta(hours=1)
# Office hours one person, nights another from 17:30 to 08:00, weekends the firm; Wednesday 12 to 13 has a second line
# of lower order; Friday night is left open.
WEEK = Rota(
    tuple(Shift(day, time(8), time(17, 30), DAY_PERSON, 2) for day in range(5))
    + tuple(Shift(day, time(17, 30), time(8), NIGHT, 2) for day in range(4))
    + (Shift(5, time(8), time(8), FIRM, 2), Shift(6, time(8), time(8), FIRM, 2))
    + (Shift(2, time(12), time(13), SPARE, 1),),
    (
        Override(
            datetime(2026, 12, 24, 8, tzinfo=UTC), datetime(2026, 12, 27, 8, tzinfo=UTC), SPARE,
            datetime(2026, 11, 1, tzinfo=UTC),
        ),
        Override(
            datetime(2026, 12, 25, 8, tzinfo=UTC), datetime(2026, 12, 25, 20, tzinfo=UTC), FIRM,
            datetime(2026, 11, 2, tzinfo=UTC),
        ),
    ),
)  # fmt: skip
# Summer time by the rule of the Summer Time Order 2002: from 01:00 UTC on the last Sunday of March to that of October.
SUMMER_2026 = (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC))


def wall_clock(at: datetime) -> datetime:
    return (at + HOUR if SUMMER_2026[0] <= at < SUMMER_2026[1] else at).replace(tzinfo=None)


def by_hand(at: datetime) -> Whose | None:
    """The week above, read off a wall clock."""
    if datetime(2026, 12, 25, 8, tzinfo=UTC) <= at < datetime(2026, 12, 25, 20, tzinfo=UTC):
        return FIRM
    if datetime(2026, 12, 24, 8, tzinfo=UTC) <= at < datetime(2026, 12, 27, 8, tzinfo=UTC):
        return SPARE
    local = wall_clock(at)
    day, minute = local.weekday(), local.hour * 60 + local.minute
    if day == 2 and 12 * 60 <= minute < 13 * 60:
        return SPARE
    if minute < 8 * 60:  # the night that began the day before
        return {0: FIRM, 1: NIGHT, 2: NIGHT, 3: NIGHT, 4: NIGHT, 5: None, 6: FIRM}[day]
    if day < 5:
        if minute < 17 * 60 + 30:
            return DAY_PERSON
        return NIGHT if day < 4 else None
    return FIRM


def test_a_year_is_as_a_wall_clock_says() -> None:
    at, end, checked = datetime(2026, 1, 1, 0, 10, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), 0
    while at < end:
        assert who_is_on_duty(WEEK, at) == by_hand(at), at
        at, checked = at + timedelta(minutes=37), checked + 1
    assert checked > 14_000


@pytest.mark.parametrize("night", [date(2026, 3, 29), date(2026, 10, 25)])
def test_every_minute_of_both_clock_changes(night: date) -> None:
    at = datetime.combine(night, time(0), UTC) - timedelta(hours=2)
    for _ in range(8 * 60):
        assert who_is_on_duty(WEEK, at) == by_hand(at), at
        at += timedelta(minutes=1)


def test_lines_that_follow_each_other_inside_the_missing_and_the_double_hour_leave_no_gap() -> None:
    rota = Rota((Shift(6, time(0), time(1, 30), DAY_PERSON), Shift(6, time(1, 30), time(6), NIGHT)))
    # 01:30 does not exist on 29 March and comes twice on 25 October: both are read in winter time.
    assert instant_of(date(2026, 3, 29), time(1, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert instant_of(date(2026, 10, 25), time(1, 30)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        start, end = instant_of(day, time(0)), instant_of(day, time(6))
        assert gaps(rota, start, end) == []
        assert [each.whose for each in stretches(rota, start, end)] == [DAY_PERSON, NIGHT]


def test_gaps_are_nobody_and_joined() -> None:
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    found = gaps(WEEK, monday, monday + timedelta(days=7))
    # Friday 17:30 to Saturday 08:00, in summer time.
    assert [(each.starts_at, each.ends_at) for each in found] == [
        (datetime(2026, 6, 5, 16, 30, tzinfo=UTC), datetime(2026, 6, 6, 7, tzinfo=UTC))
    ]
    assert who_is_on_duty(Rota(), monday) is None
    assert len(gaps(Rota(), monday, monday + timedelta(days=7))) == 1


def test_who_is_told_alongside_only_when_it_is_bad() -> None:
    always, bad, both = uuid4(), uuid4(), uuid4()
    told = [(always, None), (bad, 2), (both, 1), (both, 4)]
    assert held_back(told, None) == set()
    assert held_back(told, 1) == set()
    assert held_back(told, 3) == {bad}
    assert held_back(told, 5) == {bad, both}


@pytest.mark.django_db(transaction=True)
def test_the_database_says_the_same(owner_url: str, cast: object) -> None:
    """`sec.on_duty` and the pure function, on random rotas at random minutes and around the clock changes."""
    draw = random.Random(2026)
    with psycopg.connect(owner_url) as owner:
        org = cast.id("dunmere")  # type: ignore[attr-defined]
        people = [pk for (pk,) in owner.execute(
            "SELECT id FROM partners_person WHERE organisation_id = %s AND is_active ORDER BY id LIMIT 3", [org]
        ).fetchall()]  # fmt: skip
        owner.execute("DELETE FROM partners_dutyshift WHERE organisation_id = %s", [org])
        owner.execute("DELETE FROM partners_dutyoverride WHERE organisation_id = %s", [org])
        shifts, overrides = [], []
        for _ in range(40):
            shift = Shift(
                draw.randrange(7), time(draw.randrange(24), draw.choice([0, 30])),
                time(draw.randrange(24), draw.choice([0, 30])), Whose(draw.choice(people)), draw.randrange(1, 4),
                str(uuid4()),
            )  # fmt: skip
            shifts.append(shift)
            owner.execute(
                'INSERT INTO partners_dutyshift (id, organisation_id, weekday, starts, ends, person_id, "order")'
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [shift.id, org, shift.weekday, shift.starts, shift.ends, shift.whose.person_id, shift.order],
            )
        begin = datetime(2026, 3, 28, tzinfo=UTC)
        for nth in range(6):
            starts = begin + timedelta(hours=draw.randrange(48))
            each = Override(starts, starts + timedelta(hours=draw.randrange(1, 30)), Whose(draw.choice(people)),
                            begin - timedelta(days=nth), str(uuid4()))  # fmt: skip
            overrides.append(each)
            owner.execute(
                "INSERT INTO partners_dutyoverride (id, organisation_id, starts_at, ends_at, person_id, note, made_at)"
                " VALUES (%s, %s, %s, %s, %s, '', %s)",
                [each.id, org, each.starts_at, each.ends_at, each.whose.person_id, each.made_at],
            )
        rota = Rota(tuple(shifts), tuple(overrides))
        moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(365 * 1440)) for _ in range(400)]
        for change in SUMMER_2026:
            moments += [change + timedelta(minutes=30 * n) for n in range(-8, 9)]
        moments += [begin + timedelta(minutes=47 * n) for n in range(90)]
        said = owner.execute(
            "SELECT (SELECT d.person_id FROM sec.on_duty(%s, m.at) d) FROM unnest(%s::timestamptz[])"
            " WITH ORDINALITY m(at, n) ORDER BY m.n",
            [org, moments],
        ).fetchall()
    ours = [found.person_id if (found := who_is_on_duty(rota, at)) else None for at in moments]
    assert [person for (person,) in said] == ours
    assert len(set(ours)) == 4  # three people and nobody
