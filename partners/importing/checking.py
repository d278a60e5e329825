"""The dry run: each row of a file gets its fate, in the background and in batches.

The queue is a table; the broker only wakes. A batch is one transaction with how far it came, so that a worker killed
half-way is followed by one that goes on from there. Nothing of the register is written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import Count

from partners.importing.all_kinds import KINDS
from partners.importing.fates import TAKEN, Judged, judged_rows, told_apart
from partners.importing.kinds import Kind
from partners.models import Import, ImportRow
from portal import clock
from portal.claims import claimant
from portal.ledger.record import Actor, record
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

BATCH = 1000
LEASE_SECONDS = 60
AT_MOST = 20
MOST_ATTEMPTS = 5
AGAIN_SECONDS = 10
CHECKED = "import.checked"


def check_due() -> int:
    """Make the dry runs that are due; how many were finished. Safe to run twice at once."""
    worker = claimant()
    return sum(_check(file_id, attempts, worker) for file_id, attempts in _claim(worker))


def _claim(worker: str) -> list[tuple[UUID, int]]:
    with queue_scope():
        return _all(
            "UPDATE partners_importjob j SET claimed_by = %s, claimed_until = now() + make_interval(secs => %s),"
            " attempts = j.attempts + 1 WHERE j.file_id IN (SELECT d.file_id FROM partners_importjob d"
            " WHERE d.due_at <= now() AND (d.claimed_until IS NULL OR d.claimed_until < now())"
            " ORDER BY d.due_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING j.file_id, j.attempts",
            [worker, LEASE_SECONDS, AT_MOST],
        )


def _check(file_id: UUID, attempts: int, worker: str) -> bool:
    seen: list[Kind] = []
    try:
        while True:
            came_to = _batch(file_id, worker, attempts, seen)
            if came_to != "more":
                return came_to == "done"
    except Exception:  # one organisation's file is no other's trouble
        log.exception("the dry run of %s failed and is tried again", file_id)
        with queue_scope():
            _all(
                "UPDATE partners_importjob SET due_at = now() + make_interval(secs => %s), claimed_by = '',"
                " claimed_until = NULL WHERE file_id = %s AND claimed_by = %s RETURNING 1",
                [AGAIN_SECONDS, file_id, worker],
            )
        return False


def _batch(file_id: UUID, worker: str, attempts: int, seen: list[Kind]) -> str:
    """One batch in one transaction: `more`, `done`, or `lost` when somebody else has the job or it was called off.

    `seen` keeps the register as the first batch saw it, so that all rows are compared with the same one.
    """
    with queue_scope():
        held = _all(
            "UPDATE partners_importjob SET claimed_until = now() + make_interval(secs => %s)"
            " WHERE file_id = %s AND claimed_by = %s RETURNING 1",
            [LEASE_SECONDS, file_id, worker],
        )
        if not held:
            return "lost"
        _all("SELECT sec.enter_import(%s, %s)", [file_id, worker])
        file = Import.objects.get(pk=file_id)
        if file.state != Import.State.CHECKING:
            return _finish(file_id, worker)
        if attempts > MOST_ATTEMPTS:
            return _give_up(file, worker)
        if file.checked_count == 0:
            ImportRow.objects.filter(file=file).exclude(fate="").update(fate="")
        rows = list(
            ImportRow.objects.filter(file=file, fate="")
            .order_by("number")
            .values_list("number", "cells", "trouble")[:BATCH]
        )
        if rows:
            if not seen:
                seen.append(KINDS[file.kind](file.organisation_id))
            _look_at(rows, file, seen[0])
            file.checked_count += len(rows)
            file.save(update_fields=["checked_count"])
        if file.checked_count < file.row_count and rows:
            return "more"
        counts = ImportRow.objects.filter(file=file).values_list("fate").annotate(n=Count("id")).order_by()
        file.state, file.counts, file.checked_at = Import.State.CHECKED, dict(counts), clock.now()
        file.save(update_fields=["state", "counts", "checked_at"])
        _tell(file)
        return _finish(file_id, worker)


def _look_at(rows: Sequence[tuple[int, Any, str]], file: Import, kind: Kind) -> None:
    judged = judged_rows(rows, kind=kind, mapping=file.mapping)
    keys = {row.key for row in judged if row.key}
    earlier = dict(
        ImportRow.objects.filter(file=file, key__in=keys, fate__in=TAKEN, number__lt=rows[0][0]).values_list(
            "key", "number"
        )
    )
    told_apart(judged, earlier)
    _keep(judged, file)


def _keep(judged: Sequence[Judged], file: Import) -> None:
    _all(
        "UPDATE partners_importrow r SET fate = x.fate, key = x.key, duplicate_of = x.duplicate_of,"
        " object_id = x.object_id, changes = x.changes, troubles = x.troubles, values = x.values"
        " FROM jsonb_to_recordset(%s::jsonb) AS x(number int, fate text, key text, duplicate_of int, object_id uuid,"
        " changes jsonb, troubles jsonb, values jsonb) WHERE r.file_id = %s AND r.number = x.number RETURNING 1",
        [orjson.dumps([_as_row(each) for each in judged]).decode(), file.pk],
    )


def _as_row(row: Judged) -> Mapping[str, Any]:
    return {
        "number": row.number,
        "fate": row.fate,
        "key": row.key,
        "duplicate_of": row.duplicate_of,
        "object_id": row.object_id,
        "changes": row.changes,
        "troubles": row.troubles,
        "values": row.values,
    }


def _give_up(file: Import, worker: str) -> str:
    file.state = Import.State.FAILED
    file.save(update_fields=["state"])
    _tell(file)
    return _finish(file.pk, worker)


def _tell(file: Import) -> None:
    """Pages of the organisation that follow the stream look again."""
    record(
        CHECKED, actor=Actor(file.organisation_id), audience=[file.organisation_id], subject_id=file.pk, rows=file.kind
    )


def _finish(file_id: UUID, worker: str) -> str:
    _all(
        "UPDATE partners_importjob SET due_at = NULL, claimed_by = '', claimed_until = NULL"
        " WHERE file_id = %s AND claimed_by = %s RETURNING 1",
        [file_id, worker],
    )
    return "done"


def _all(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
