"""First sights in the database: each key once, its days, who may say what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connections

from monitoring.models import Sight
from partners.models import SharedSystem

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 3, 12, 40, tzinfo=UTC)


def say(sql: str, *values: Any) -> tuple[Any, ...]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def sights(source, *rows) -> tuple[Any, ...]:
    """`rows`: (kind, account, home, whose, place, system, at)."""
    kinds, accounts, homes, whose, places, systems, ats = map(list, zip(*rows, strict=True))
    names = [each.partition("@")[0] for each in accounts]
    return say(
        "SELECT * FROM sec.take_sights(%s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::uuid[], %s, %s, %s::uuid[])",
        source, kinds, accounts, names, ["service"] * len(rows), homes, whose, places, systems, places, ats,
        [None] * len(rows),
    )  # fmt: skip


def source_of(name: str = "SIEM") -> Any:
    return say("SELECT sec.source_named(%s, 'normal')", name)[0]


def test_a_sight_is_once_with_its_earliest_time_and_its_days_and_what_comes_again_changes_nothing(cast, inside):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    key = ("success", "svc-backup@ashbourne", a, c, "file-02", None)
    with inside("ashbourne"):
        source = source_of()
        assert sights(source, (*key, NOON), (*key, NOON + timedelta(hours=1))) == (1, 0)
        assert sights(source, (*key, NOON)) == (0, 1), "this very crossing stands there"
        assert sights(source, (*key, NOON + timedelta(hours=2))) == (0, 0)
        assert sights(source, (*key, NOON - timedelta(days=1))) == (0, 0), "a late record moves the first time"
        sight = Sight.objects.get()
        assert (sight.first_at, [each.day for each in sight.days]) == (NOON - timedelta(days=1), [2, 3])
    with inside("coldharbour"):
        assert Sight.objects.count() == 1
    with inside("gravenhurst"):
        assert not Sight.objects.exists()


def test_nobody_says_of_two_others_unless_they_run_the_system(cast, inside):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    for slug, wanted in (("gravenhurst", 0), ("brackenfield", 0), ("northgate", 1)):
        with inside(slug):
            system = SharedSystem.objects.filter(slug="file-services").values_list("pk", flat=True).first()
            row = ("success", "svc-backup@ashbourne", a, c, "file-services", system, NOON)
            assert sights(source_of(), row)[0] == wanted, slug
    with inside("ashbourne"):
        assert Sight.objects.get().reporter_id == cast.id("northgate")
    with inside("northgate"):
        assert not Sight.objects.exists(), "the centre has counts alone"
        assert say("SELECT successes FROM sec.crossings_i_run('2026-11-01', '2026-11-30')") == (1,)


def test_ids_of_one_statement_lie_near_each_other_and_do_not_tell_how_many_lie_between(cast, inside):
    """Whoever reads two of them must not learn how much others did among themselves."""
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    with inside("ashbourne"):
        rows = [("success", f"u{nth:02}@ashbourne", a, c, "file-02", None, NOON) for nth in range(40)]
        assert sights(source_of(), *rows) == (40, 0)
        ids = list(Sight.objects.order_by("account").values_list("pk", flat=True))
    assert len({each.hex[:8] for each in ids}) == 1
    assert ids != sorted(ids)
    assert ids != sorted(ids, reverse=True)
    for digits in (slice(8, 20), slice(20, 32)):
        parts = sorted(int(each.hex[digits], 16) for each in ids)
        # Of 40 numbers of 48 bits the nearest two are as good as never nearer than this.
        assert min(later - former for former, later in pairwise(parts)) > 1000
