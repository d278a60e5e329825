"""Lines of our own form at full speed: a record of one's own organisation costs a few look-ups and no object.

What comes out is what `Batch.take` makes of the same lines one by one; a test compares the two. Whatever is looked at
for every line is looked at for a whole block at once (`map`, `zip`, sets), and only what is out of the ordinary alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date
from typing import Any

from monitoring.access.accounts import Accounts
from monitoring.access.batch import FAILURE, SUCCESS, Batch
from monitoring.access.blocks import Block
from monitoring.access.columns import Columns, columns_of
from monitoring.access.recent import Marks
from monitoring.access.whose import Tally
from monitoring.records.clocks import AHEAD, EARLIEST, Clock
from monitoring.records.normal import NormalReader, record_of
from monitoring.records.record import Outcome, Unreadable

KINDS = {Outcome.SUCCESS: SUCCESS, Outcome.FAILURE: FAILURE}


def take_lines(block: Block, batch: Batch, accounts: Accounts, clock: Clock, ids: Marks) -> None:
    """Take a block of lines into the batch. `ids` gets the marks of its records, by which they are told again."""
    columns = block.decoded
    if columns is None and block.closed:
        columns = columns_of(block.data)  # with numbers of its own: those of whoever reads ahead are that thread's
    # As many records as lines, and with each line one ends: then one stands in each. The decoder itself also takes two
    # of one line, or one that stands in several.
    if columns and len(columns.ats) == block.lines and _in_time(columns, clock):
        try:
            crossing = accounts.crossing(columns, batch.register, clock)
        except Unreadable:
            pass
        else:
            if not ids.add(columns.marks):
                kept = _new_ones(columns, batch, ids)
                if not kept:
                    return
                columns, now = columns.only(kept), {nth: now for now, nth in enumerate(kept)}
                crossing = [now[nth] for nth in crossing if nth in now]
            _fast(columns, crossing, accounts, batch, clock)
            return
    _slow(block, batch, accounts, clock, ids)


def _in_time(columns: Columns, clock: Clock) -> bool:
    """Whether all times are possible ones, so that none has to be looked at alone."""
    try:
        return columns.earliest >= EARLIEST and columns.latest <= clock.now() + AHEAD
    except OverflowError:
        return False


def _new_ones(columns: Columns, batch: Batch, ids: Marks) -> list[int]:
    """Which records were not met in this stream before."""
    kept, new = [], set()
    for nth, mark in enumerate(columns.marks):
        if mark in new or mark in ids:
            batch.duplicates += 1
        else:
            new.add(mark)
            kept.append(nth)
    ids.add(new)
    return kept


def _fast(columns: Columns, crossing: list[int], accounts: Accounts, batch: Batch, clock: Clock) -> None:
    odd = columns.odd
    if odd:
        crossing = [nth for nth in crossing if nth not in odd]
        for nth in sorted(odd):
            account, place = accounts.by_name[columns.names[nth]], accounts.by_machine[columns.machines[nth]]
            batch.take(record_of(odd[nth], clock), account, place)
    _count(columns, accounts)
    earliest, latest = columns.earliest.astimezone(UTC), columns.latest.astimezone(UTC)
    day = batch.moments.one_day(earliest, latest)
    stood = _cross(crossing, day, columns, accounts, batch)
    batch.duplicates += stood
    batch.accepted += len(columns.ats) - len(odd) - stood
    batch.earliest = min(batch.earliest or earliest, earliest)
    batch.latest = max(batch.latest or latest, latest)


def _cross(crossing: Iterable[int], day: date | None, columns: Columns, accounts: Accounts, batch: Batch) -> int:
    """Note what crossed a boundary; how much of it stood there already."""
    stood = 0
    ats, names, machines, outcomes = columns.ats, columns.names, columns.machines, columns.outcomes
    by_name, by_machine, crossed, stretch = accounts.by_name, accounts.by_machine, batch.crossed, batch.moments.stretch
    for nth in crossing:
        account, place, at = by_name[names[nth]], by_machine[machines[nth]], ats[nth]
        if at.tzinfo is not UTC:
            at = at.astimezone(UTC)
        if account.home is None or place.organisation is None:
            batch.known(account, place, at)
        elif account.counts:
            kind = SUCCESS if outcomes is None else KINDS.get(outcomes[nth])
            if kind:
                stood += not crossed(account, place, at, kind, day or stretch(at))
    return stood


def _count(columns: Columns, accounts: Accounts) -> None:
    """Sign-ins on each shared system, and the first and last of them."""
    ats, odd = columns.ats, columns.odd
    tallies = list(map(accounts.tallies.__getitem__, columns.machines))
    if odd:
        tallies = [tally for nth, tally in enumerate(tallies) if nth not in odd]
        ats = [at for nth, at in enumerate(ats) if nth not in odd]
    if not columns.in_order:
        order = sorted(range(len(ats)), key=ats.__getitem__)
        tallies, ats = [tallies[nth] for nth in order], [ats[nth] for nth in order]
    times = Counter(tallies)
    first, last = _first_of(tallies, len(times)), _first_of(tallies[::-1], len(times))
    for tally, several in times.items():
        if tally is not None:
            tally.add(several, 0, ats[first[tally]].astimezone(UTC), ats[-1 - last[tally]].astimezone(UTC))


def _first_of(tallies: Sequence[Tally | None], several: int) -> dict[Tally | None, int]:
    """Where each of the `several` different ones stands first: mostly near the beginning."""
    first: dict[Tally | None, int] = {}
    for nth, tally in enumerate(tallies):
        if tally not in first:
            first[tally] = nth
            if len(first) == several:
                break
    return first


def _slow(block: Block, batch: Batch, accounts: Accounts, clock: Clock, ids: Marks) -> None:
    """Line by line, each with its own fate."""
    reader = NormalReader(clock)
    read: list[tuple[bytes, Any]] = []
    for number, line in enumerate(block.data.split(b"\n"), block.line):
        if not line.strip():
            continue
        try:
            read.append((line, reader.read(line)[0]))
        except Unreadable as fault:
            batch.reject(number, str(fault))
    accounts.know([record for _, record in read], batch.register)
    new = set()
    for line, record in read:
        mark = hash(record.event_id) if record.event_id else hash(line)
        if mark in new or mark in ids:
            batch.duplicates += 1
            continue
        new.add(mark)
        batch.take(record, *accounts.of(record))
    ids.add(new)
