"""Streams that a worker takes for an organisation: from the command line, a watched folder, or the rest of a body.

Each has a row that says how far it came, written with the blocks themselves, so that whoever goes on after a crash
begins behind the last block that stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from django.db import connections

from monitoring.access.ahead import read_ahead
from monitoring.access.blocks import blocks_of
from monitoring.access.limits import SOURCES, limit
from monitoring.access.streams import CHUNK, unpacked
from monitoring.access.taking import Taker
from monitoring.access.totals import Totals
from monitoring.records.reading import Reader
from portal.tenancy.scope import queue_scope


class NoSuchOrganisation(ValueError):
    """Nobody of that name takes part."""


@dataclass(frozen=True, slots=True)
class Intake:
    """A claimed row; `totals` as they stood when it was claimed."""

    id: UUID
    source: UUID
    worker: str
    totals: Totals

    @contextmanager
    def scope(self) -> Iterator[None]:
        """One transaction as the organisation, for as long as the claim is ours.

        Raises:
            django.db.DatabaseError: somebody else has it by now, or it is finished.
        """
        with queue_scope():
            _run("SELECT sec.enter_intake(%s, %s)", self.id, self.worker)
            yield

    def note(self, totals: Totals) -> None:
        _run(
            "SELECT sec.intake_reached(%s, %s, %s, %s, %s::bigint[], %s::jsonb)",
            self.id,
            self.worker,
            totals.reached,
            totals.line,
            [totals.accepted, totals.duplicates, totals.rejected, totals.first_sights],
            orjson.dumps(totals.rejections).decode(),
        )

    def end(self, because: str = "") -> None:
        with queue_scope():
            _run("SELECT sec.end_intake(%s, %s, %s)", self.id, self.worker, because)


def open_intake(organisation: str, source: str, name: str, format_name: str, size: int, worker: str) -> Intake:
    """Claim an intake of that name and size that was begun and not finished, or begin one.

    Raises:
        NoSuchOrganisation: there is no organisation of that slug. TooMany: it has as many sources as it may have.
    """
    with limit(SOURCES), queue_scope():
        found = _run(
            "SELECT id, source_id, reached, line, totals, rejections FROM sec.open_intake(%s, %s, %s, %s, %s, %s)",
            organisation,
            source,
            name,
            format_name,
            size,
            worker,
        )
    if found is None:
        raise NoSuchOrganisation(organisation)
    return claimed(found, worker)


def claimed(row: tuple[Any, ...], worker: str) -> Intake:
    """The row of a claim, as the functions answer it."""
    pk, source, reached, line, totals, rejections = row
    listed = orjson.loads(rejections) if isinstance(rejections, str) else rejections
    accepted, duplicates, rejected, first_sights = totals
    so_far = Totals(accepted, duplicates, rejected, first_sights, listed, reached, line)
    return Intake(pk, source, worker, so_far)


def take_file(intake: Intake, reader: Reader, file: BinaryIO) -> Totals:
    """Take what is left of a file, and end its intake."""
    taker = Taker(intake.source, reader, intake.scope, note=intake.note, totals=intake.totals)
    began_at = intake.totals.reached
    with read_ahead(blocks_of(unpacked(file), reader), behind=began_at, idle=taker.idle) as blocks:
        totals = taker.take(blocks, behind=began_at)
    intake.end()
    return totals


def called(path: Path) -> str:
    """A file's name and what it begins with: another file of that name is another intake."""
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(CHUNK)).hexdigest()
    return f"{path.name[:150]} {head[:12]}"


def _run(sql: str, *values: Any) -> Any:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()
