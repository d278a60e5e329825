"""What a batch led to, written by the functions of the database: one statement a kind of row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from monitoring.access.batch import Batch


def begin_blocks(source: UUID, digests: Sequence[bytes]) -> set[bytes]:
    """Those that this source has not delivered before; whoever delivers one at the same time waits for our commit."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.begin_blocks(%s, %s)", [source, list(digests)])
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def store(source: UUID, batch: Batch) -> int:
    """Write it; how many first successes there were that no permission covers."""
    fresh, stood = _sights(source, batch)
    stood = min(stood, batch.accepted)
    batch.accepted, batch.duplicates = batch.accepted - stood, batch.duplicates + stood  # they are known
    if batch.changes:
        _changes(source, batch)
    _counts(source, batch)
    return fresh


def _sights(source: UUID, batch: Batch) -> tuple[int, int]:
    rows = [
        (
            key[4], each.account.key, each.account.shown, str(each.account.kind), key[3], key[1], key[2],
            each.place.system,
            each.place.resource, each.at, each.permission,
        )
        for key, each in batch.all_crossings()
    ]  # fmt: skip
    if not rows:
        return 0, 0
    sql = (
        "SELECT fresh, stood FROM sec.take_sights(%s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::uuid[], %s, %s,"
        " %s::uuid[])"
    )
    fresh, stood = _call(sql, source, *_columns(rows))
    return fresh, stood


def _changes(source: UUID, batch: Batch) -> None:
    rows = [
        (
            each.action, each.outcome, each.account.key, each.account.shown, each.target, each.account.home,
            each.place.organisation, each.place.place, each.place.system, each.at,
        )
        for each in batch.changes
    ]  # fmt: skip
    sql = "SELECT sec.take_changes(%s, %s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::uuid[], %s)"
    _call(sql, source, *_columns(rows))


def _counts(source: UUID, batch: Batch) -> None:
    """Totals of the source, its coverage of systems, and names that nobody knows. The systems begin to count anew."""
    told = [each for each in batch.register.tallies.values() if each.last is not None]
    coverage = _columns(
        [(each.system, each.sign_ins, each.privileged, each.first, each.last, each.last_privileged) for each in told], 6
    )
    for each in told:
        each.sign_ins = each.privileged = 0
        each.first = each.last = each.last_privileged = None
    unknown = _columns(
        [(*key, each.example, each.times, each.first, each.last) for key, each in batch.unknown.items()], 7
    )
    sql = (
        "SELECT sec.count_source(%s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s, %s, %s::uuid[], %s::bigint[],"
        " %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
    )
    said = [batch.accepted, batch.duplicates, batch.rejected, batch.earliest, batch.latest, batch.clock, batch.because]
    _call(sql, source, *said, *coverage, *unknown)


def _columns(rows: Sequence[Sequence[Any]], width: int = 0) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _call(sql: str, *values: Any) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
