"""Records on their one path into the database: each line counted once, each crossing kept once."""

from __future__ import annotations

import json
import random
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from monitoring.access import blocks, columns, normal_lines
from monitoring.access.ingest import source_named, take_stream
from monitoring.models import AccessChange, Coverage, Sight, Source, Unattributed
from monitoring.records.reading import reader_of
from portal import clock

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 3, 12, 40, tzinfo=UTC)


def line(account: str = "svc-backup@ashbourne", resource: str = "file-02", minute: int = 0, **more: Any) -> bytes:
    at = NOON + timedelta(minutes=minute)
    return json.dumps({"at": at.isoformat(), "account": account, "resource": resource, **more}).encode() + b"\n"


COLD = {"resource_organisation": "coldharbour"}


def take(*lines: bytes, name: str = "SIEM") -> Any:
    reader = reader_of("normal", now=lambda: NOON + timedelta(days=1))
    return take_stream(source_named(name, "normal"), reader, list(lines), nullcontext)


def counts(totals: Any) -> tuple[int, int, int, int]:
    return totals.accepted, totals.duplicates, totals.rejected, totals.first_sights


def test_every_line_is_counted_once_and_every_crossing_kept_once(inside):
    with inside("ashbourne"):
        totals = take(
            line(**COLD),
            line(minute=5, **COLD),  # again, later that day
            line(minute=-5, **COLD),  # late: it was first
            line(minute=5, **COLD),  # the very same line
            b"\n",
            line("ann@ashbourne", "file-01", resource_organisation="ashbourne"),
            line("bob@brackenfield", "x", outcome="failure", resource_organisation="ashbourne"),
            b"{}\n",
            b"what\n",
            line("eve@nowhere", "y"),
        )
        assert counts(totals) == (6, 1, 2, 1)
        assert totals.rejections == [{"line": 8, "reason": "missing-field"}, {"line": 9, "reason": "not-json"}]
        kept = {(each.kind, each.shown, each.place): each.first_at for each in Sight.objects.all()}
        assert kept == {
            ("success", "svc-backup@ashbourne", "file-02"): NOON - timedelta(minutes=5),
            ("failure", "bob@brackenfield", "x"): NOON,
        }
        assert {(each.side, each.kind, each.value, each.times) for each in Unattributed.objects.all()} == {
            ("home", "netbios", "nowhere", 1),
            ("place", "host", "y", 1),
        }
        source = Source.objects.get()
        assert (source.accepted, source.duplicates, source.rejected) == (6, 1, 2)
        assert (source.first_at, source.last_at) == (NOON - timedelta(minutes=5), NOON + timedelta(minutes=5))


def test_a_block_that_was_delivered_is_known_again_and_a_crossing_that_stands_there_too(inside):
    lines = [line(**COLD), line("ann@ashbourne", "file-01", resource_organisation="ashbourne")]
    with inside("ashbourne"):
        assert counts(take(*lines)) == (2, 0, 0, 1)
        assert counts(take(*lines)) == (0, 2, 0, 0), "the same block"
        assert counts(take(*lines, line(minute=1, **COLD))) == (2, 1, 0, 0), "another block: the crossing stands there"
        assert counts(take(*lines, name="other")) == (1, 1, 0, 0), "another source, the same crossing"
        assert Sight.objects.count() == 1


def test_what_others_do_among_themselves_is_not_ours_to_say(inside):
    with inside("gravenhurst"):
        assert counts(take(line(**COLD))) == (1, 0, 0, 0)
        assert not Sight.objects.exists()
    with inside("coldharbour"):
        assert not Sight.objects.exists()
    with inside("northgate"):
        # It runs the system: what happens there is its to tell, and not its to read afterwards.
        assert counts(take(line(system="file-services", **COLD))) == (1, 0, 0, 1)
        assert not Sight.objects.exists()
        assert Coverage.objects.get().sign_ins == 1
    for slug in ("ashbourne", "coldharbour"):
        with inside(slug):
            kept = {each.kind: each for each in Sight.objects.all()}
            assert {each.place for each in kept.values()} == {"file-services"}
            assert kept["success"].permission_id is None
            assert kept["lapsed"].permission_id is not None, "its permission lapsed in September"
    with inside("gravenhurst"):
        assert not Sight.objects.exists()


def test_times_that_cannot_be_are_refused_with_their_line(inside):
    with inside("ashbourne"):
        future = line(minute=60 * 24 * 400, **COLD)
        totals = take(line(**COLD), future, line(minute=-60 * 24 * 365 * 40, **COLD))
        assert counts(totals) == (1, 0, 2, 1)
        assert [each["reason"] for each in totals.rejections] == ["future-time", "time-out-of-range"]
        assert clock.now() > NOON


def test_a_table_that_goes_on_after_its_first_block_still_knows_its_columns(inside, monkeypatch):
    monkeypatch.setattr(blocks, "MEBIBYTE", 200)
    head = b"at,account,resource,resource_organisation\n"
    rows = [f"2026-11-03T10:{nth:02}:00Z,u{nth}@ashbourne,file-02,coldharbour\n".encode() for nth in range(9)]

    def take_rows(*chunks: bytes) -> Any:
        reader = reader_of("csv", now=lambda: NOON + timedelta(days=1))
        return take_stream(source_named("table", "csv"), reader, list(chunks), nullcontext)

    with inside("ashbourne"):
        assert counts(take_rows(head, *rows[:5])) == (6, 0, 0, 5), "the first row names the columns"
        totals = take_rows(head, *rows)
        assert totals.rejected == 0
        assert totals.first_sights == 4


def some_lines(seed: int) -> list[bytes]:
    """Lines of every sort, in no order of time: at home and across, failed, privileged, said twice, of nobody."""
    chance = random.Random(seed)
    made = []
    for nth in range(300):
        more: dict[str, Any] = {"outcome": chance.choice(["success", "success", "failure", "unknown"])}
        more |= chance.choice([{}, {"id": f"e{nth}"}, {"id": f"e{chance.randrange(40)}"}, {"id": " "}])
        more |= chance.choice([{}, {}, {"privileged": True}, {"action": "logoff"}, {"action": "role-changed"}])
        more |= chance.choice([{}, {}, {"account_kind": "machine"}, {"system": "file-services"}])
        more |= chance.choice([COLD, {"resource_organisation": "ashbourne"}, {}])
        account = chance.choice(["ann@ashbourne", "ASHBOURNE\\bob", "pc-1$@ashbourne", "eve@nowhere", "cy@coldharbour"])
        made.append(line(account, f"file-{chance.randrange(3)}", minute=chance.randrange(-3000, 1000), **more))
    return made


@pytest.mark.parametrize(("seed", "block", "part"), [(1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 5000, 700), (5, 900, 5000)])
def test_at_full_speed_comes_out_what_comes_out_line_by_line(inside, monkeypatch, seed, block, part):
    if block:  # several blocks, which are looked at in parts
        monkeypatch.setattr(blocks, "MEBIBYTE", block)
        monkeypatch.setattr(columns, "SLICE", part)

    def taken() -> tuple[Any, ...]:
        with inside("ashbourne"), transaction.atomic():
            totals = take(*some_lines(seed))
            kept = sorted(
                Sight.objects.values_list("kind", "account", "account_kind", "home", "place", "first_at", "days")
            )
            told = sorted(AccessChange.objects.values_list("action", "account", "place", "at"))
            systems = list(Coverage.objects.values_list("sign_ins", "privileged", "first_at", "last_at"))
            names = sorted(Unattributed.objects.values_list("side", "kind", "value", "times", "first_at", "last_at"))
            source = Source.objects.values_list("first_at", "last_at", "accepted", "duplicates").get()
            transaction.set_rollback(True)
        return counts(totals), kept, told, systems, names, source

    slowly: list[int] = []
    slow = normal_lines._slow
    monkeypatch.setattr(normal_lines, "_slow", lambda *args: (slowly.append(1), slow(*args)))
    fast = taken()
    assert not slowly
    monkeypatch.setattr(columns, "lines_of", lambda data: None)
    assert taken() == fast
    assert slowly
    assert fast[0][0] > 100
    assert fast[0][1] > 10
