"""What is known when it is delivered again, and what is not; hostile names on their way into the database."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from psycopg.errors import DeadlockDetected

from monitoring.access import blocks, taking
from monitoring.access.ahead import read_ahead
from monitoring.access.blocks import blocks_of
from monitoring.access.ingest import source_named, take_stream
from monitoring.access.storing import array, store
from monitoring.models import Coverage, Sight, Source, Unattributed
from monitoring.records.reading import reader_of
from partners.models import SharedSystem

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 3, 12, 40, tzinfo=UTC)


def line(account: str, **more: Any) -> bytes:
    said = {"at": NOON.isoformat(), "account": account, "resource": "file-02", "resource_organisation": "coldharbour"}
    return json.dumps({**said, **more}).encode() + b"\n"


def take(*lines: bytes, form: str = "normal", days: int = 1, **how: Any) -> tuple[int, int, int, int]:
    reader = reader_of(form, now=lambda: NOON + timedelta(days=days), **how)
    totals = take_stream(source_named("SIEM", form), reader, list(lines), nullcontext)
    return totals.accepted, totals.duplicates, totals.rejected, totals.first_sights


def test_a_block_of_which_every_line_was_refused_is_no_duplicate_later(inside):
    """A clock that was ahead, put right the day after."""
    with inside("ashbourne"):
        lines = [line("ann@ashbourne", at=(NOON + timedelta(days=3)).isoformat())]
        assert take(*lines) == (0, 0, 1, 0)
        assert take(*lines, days=5) == (1, 0, 0, 1)
        assert take(*lines, days=5) == (0, 1, 0, 0)


def test_the_same_rows_read_otherwise_are_other_records(inside):
    rows = [b"Time,User,Host,Of\n", b"2026-11-03T12:40:00,ann@ashbourne,file-02,coldharbour\n"]
    columns = {"at": "Time", "account": "User", "resource": "Host", "resource_organisation": "=coldharbour"}
    with inside("ashbourne"):
        assert take(*rows, form="csv", mapping=columns)[2:] == (0, 1)
        assert take(*rows, form="csv", mapping=columns)[1] == 2, "known again"
        assert take(*rows, form="csv", mapping={**columns, "resource_organisation": "=dunmere"})[2:] == (0, 1)
        assert take(*rows, form="csv", mapping=columns, zone="Europe/Athens")[1] < 2, "it was two hours earlier"
        assert Sight.objects.order_by("first_at").first().first_at == NOON - timedelta(hours=2)


def counted() -> list[tuple[Any, ...]]:
    """What the pages say of the source: its totals, names that nobody knows, since when it tells of which system."""
    totals = Source.objects.values_list("accepted", "duplicates", "rejected", "first_at", "last_at")
    names = Unattributed.objects.order_by("value").values_list("value", "times")
    return [*totals, *names, *Coverage.objects.values_list("system__slug", "first_at", "last_at")]


def test_a_block_is_looked_at_again_once_its_names_are_somebodys_and_counts_once(inside):
    later = NOON + timedelta(hours=1)
    lines = [
        line("ann@ash.example"),
        line("bob@nobody.example"),
        line("cat@ashbourne", resource="dc-07", resource_organisation="", at=later.isoformat()),
        b"no line\n",
    ]
    with inside("ashbourne"):
        assert take(*lines) == (3, 0, 1, 0), "nobody knows whose ann is"
        unknown = [("ash.example", 1), ("dc-07", 1), ("nobody.example", 1)]
        assert counted() == [(3, 0, 1, NOON, later), *unknown]
        assert take(*lines) == (0, 4, 0, 0)
    with inside("gravenhurst", role="administrator"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name('host', 'grave-01', sec.me(), NULL)")
    with inside("ashbourne"):
        assert take(*lines) == (0, 4, 0, 0), "a machine of a stranger's changes nothing for Ashbourne"
        assert counted() == [(3, 8, 1, NOON, later), *unknown]
    with inside("ashbourne", role="administrator"), connections["default"].cursor() as cursor:
        system = SharedSystem.objects.get(slug="identity-platform").pk
        cursor.execute("SELECT sec.claim_name('domain', 'ash.example', sec.me(), NULL)")
        cursor.execute("SELECT sec.claim_name('host', 'dc-07', sec.me(), %s)", [system])
    with inside("ashbourne"):
        assert take(*lines) == (0, 4, 0, 1)
        assert Sight.objects.get().shown == "ann@ash.example"
        told = ("identity-platform", later, later)
        assert counted() == [(3, 12, 1, NOON, later), ("nobody.example", 1), told]
    with inside("gravenhurst"):
        assert not Sight.objects.exists()


def test_a_group_of_old_and_new_blocks_counts_the_new_ones_alone(inside, monkeypatch):
    monkeypatch.setattr(blocks, "MEBIBYTE", 300)
    lines = [line(f"u{nth}@ash.example", id=f"e{nth}") for nth in range(12)]
    assert 3 <= len(list(blocks_of(lines, reader_of("normal")))) <= taking.AT_ONCE
    with inside("ashbourne"):
        assert take(*lines[:8]) == (8, 0, 0, 0)
    with inside("ashbourne", role="administrator"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.claim_name('domain', 'ash.example', sec.me(), NULL)")
    with inside("ashbourne"):
        assert take(*lines) == (4, 8, 0, 12)
        assert take(*lines) == (0, 12, 0, 0)
        assert counted()[0][:3] == (12, 20, 0)


def test_names_come_out_of_the_database_as_they_went_in(inside):
    names = ['a"b', "a\\b\\", "{a,b}", "NULL", "null", "a,b", "'; --", "ä\u2028ß", "\\x61", '\\"', ""]
    with inside("ashbourne"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array(names)])
        assert cursor.fetchone() == (names,)
        cursor.execute("SELECT %s::uuid[]", [array([None, "d0a7d5a5-5d0c-4d52-8a0c-0b1b2b6f2f10", None])])
        assert [str(each) for each in cursor.fetchone()[0]] == ["None", "d0a7d5a5-5d0c-4d52-8a0c-0b1b2b6f2f10", "None"]
        cursor.execute("SELECT %s::timestamptz[]", [array([NOON, NOON - timedelta(microseconds=1)])])
        assert cursor.fetchone() == ([NOON, NOON - timedelta(microseconds=1)],)
        with pytest.raises(ValueError, match="NUL"):
            array(["a\0b", "c"])
        hostile = 'ASHBOURNE\\o"neil{,}'
        assert take(line(hostile)) == (1, 0, 0, 1)
        assert Sight.objects.get().shown == hostile


def test_what_is_read_ahead_comes_in_order_and_ends_with_whoever_takes_it():
    lines = [line(f"u{nth}@ashbourne", id=f"e{nth}") for nth in range(60_000)]
    reader, before = reader_of("normal"), threading.active_count()
    plain = list(blocks_of(lines, reader))
    assert len(plain) > 8
    with read_ahead(blocks_of(lines, reader), behind=plain[1].end) as blocks:
        found = list(blocks)
    assert [(each.sha256, each.line, each.end) for each in found] == [(b.sha256, b.line, b.end) for b in plain]
    assert [each.decoded is None for each in found[:3]] == [True, True, False]
    with read_ahead(blocks_of(lines, reader)) as blocks:
        next(blocks)
    assert threading.active_count() == before, "nobody reads on"


def test_an_error_of_reading_is_raised_where_its_block_would_have_come():
    def broken() -> Any:
        yield from [line(f"u{nth}@ashbourne") for nth in range(20_000)]
        raise OSError("the disk is gone")

    with read_ahead(blocks_of(broken(), reader_of("normal"))) as blocks:
        assert next(blocks).lines > 1000
        with pytest.raises(OSError, match="disk"):
            list(blocks)


@pytest.mark.parametrize("form", ["csv", "normal"])
def test_a_group_that_is_taken_again_reads_and_counts_as_before(inside, monkeypatch, form):
    """Two takers met in a deadlock: the first row of a table is a header the second time, too, and no line was met."""
    taken = {
        "csv": [
            b"at,account,resource,resource_organisation\n",
            b"2026-11-03T12:40:00Z,ann@ashbourne,file-02,coldharbour\n",
        ],
        "normal": [line("ann@ashbourne", id="a"), line("ann@ashbourne", id="b", action="logoff"), line("x@y", id="a")],
    }
    failed: list[bool] = []

    def fails_once(*given: Any) -> int:
        if not failed:
            failed.append(True)
            raise OperationalError("deadlock") from DeadlockDetected()
        return store(*given)

    monkeypatch.setattr(taking, "store", fails_once)
    with inside("ashbourne"):
        reader = reader_of(form, now=lambda: NOON + timedelta(days=1))
        totals = take_stream(source_named("SIEM", form), reader, taken[form], transaction.atomic)
        assert failed
        assert (totals.accepted, totals.duplicates) == ((2, 0) if form == "csv" else (2, 1))
        assert (totals.rejected, totals.first_sights) == (0, 1)
