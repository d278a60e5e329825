"""Odd streams: lines that are no one record, endless names, more than the database takes in time."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connections

from monitoring.access import blocks, taking, whose
from monitoring.access.blocks import blocks_of
from monitoring.access.ingest import source_named
from monitoring.access.taking import Taker
from monitoring.access.totals import Totals
from monitoring.access.words import Known
from monitoring.models import Sight
from monitoring.records.reading import reader_of
from tests.monitoring.test_taking import COLD, line, take

pytestmark = pytest.mark.django_db
BOB = line("bob@ashbourne", **COLD)
SEVERAL_LINES = BOB.replace(b'", "', b'",\n"')  # the same object, pretty-printed


@pytest.mark.parametrize("ids", [False, True])
@pytest.mark.parametrize(
    ("odd", "refused"),
    [
        ([BOB.strip() + BOB], [2]),
        ([SEVERAL_LINES], [2, 3, 4, 5]),
        ([BOB.strip() * 4 + b"\n", SEVERAL_LINES], [2, 3, 4, 5, 6]),  # five records in five lines
        ([BOB.strip() + b" \n", BOB.strip() + b"\r\n"], []),
    ],
)
def test_a_line_that_is_no_one_record_is_refused_by_its_number_and_all_others_are_taken(inside, odd, refused, ids):
    """The decoder itself would take two records of one line, and one of several."""
    good = [line(f"u{nth}@ashbourne", **COLD, **({"id": f"e{nth}"} if ids else {})) for nth in range(2)]
    if ids:
        odd = [each.replace(b'{"at"', b'{"id": "%d", "at"' % nth) for nth, each in enumerate(odd)]
    with inside("ashbourne"):
        totals = take(good[0], *odd, good[1])
        assert [each["line"] for each in totals.rejections] == refused
        assert {each["reason"] for each in totals.rejections} <= {"not-json", "not-an-object"}
        assert totals.accepted + totals.duplicates == (2 if refused else 4)
        kept = {"u0@ashbourne", "u1@ashbourne"} if refused else {"u0@ashbourne", "u1@ashbourne", "bob@ashbourne"}
        assert set(Sight.objects.values_list("shown", flat=True)) == kept


def test_a_stream_of_long_names_holds_no_more_of_them_than_a_few_megabytes():
    known = Known()
    for nth in range(20):
        known = known.or_new()
        known.machines.numbers([f"{nth} {each}".ljust(1500) for each in range(600)])
    assert sum(map(len, known.machines)) < 9_000_000
    assert known.names.numbers([("ann", "ashbourne", None), "ann", ("ann", "ashbourne", None)]) == [0, 1, 0]


@pytest.mark.parametrize(("most", "groups"), [(2, [2, 2, 2, 1]), (1, [1] * 7), (0, [])])
def test_a_group_that_takes_the_database_too_long_is_taken_in_halves(inside, monkeypatch, most, groups):
    monkeypatch.setattr(blocks, "MEBIBYTE", 150)
    lines = [line(f"u{nth}@ashbourne", id=f"e{nth}", **COLD) for nth in range(7)]
    assert len(list(blocks_of(lines, reader_of("normal")))) == 7
    assert taking.FIRST == 4
    with inside("ashbourne"):
        source = source_named("SIEM", "normal")
    written: list[int] = []

    def note(totals: Totals) -> None:
        if totals.accepted - sum(written) > most:
            with connections["default"].cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 20")
                cursor.execute("SELECT pg_sleep(5)")
        written.append(totals.accepted - sum(written))

    taker = Taker(source, reader_of("normal"), lambda: inside("ashbourne"), note=note)
    if groups:
        totals = taker.take(blocks_of(lines, reader_of("normal")))
        assert (totals.accepted, totals.duplicates, totals.first_sights) == (7, 0, 7)
    else:
        with pytest.raises(OperationalError):
            taker.take(blocks_of(lines, reader_of("normal")))
    assert written == groups
    with inside("ashbourne"):
        assert Sight.objects.count() == sum(groups)


@pytest.mark.parametrize("odd_at", [0, 1, 2])
def test_no_odd_name_speaks_for_the_others_of_its_domain(inside, monkeypatch, odd_at):
    """Small letters make 520 of these 260, and no name has so many."""
    names = ["ann@ashbourne", "bob@ashbourne"]
    names.insert(odd_at, "İ" * 260 + "@ashbourne")
    monkeypatch.setattr(blocks, "MEBIBYTE", 2000)
    lines = [line(name, **COLD) for name in names]
    later = [line(f"u{nth}@ashbourne", **COLD) for nth in range(30)]
    with inside("ashbourne"):
        assert len(list(blocks_of(lines + later, reader_of("normal")))) > 1
        take(*lines, *later)
        found = set(Sight.objects.values_list("shown", flat=True))
        assert found >= {"ann@ashbourne", "bob@ashbourne", *(f"u{nth}@ashbourne" for nth in range(30))}


def test_what_is_forgotten_for_want_of_room_is_asked_again(inside, monkeypatch):
    monkeypatch.setattr(whose, "REMEMBERED", 1)
    monkeypatch.setattr(blocks, "MEBIBYTE", 150)
    lines = [line("ann@ashbourne", f"s{nth}.nobody.example", **COLD) for nth in range(12)]
    with inside("ashbourne"):
        assert take(*lines).first_sights == 12
