"""What a batch led to, written by the functions of the database: one statement a kind of row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections

from monitoring.access.batch import Batch, Unknown
from monitoring.access.kept_names import LETTERS, all_kept_as, kept_as, shown_as

GAP = "\1"  # stands for None among ids until they are quoted


def begin_blocks(source: UUID, digests: Sequence[bytes]) -> set[bytes]:
    """Those that this source has not delivered before; whoever delivers one at the same time waits for our commit."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.begin_blocks(%s, %s)", [source, list(digests)])
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def forget_blocks(source: UUID, digests: Sequence[bytes]) -> None:
    """Of those begun in this transaction, the ones that held nothing."""
    _call("SELECT sec.forget_blocks(%s, %s)", source, list(digests))


Meanwhile = Callable[[], AbstractContextManager[object]]


def store(source: UUID, batch: Batch, meanwhile: Meanwhile = nullcontext) -> int:
    """Write it; how many first successes there were that no permission covers. Inside `meanwhile` the database works
    for long."""
    fresh, stood = _sights(source, batch, meanwhile)
    stood = min(stood, batch.accepted)
    batch.accepted, batch.duplicates = batch.accepted - stood, batch.duplicates + stood  # they are known
    _passages(source, batch)
    if batch.changes:
        _changes(source, batch)
    _counts(source, batch)
    return fresh


def _sights(source: UUID, batch: Batch, meanwhile: Meanwhile) -> tuple[int, int]:
    # Column by column: a tuple for each row would keep the collector of cycles busy.
    crossings = batch.all_crossings()
    if not crossings:
        return 0, 0
    accounts, places = [each.account for each in crossings], [each.place for each in crossings]
    columns = [
        plain([each.kind for each in crossings]),
        array(all_kept_as([each.key for each in accounts])),
        array(shown_as([each.shown for each in accounts])),
        plain([each.kind for each in accounts]),
        plain([each.home for each in accounts]),
        plain([each.organisation for each in places]),
        array(all_kept_as([each.place for each in places])),
        plain([each.system for each in places]),
        array(shown_as([each.resource for each in places])),
        array([each.at for each in crossings]),
        plain([each.permission for each in crossings]),
    ]
    sql = "SELECT fresh, stood FROM sec.take_sights(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    # Bound by the server: megabytes of names are not read once more as a part of the statement.
    wrapper = connections["default"]
    with meanwhile(), wrapper.wrap_database_errors, psycopg.Cursor(wrapper.connection) as cursor:
        row = cursor.execute(sql, [source, *columns]).fetchone()
    assert row is not None
    fresh, stood = row
    return fresh, stood


def _passages(source: UUID, batch: Batch) -> None:
    rows = [
        (kept_as(each.account.key), each.account.home, each.place.organisation, kept_as(each.place.place), each.at)
        for each in batch.while_cut_off()
    ]
    if rows:
        sql = "SELECT sec.take_passages(%s, %s, %s::uuid[], %s::uuid[], %s, %s)"
        _call(sql, source, *_columns(rows))


def _changes(source: UUID, batch: Batch) -> None:
    rows = [
        (
            each.action, each.outcome, kept_as(each.account.key), each.account.shown[:LETTERS], kept_as(each.target),
            each.account.home, each.place.organisation, kept_as(each.place.place), each.place.system, each.at,
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
        [(*key, each.example[:LETTERS], each.times, each.first, each.last) for key, each in _unknown(batch).items()], 7
    )
    sql = (
        "SELECT sec.count_source(%s, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s, %s, %s::uuid[], %s::bigint[],"
        " %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[])"
    )
    said = [batch.accepted, batch.duplicates, batch.rejected, batch.earliest, batch.latest, batch.clock, batch.because]
    _call(sql, source, *said, *coverage, *unknown)


def _unknown(batch: Batch) -> dict[tuple[str, str, str], Unknown]:
    """Names that nobody knows, as they are kept: no two rows of one statement may be the same."""
    found: dict[tuple[str, str, str], Unknown] = {}
    for (side, kind, name), each in batch.unknown.items():
        known = found.setdefault((side, kind, kept_as(name)), each)
        if known is not each:
            known.times += each.times
            known.first, known.last = min(known.first, each.first), max(known.last, each.last)
    return found


def array(values: Sequence[str | datetime | None]) -> str:
    """A column as PostgreSQL writes an array (its manual, 8.15.2): several times as fast as the driver's one by one.

    Only a column of ids may hold None. Raises ValueError: a text with a NUL, which PostgreSQL keeps nowhere.
    """
    if isinstance(values[0], datetime):
        return "{" + ",".join(map(datetime.isoformat, values)) + "}"  # type: ignore[arg-type]  # all of one kind
    has_gaps = None in values
    joined = "\0".join([each or GAP for each in values] if has_gaps else values)  # type: ignore[arg-type, misc]
    if joined.count("\0") != len(values) - 1:
        raise ValueError("a NUL in a text")
    quoted = joined.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
    found = f'{{"{quoted}"}}'
    return found.replace(f'"{GAP}"', "NULL") if has_gaps else found


def plain(values: Sequence[str | None]) -> str:
    """The same of ids and our own words, in which nothing has to be quoted."""
    return "{" + ",".join([each or "NULL" for each in values]) + "}"


def _columns(rows: Sequence[Sequence[Any]], width: int = 0) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _call(sql: str, *values: Any) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
