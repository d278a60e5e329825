"""The one path of access records into the database, for the API, the command, the watched folder and the job.

    Taker(source, reader, scope).take(blocks_of(chunks, reader))

Up to `AT_ONCE` blocks are one transaction with what they led to. A block that this source has delivered before is known
by its SHA-256 and changes nothing; once somebody has said whose a name is it is looked at again, for what crosses now,
and counts nothing a second time. A process that is killed has written a group or nothing of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from uuid import UUID

from django.db import OperationalError

from monitoring.access.accounts import Accounts
from monitoring.access.batch import Batch, Crossing, Key
from monitoring.access.blocks import Block, known_as, prime
from monitoring.access.moments import Moments
from monitoring.access.normal_lines import take_lines
from monitoring.access.permitted import Permitted
from monitoring.access.recent import Marks, Recent
from monitoring.access.storing import begin_blocks, forget_blocks, store
from monitoring.access.totals import Totals
from monitoring.access.whose import Register
from monitoring.records.reading import Reader
from monitoring.records.record import Unreadable

log = logging.getLogger(__name__)

FIRST, AT_ONCE = 4, 16  # blocks in one transaction: of each stream the first few soon, then twice as many each time
TRIES = 4
AGAIN = {"40001", "40P01"}  # serialization failure, deadlock (PostgreSQL manual, appendix A)
TOO_LONG = "57014"  # query canceled: a statement's timeout
# Crossings of this source that are known to stand there, in each of two generations; a name may be very long.
SEEN, SEEN_LETTERS = 35_000, 8_000_000
Named = tuple[Block, bytes, bytes]  # with what it is known by (`known_as`)
IDS = 250_000  # ids of records, in each of two generations: so far back a repetition is noticed


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
        self.most, self.at_once = AT_ONCE, min(FIRST, AT_ONCE)
        self._forget()
        self.ids = Marks(IDS)
        self.idle = threading.Event()  # set while it waits for long: others may compute then, and be slow to give way
        self.idle.set()

    def _forget(self) -> None:
        self.register: Register | None = None
        self.permitted: Permitted | None = None
        self.moments: object = None
        self.accounts = Accounts()
        self.seen: Recent[Key, Crossing] = Recent(SEEN, SEEN_LETTERS)

    def add(self, block: Block) -> None:
        self.waiting.append(block)
        if len(self.waiting) >= self.at_once:
            self.flush()

    def take(self, blocks: Iterable[Block], *, behind: int = 0) -> Totals:
        """All of a stream; up to the offset `behind` it was taken before. The same stream gives the same blocks."""
        for nth, block in enumerate(blocks):
            if block.end > behind:
                self.add(block)
            else:
                prime(self.reader, block, is_first=nth == 0)
        return self.finish()

    def finish(self) -> Totals:
        self.flush()
        return self.totals

    def flush(self) -> None:
        """Take what waits, in one transaction; again from the beginning of it when two takers met in a deadlock, and in
        halves, from here on, when it took the database too long."""
        attempt = 1
        while self.waiting:
            group = self.waiting[: self.at_once]
            try:
                self.idle.clear()
                self._group(group)
            except OperationalError as error:
                self._forget()  # what was remembered of this group was never written
                self.ids.undo()
                state = getattr(error.__cause__, "sqlstate", "")
                if state == TOO_LONG and len(group) > 1:
                    self.most = self.at_once = len(group) // 2
                elif state in AGAIN and attempt < TRIES:
                    attempt += 1
                else:
                    raise
                log.warning("a group of %d blocks is taken again", len(group), exc_info=True)
            else:
                del self.waiting[: len(group)]
                self.at_once, attempt = min(2 * self.at_once, self.most), 1
            finally:
                self.idle.set()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        self.idle.set()
        try:
            yield
        finally:
            self.idle.clear()

    def _group(self, blocks: list[Block]) -> None:
        totals, batches = self.totals, []
        with self.scope():
            moments = Moments()
            self.register = self.register or Register()
            if self.permitted is None or moments.rows != self.moments:  # a permission was ended while it runs
                self.permitted, self.moments = Permitted(), moments.rows
            named = [(block, *known_as(block, self.reader, self.register.version)) for block in blocks]
            new = begin_blocks(self.source, [digest for _, *digests in named for digest in digests])
            first = blocks[0] if totals.reached == 0 else None
            for known, several in groupby(named, lambda each: each[2] not in new):
                run = list(several)
                batch = Batch(self.register, self.permitted, self.seen, moments)
                self._blocks(run, batch, new, first)
                if known:
                    batch.counted_before(sum(block.lines for block, *_ in run))
                batch.cover()
                totals = totals.and_of(batch, run[-1][0], store(self.source, batch, self._waiting))
                batches.append(batch)
            self.note(totals)
        self.totals = totals
        self.ids.keep()
        for batch in batches:
            batch.are_seen()

    def _blocks(self, named: list[Named], batch: Batch, new: set[bytes], first: Block | None) -> None:
        """Take those that are new, also those that were delivered before a name in them was somebody's."""
        nothing = []
        for block, digest, delivered in named:
            if digest not in new:
                batch.duplicates += block.lines
                prime(self.reader, block, is_first=block is first)
                continue
            new.discard(digest)  # the same block twice in one group is one
            rejected = batch.rejected
            if block.pieces:
                self._pieces(block, batch)
            else:
                take_lines(block, batch, self.accounts, self.reader.clock, self.ids)
            if batch.rejected - rejected == block.lines:
                # Nothing of it was delivered: it is not known when it comes again.
                nothing += [digest, delivered] if delivered in new else [digest]
        if nothing:
            forget_blocks(self.source, nothing)

    def _pieces(self, block: Block, batch: Batch) -> None:
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
        new = set()
        for piece, records in read:
            mark = hash(records[0].event_id or piece.body) if records else 0
            if mark in new or mark in self.ids:
                batch.duplicates += 1
                continue
            new.add(mark)
            accepted, duplicates = batch.accepted, batch.duplicates
            for record in records:
                batch.take(record, *self.accounts.of(record))
            # A line is one, whatever it told of: a duplicate only if all of it was one.
            told = batch.accepted > accepted or not records
            batch.accepted, batch.duplicates = accepted + told, duplicates + (not told)
        self.ids.add(new)
