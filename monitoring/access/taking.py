"""The one path of access records into the database, for the API, the command, the watched folder and the job.

    taker = Taker(source, reader, scope)
    for block in blocks_of(chunks, reader):
        taker.add(block)
    taker.finish()

Up to `AT_ONCE` blocks are one transaction with what they led to. A block that this source has delivered before is known
by its SHA-256 and changes nothing; so does a process that is killed: it has written a group or nothing of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import OperationalError

from monitoring.access.accounts import Accounts
from monitoring.access.batch import LISTED, Batch, Key
from monitoring.access.blocks import Block
from monitoring.access.normal_lines import take_lines
from monitoring.access.permitted import Permitted
from monitoring.access.recent import Recent
from monitoring.access.storing import begin_blocks, store
from monitoring.access.whose import Register
from monitoring.records.reading import Reader
from monitoring.records.record import Unreadable

log = logging.getLogger(__name__)

AT_ONCE = 8  # blocks in one transaction
TRIES = 4
AGAIN = {"40001", "40P01"}  # serialization failure, deadlock (PostgreSQL manual, appendix A)
REMEMBERS = {"windows", "ecs", "ocsf", "cef"}  # readers that learn a domain's spellings from what they read
SEEN = 25_000  # crossings of this source that are known to stand there, in each of two generations
IDS = 250_000  # ids of records, in each of two generations: so far back a repetition is noticed


@dataclass(slots=True)
class Totals:
    """Each record is in exactly one of the first three."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    first_sights: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)
    reached: int = 0  # offset behind the last block
    line: int = 0


def prime(reader: Reader, block: Block, *, is_first: bool) -> None:
    """Let a reader see a block that is passed over: the first row of a CSV names its columns, and some learn names."""
    pieces = block.pieces if reader.format_name in REMEMBERS else []
    if reader.format_name == "csv" and is_first:
        pieces = block.pieces[:1]
    for piece in pieces:
        with suppress(Unreadable):
            reader.read(piece.body)


class Taker:
    """Takes one stream of one source. Not shared between threads.

    `scope` opens a transaction as the organisation whose source it is; it is entered anew for each group.
    `note` is called inside each transaction with the totals as they will stand after it.
    """

    def __init__(
        self,
        source: UUID,
        reader: Reader,
        scope: Callable[[], AbstractContextManager[object]],
        *,
        note: Callable[[Totals], None] = lambda totals: None,
        totals: Totals | None = None,
    ) -> None:
        self.source, self.reader, self.scope, self.note = source, reader, scope, note
        self.totals = totals or Totals()
        self.waiting: list[Block] = []
        self._forget()
        self.ids: Recent[int, bool] = Recent(IDS)

    def _forget(self) -> None:
        self.register: Register | None = None
        self.permitted: Permitted | None = None
        self.accounts = Accounts()
        self.seen: Recent[Key, tuple[Any, Any]] = Recent(SEEN)

    def add(self, block: Block) -> None:
        self.waiting.append(block)
        if len(self.waiting) >= AT_ONCE:
            self.flush()

    def finish(self) -> Totals:
        self.flush()
        return self.totals

    def flush(self) -> None:
        """Take what waits, in one transaction; again from the beginning of it when two takers met in a deadlock."""
        if not self.waiting:
            return
        for attempt in range(1, TRIES + 1):
            try:
                self._group(self.waiting)
                self.waiting = []
                return
            except OperationalError as error:
                self._forget()  # what was remembered of this group was never written
                if attempt == TRIES or getattr(error.__cause__, "sqlstate", "") not in AGAIN:
                    raise
                log.warning("a group of blocks is taken again", exc_info=True)

    def _group(self, blocks: list[Block]) -> None:
        fresh: dict[int, bool] = {}
        before = self.totals
        with self.scope():
            if self.register is None or self.permitted is None:
                self.register, self.permitted = Register(), Permitted()
            batch = Batch(self.register, self.permitted, self.seen)
            new = begin_blocks(self.source, [block.sha256 for block in blocks])
            for block in blocks:
                if block.sha256 not in new:
                    batch.duplicates += block.lines
                    prime(self.reader, block, is_first=before.reached == 0 and block is blocks[0])
                    continue
                new.discard(block.sha256)  # the same block twice in one group is one
                if block.pieces:
                    self._pieces(block, batch, fresh)
                else:
                    take_lines(block, batch, self.accounts, self.reader.clock, self.ids, fresh)
            batch.cover()
            first_sights = store(self.source, batch)
            totals = self._after(batch, blocks[-1], first_sights)
            self.note(totals)
        self.totals = totals
        self.ids.add(fresh)
        self.seen.add({key: (each.at, day) for (key, day), each in batch.crossings.items()})

    def _after(self, batch: Batch, last: Block, first_sights: int) -> Totals:
        before = self.totals
        return Totals(
            before.accepted + batch.accepted,
            before.duplicates + batch.duplicates,
            before.rejected + batch.rejected,
            before.first_sights + first_sights,
            (before.rejections + batch.rejections)[:LISTED],
            last.end,
            last.line + last.lines,
        )

    def _pieces(self, block: Block, batch: Batch, fresh: dict[int, bool]) -> None:
        """Records of any form, one by one."""
        read = []
        for piece in block.pieces:
            if piece.fault:
                batch.reject(piece.line, piece.fault)
                continue
            try:
                read.append((piece, self.reader.read(piece.body)))
            except Unreadable as fault:
                batch.reject(piece.line, str(fault))
        self.accounts.know([record for _, records in read for record in records], batch.register)
        for piece, records in read:
            mark = hash(records[0].event_id or piece.body) if records else 0
            if mark in fresh or mark in self.ids:
                batch.duplicates += 1
                continue
            fresh[mark] = True
            accepted, duplicates = batch.accepted, batch.duplicates
            for record in records:
                batch.take(record, *self.accounts.of(record))
            # A line is one, whatever it told of: a duplicate only if all of it was one.
            told = batch.accepted > accepted or not records
            batch.accepted, batch.duplicates = accepted + told, duplicates + (not told)
