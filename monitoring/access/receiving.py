"""A body of records from the network to the disk, then into the database: no transaction is open while it comes in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

import orjson
from django.db import connections
from django.http import HttpRequest, UnreadablePostError

from monitoring.access.ahead import read_ahead
from monitoring.access.blocks import blocks_of
from monitoring.access.ingest import source_named
from monitoring.access.limits import WAITING, limit
from monitoring.access.streams import CHUNK, MOST_SENT, MOST_UNPACKED, BadStream, unpacked
from monitoring.access.taking import Taker
from monitoring.access.totals import Totals
from monitoring.records.reading import Reader
from portal.files.store import Incoming
from portal.tenancy.scope import organisation_scope

AT_ONCE_SECONDS = 8.0  # a caller waits for so long; what is left then goes to a worker
LONGEST_SECONDS = 300.0  # that a body may take to come in
SMALL = 1024 * 1024  # always taken at once
FEW_AHEAD = 6  # blocks read ahead: a web process takes several bodies at a time


@dataclass(frozen=True, slots=True)
class Body:
    """What has come, on the disk until `received` ends, or for a worker when `kept`."""

    incoming: Incoming

    @property
    def digest(self) -> bytes:
        return self.incoming.sha256

    def open(self) -> BinaryIO:
        return self.incoming.path.open("rb")


@contextmanager
def received(request: HttpRequest) -> Iterator[Body]:
    """Read the whole body.

    Raises:
        BadStream: too much, too slow, or it stopped before its end; packed and not whole.
    """
    incoming = Incoming()
    kept = False
    try:
        _read(request, incoming)
        body = Body(incoming)
        with body.open() as file:
            if file.read(2) == b"\x1f\x8b":
                for _ in unpacked(file, most=MOST_UNPACKED):
                    pass  # all of it is looked at before anything is taken
        yield body
        kept = not incoming.path.exists()
    finally:
        if not kept:
            incoming.discard()


def _read(request: HttpRequest, incoming: Incoming) -> None:
    ends = time.monotonic() + LONGEST_SECONDS
    said = int(request.META.get("CONTENT_LENGTH") or 0)
    try:
        while chunk := request.read(CHUNK):
            incoming.write(chunk)
            if incoming.size > MOST_SENT:
                raise BadStream("A body here has at most 100 MiB: send it in pieces.", too_large=True)
            if time.monotonic() > ends:
                raise BadStream("The body took more than five minutes: send it in pieces.")
    except UnreadablePostError:
        raise BadStream("The body stopped before its end: nothing of it was taken.") from None
    if incoming.size < said:
        raise BadStream("The body stopped before its end: nothing of it was taken.")
    incoming.finish()


@dataclass(frozen=True, slots=True)
class Taken:
    """`job` when a worker goes on with the rest."""

    totals: Totals
    job: UUID | None = None


def take_body(body: Body, reader: Reader, *, ticket: str, source: str, spec: str) -> Taken:
    """Take it as the organisation of this ticket, for some seconds; the rest is handed to a worker.

    Raises:
        TooMany: a new source too many, or too many bodies wait; what was taken until then stands.
    """
    with organisation_scope(ticket):
        pk = source_named(source, reader.format_name)
    taker = Taker(pk, reader, lambda: organisation_scope(ticket))
    ends = time.monotonic() + AT_ONCE_SECONDS
    with body.open() as file, read_ahead(blocks_of(unpacked(file), reader), depth=FEW_AHEAD, idle=taker.idle) as blocks:
        for block in blocks:
            taker.add(block)
            if not taker.waiting and time.monotonic() > ends and block.end > SMALL:
                return Taken(taker.totals, _hand_over(body, taker, pk, ticket, spec))
    return Taken(taker.finish())


def _hand_over(body: Body, taker: Taker, source: UUID, ticket: str, spec: str) -> UUID:
    totals = taker.totals
    with limit(WAITING, later=True), organisation_scope(ticket), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.hand_over_intake(%s, 'body', %s, %s, %s, %s, %s, %s::bigint[], %s::jsonb)",
            [
                source,
                spec,
                body.incoming.name,
                body.incoming.size,
                totals.reached,
                totals.line,
                [totals.accepted, totals.duplicates, totals.rejected, totals.first_sights],
                orjson.dumps(totals.rejections).decode(),
            ],
        )
        (job,) = cursor.fetchone()
        body.incoming.keep()
    return UUID(str(job))
