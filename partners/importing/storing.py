"""Keeping a file's rows, having a dry run made of them, throwing them away; after 30 days that happens by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connections

from partners.chores import Chore, register
from partners.importing.reading import Row, Table
from partners.models import Import, ImportJob, ImportRow
from portal import clock
from portal.ledger.signals import announce

State = Import.State
KEPT_FOR = timedelta(days=30)
MOST_KEPT = 50  # files of one organisation whose rows are there
AT_ONCE = 2000
ASKED = "import.asked"  # wakes the job; no event of the ledger


class TooMany(Exception):
    """The organisation keeps as many files as it may."""


def keep_file(table: Table, *, kind: str, file_name: str, organisation_id: UUID, person_id: UUID | None) -> Import:
    """Keep the rows of a file; nothing is looked at yet.

    Raises:
        TooMany: others have to be written or thrown away first.
    """
    if Import.objects.filter(emptied_at=None).count() >= MOST_KEPT:
        raise TooMany
    file = Import(
        id=uuid4(),
        organisation_id=organisation_id,
        kind=kind,
        file_name=file_name[:200],
        read_as=table.said,
        headers=table.headers,
        row_count=len(table.rows),
        uploaded_at=clock.now(),
        uploaded_by=person_id,
    )
    file.save(force_insert=True)
    for first in range(0, len(table.rows), AT_ONCE):
        _put(table.rows[first : first + AT_ONCE], file)
    return file


def _put(rows: Sequence[Row], file: Import) -> None:
    listed = [{"number": row.number, "cells": row.cells, "trouble": row.trouble} for row in rows]
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO partners_importrow (organisation_id, file_id, number, cells, trouble, fate, key, changes,"
            " troubles, values) SELECT %s, %s, x.number, x.cells, x.trouble, '', '', '{}', '[]', '{}'"
            " FROM jsonb_to_recordset(%s::jsonb) AS x(number int, cells jsonb, trouble text)",
            [file.organisation_id, file.pk, orjson.dumps(listed).decode()],
        )


def ask_for_dry_run(file: Import, mapping: Mapping[str, int] | None = None) -> None:
    """Have the file looked at anew, from its first row; whoever was at it stops at its next batch."""
    if mapping is not None:
        file.mapping = dict(mapping)
    file.state, file.checked_count, file.counts, file.checked_at = State.CHECKING, 0, {}, None
    file.save(update_fields=["state", "mapping", "checked_count", "counts", "checked_at"])
    ImportJob.objects.filter(file=file).delete()
    ImportJob.objects.create(file=file, organisation_id=file.organisation_id, due_at=clock.now())
    announce(connections["default"], {ASKED})


def discard(file: Import) -> None:
    """Throw the rows away; what was written stays written."""
    ImportJob.objects.filter(file=file).delete()
    _empty([file.pk])
    file.emptied_at = clock.now()
    file.state = file.state if file.state == State.WRITTEN else State.DISCARDED
    file.save(update_fields=["state", "emptied_at"])


def empty_old_files(now: datetime) -> None:
    """The chore: rows of files that came 30 days ago."""
    old = list(Import.objects.filter(emptied_at=None, uploaded_at__lt=now - KEPT_FOR).values_list("pk", flat=True))
    if old:
        _empty(old)
        files = Import.objects.filter(pk__in=old)
        files.update(emptied_at=now)
        files.exclude(state=State.WRITTEN).update(state=State.DISCARDED)


def _empty(files: Sequence[Any]) -> None:
    ImportRow.objects.filter(file__in=files)._raw_delete("default")


register(Chore("import-files", empty_old_files))
