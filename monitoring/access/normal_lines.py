"""Lines of our own form at full speed: a record of one's own organisation costs a few look-ups and no object.

What comes out is what `Batch.take` makes of the same lines one by one; a test compares the two. Whatever is looked at
for every line is looked at for a whole block at once (`map`, `zip`, sets), and only what is out of the ordinary alone.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from itertools import compress, count, islice, repeat
from operator import attrgetter, is_, is_not, le
from typing import Any

from monitoring.access.accounts import Accounts
from monitoring.access.batch import FAILURE, SUCCESS, Batch
from monitoring.access.blocks import Block
from monitoring.access.recent import Recent
from monitoring.access.whose import Account, Place
from monitoring.records.clocks import AHEAD, EARLIEST, Clock
from monitoring.records.normal import NormalLine, NormalReader, lines_of, record_of
from monitoring.records.record import Action, Outcome, Unreadable

_at, _id, _action, _privileged = map(attrgetter, ("at", "id", "action", "privileged"))
_side, _tally = attrgetter("side"), attrgetter("tally")


def take_lines(
    block: Block, batch: Batch, accounts: Accounts, clock: Clock, ids: Recent[int, bool], fresh: dict[int, bool]
) -> None:
    """Take a block of lines into the batch. `fresh` gets the marks of its records, by which they are told again."""
    lines = lines_of(block.data)
    if lines and len(lines) == block.lines and _in_time(lines, clock):
        try:
            accounts_of, places_of = accounts.normal(lines, batch.register, clock)
        except Unreadable:
            pass
        else:
            lines, accounts_of, places_of = _new_ones(block, lines, accounts_of, places_of, batch, ids, fresh)
            if lines:
                _fast(lines, accounts_of, places_of, batch, clock)
            return
    _slow(block, batch, accounts, clock, ids, fresh)


def _in_time(lines: list[NormalLine], clock: Clock) -> bool:
    """Whether all times are possible ones, so that none has to be looked at alone."""
    try:
        return min(map(_at, lines)) >= EARLIEST and max(map(_at, lines)) <= clock.now() + AHEAD
    except OverflowError:
        return False


def _new_ones(
    block: Block,
    lines: list[NormalLine],
    accounts: list[Account],
    places: list[Place],
    batch: Batch,
    ids: Recent[int, bool],
    fresh: dict[int, bool],
) -> tuple[list[NormalLine], list[Account], list[Place]]:
    """Without the records that were met in this stream before."""
    names = [name.strip() for name in map(_id, lines)]
    if "" in names:
        raw = [each for each in block.data.split(b"\n") if each.strip()]
        marks = [hash(name or line) for name, line in zip(names, raw, strict=True)]
    else:
        marks = list(map(hash, names))
    met = dict.fromkeys(marks, True)
    again = len(met) < len(marks) or any(
        any(map(known.__contains__, marks)) for known in (fresh, ids.young, ids.old) if known
    )
    if again:
        kept = []
        for nth, mark in enumerate(marks):
            if mark in fresh or mark in ids:
                batch.duplicates += 1
            else:
                fresh[mark] = True
                kept.append(nth)
        return [lines[nth] for nth in kept], [accounts[nth] for nth in kept], [places[nth] for nth in kept]
    fresh.update(met)
    return lines, accounts, places


def _fast(lines: list[NormalLine], accounts: list[Account], places: list[Place], batch: Batch, clock: Clock) -> None:
    success, failure = Outcome.SUCCESS, Outcome.FAILURE
    ats = list(map(_at, lines))
    odd: set[int] = set()
    if any(map(_privileged, lines)) or not all(map(is_, map(_action, lines), repeat(Action.LOGON))):
        odd = {nth for nth, line in enumerate(lines) if line.action is not Action.LOGON or line.privileged}
    crossing = list(compress(count(), map(is_not, map(_side, accounts), map(_side, places))))
    for nth in sorted(odd):
        batch.take(record_of(lines[nth], clock), accounts[nth], places[nth])
    _count(places, ats, odd)
    duplicates = 0
    for nth in crossing:
        if nth in odd:
            continue
        line, account, place, at = lines[nth], accounts[nth], places[nth], ats[nth].astimezone(UTC)
        if account.home is None:
            batch.unattributed("home", account.hint, account.shown, at)
        if place.organisation is None:
            batch.unattributed("place", place.hint, place.resource, at)
        if account.home is None or place.organisation is None or not account.counts:
            continue
        outcome = line.outcome
        if outcome is success or outcome is failure:
            kind = SUCCESS if outcome is success else FAILURE
            duplicates += not batch.crossed(account, place, at, kind)
    batch.duplicates += duplicates
    batch.accepted += len(lines) - len(odd) - duplicates
    earliest, latest = min(ats).astimezone(UTC), max(ats).astimezone(UTC)
    batch.earliest = min(batch.earliest or earliest, earliest)
    batch.latest = max(batch.latest or latest, latest)


def _count(places: list[Place], ats: list[Any], odd: set[int]) -> None:
    """Sign-ins on each shared system, and the first and last of them."""
    tallies = list(map(_tally, places))
    if odd:
        tallies = [tally for nth, tally in enumerate(tallies) if nth not in odd]
        ats = [at for nth, at in enumerate(ats) if nth not in odd]
    if not all(map(le, ats, islice(ats, 1, None))):
        order = sorted(range(len(ats)), key=ats.__getitem__)
        tallies, ats = [tallies[nth] for nth in order], [ats[nth] for nth in order]
    last = dict(zip(tallies, ats, strict=True))  # in the order of time the last one stays
    first = dict(zip(reversed(tallies), reversed(ats), strict=True))
    for tally, times in Counter(tallies).items():
        if tally is not None:
            tally.add(times, 0, first[tally].astimezone(UTC), last[tally].astimezone(UTC))


def _slow(
    block: Block, batch: Batch, accounts: Accounts, clock: Clock, ids: Recent[int, bool], fresh: dict[int, bool]
) -> None:
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
    for line, record in read:
        mark = hash(record.event_id) if record.event_id else hash(line)
        if mark in fresh or mark in ids:
            batch.duplicates += 1
            continue
        fresh[mark] = True
        batch.take(record, *accounts.of(record))
