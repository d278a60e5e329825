"""Rotation: a new data key for an organisation, and everything it has sealed sealed again. Runs as the owner.

Each batch commits by itself and each sealed value names its key, so a run that is killed leaves nothing unreadable: the
next one goes on with the key that the killed one made. Old keys are retired when no value names them any more, and
still open what a slow request may have sealed meanwhile; the next run seals that again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from portal import clock
from portal.vault.columns import SealedColumn, sealed_columns
from portal.vault.keys import add_key, present_master_key_id, rewrap
from portal.vault.master import VaultError
from portal.vault.models import DataKey
from portal.vault.sealing import FORMAT, HEADER, open_sealed, seal

BATCH = 100
LOCK = 0x6B657973  # "keys"


@dataclass
class Rotated:
    """What one run did for one organisation. `left` names the rows whose values did not open, and why."""

    version: int
    sealed_again: int = 0
    retired: int = 0
    left: list[str] = field(default_factory=list)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the one lock of rotations; PostgreSQL frees it when the process dies.

    Raises:
        VaultError: another rotation runs, or this process is not the owner.
    """
    if settings.PROCESS != "owner":
        raise VaultError("Only the owner of the database rotates keys.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            raise VaultError("Another rotation of keys is running on this database.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def organisations_with_keys() -> list[UUID]:
    """Those that have something to rotate, in a fixed order."""
    keys = DataKey.objects.filter(retired_at=None).order_by("organisation_id")
    return list(keys.values_list("organisation_id", flat=True).distinct())


def rotate(organisation_id: UUID) -> Rotated:
    """Give an organisation a new data key and seal all it has under that one. Safe to repeat and to interrupt."""
    columns = [column for column in sealed_columns() if column.table in connection.introspection.table_names()]
    in_use = DataKey.objects.filter(organisation_id=organisation_id, retired_at=None)
    versions = sorted(in_use.values_list("version", flat=True))
    interrupted = len(versions) > 1
    newest = versions[-1] if interrupted else add_key(organisation_id, replaces=max(versions, default=0)).version
    done = Rotated(newest)
    for column in columns:
        last: Any = None
        while batch := _seal_batch(column, organisation_id, done, after=last):
            last = batch[-1]
    with transaction.atomic():
        if not any(_rows(column, organisation_id, newest, limit=1) for column in columns):
            done.retired = in_use.filter(version__lt=newest).update(retired_at=clock.now())
    return done


def rewrap_all(organisation_id: UUID | None = None) -> int:
    """Wrap the data keys that MASTER_KEY_PREVIOUS holds under MASTER_KEY; answers how many. Safe to repeat."""
    rows = DataKey.objects.exclude(wrapped=b"").exclude(master_key_id=present_master_key_id())
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    count = 0
    for row in rows.order_by("organisation_id", "version"):
        was = bytes(row.wrapped)
        rewrap(row)
        # A key that is forgotten at this very moment stays forgotten.
        unchanged = DataKey.objects.filter(pk=row.pk, wrapped=was)
        count += unchanged.update(wrapped=row.wrapped, master_key_id=row.master_key_id)
    return count


def _seal_batch(column: SealedColumn, organisation_id: UUID, done: Rotated, *, after: Any) -> list[Any]:
    """Seal the next rows again in one transaction; answers their ids, also of those whose values did not open.

    The rows are locked, so that a value which a request changes meanwhile is not overwritten.
    """
    quote = connection.ops.quote_name
    update = f"UPDATE {quote(column.table)} SET {quote(column.column)} = %s WHERE {quote(column.id_column)} = %s"  # noqa: S608
    with transaction.atomic(), connection.cursor() as cursor:
        rows = _rows(column, organisation_id, done.version, after=after, lock=True)
        for row_id, sealed in rows:
            try:
                plain = open_sealed(sealed, organisation_id=organisation_id, field=column.field, row_id=row_id)
            except VaultError as trouble:
                done.left.append(f"row {row_id}: {trouble}")
                continue
            again = seal(plain, organisation_id=organisation_id, field=column.field, row_id=row_id)
            cursor.execute(update, [again, row_id])
            done.sealed_again += 1
    return [row_id for row_id, _ in rows]


def _rows(
    column: SealedColumn, organisation_id: UUID, version: int, *, after: Any = None, limit: int = BATCH,
    lock: bool = False,
) -> list[tuple[Any, bytes]]:  # fmt: skip
    """Ids and sealed values of an organisation that any other key than this version has sealed."""
    quote = connection.ops.quote_name
    value, row_id = f"t.{quote(column.column)}", f"t.{quote(column.id_column)}"
    sql = (
        f"SELECT {row_id}, {value} FROM {quote(column.table)} t"  # noqa: S608 - names from code
        f" WHERE {column.organisation_sql} = %s AND {value} <> '' AND substring({value} FROM 1 FOR %s) <> %s"
        + (f" AND {row_id} > %s" if after is not None else "")
        + f" ORDER BY {row_id} LIMIT {limit}"
        + (" FOR UPDATE OF t" if lock else "")
    )
    parameters: list[Any] = [organisation_id, HEADER.size, HEADER.pack(FORMAT, version)]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters if after is None else [*parameters, after])
        return cursor.fetchall()
