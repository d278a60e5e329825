"""Lines of our own form as columns: what can be said of them without asking anybody.

Whoever reads ahead makes them, while the block before is being written. The lines themselves are let go: of a plain
sign-in nothing else is needed, and a group of blocks lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitoring.access.words import Known
from monitoring.records.normal import NormalLine, lines_of
from monitoring.records.record import Action, Outcome

SLICE = 128 * 1024  # what is looked at in one go: with its lines as objects it stays in the processor's own memory
SIGN_IN, SUCCESS = Action.LOGON, Outcome.SUCCESS


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry a line, in their order. Names and machines are numbers of those that are `known`. A name is the account
    alone where no line says more of one: a text is found three times as fast as a tuple. A machine is its three fields
    with a NUL between, which no field has."""

    known: Known
    ats: list[datetime]
    in_order: bool  # none of them earlier than the one before
    earliest: datetime
    latest: datetime
    marks: list[int]  # by which a record is told again: of its id, or of the whole line
    names: list[int]
    machines: list[int]
    odd: dict[int, NormalLine]  # what is more than a sign-in, by its place
    outcomes: list[Outcome] | None  # None: all succeeded

    def line(self, nth: int) -> NormalLine:
        """What names the account and the machine of a line."""
        name = self.known.names.texts[self.names[nth]]
        account, organisation, kind = (name, "", None) if isinstance(name, str) else name
        resource, whose, system = self.known.machines.texts[self.machines[nth]].split("\0")
        return NormalLine(
            at=self.ats[nth],
            account=account,
            account_organisation=organisation,
            account_kind=kind,
            resource=resource,
            resource_organisation=whose,
            system=system,
        )

    def only(self, kept: list[int]) -> Columns:
        """Of these lines alone, at least one."""
        ats = [self.ats[nth] for nth in kept]
        return Columns(
            self.known,
            ats,
            self.in_order,
            min(ats),
            max(ats),
            [self.marks[nth] for nth in kept],
            [self.names[nth] for nth in kept],
            [self.machines[nth] for nth in kept],
            {now: self.odd[nth] for now, nth in enumerate(kept) if nth in self.odd},
            self.outcomes and [self.outcomes[nth] for nth in kept],
        )


@dataclass(slots=True)
class _Gathered:
    """The columns as they come, slice by slice."""

    known: Known
    ats: list[datetime] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    machines: list[int] = field(default_factory=list)
    odd: dict[int, NormalLine] = field(default_factory=dict)
    outcomes: list[Outcome] | None = None

    def add(self, lines: list[Any], data: bytes) -> bool:
        """Lines that stand in `data`; False: some of them do not stand in one line."""
        # One loop a column, and each with the fields by name: twice as fast as `map` and `attrgetter`, and as one loop.
        ids = [each.id.strip() for each in lines]
        marks = list(map(hash, ids)) if all(ids) else _marks(ids, data)
        if marks is None:
            return False
        outcomes = [each.outcome for each in lines]
        if self.outcomes is None and outcomes.count(SUCCESS) != len(lines):
            self.outcomes = [SUCCESS] * len(self.ats)
        if self.outcomes is not None:
            self.outcomes += outcomes
        names: Iterable[Any] = [each.account for each in lines]
        if isinstance(lines[0], NormalLine):
            self.odd.update(_odd(lines, len(self.ats)))
            if any(each.account_organisation or each.account_kind for each in lines):
                names = [(each.account, each.account_organisation, each.account_kind) for each in lines]
        self.ats += [each.at for each in lines]
        self.marks += marks
        self.names += self.known.names.numbers(names)
        self.machines += self.known.machines.numbers(
            [f"{each.resource}\0{each.resource_organisation}\0{each.system}" for each in lines]
        )
        return True


def columns_of(data: bytes, known: Known | None = None) -> Columns | None:
    """The columns of a block's lines, each of which ends with a record's brace; None if they have to be looked at one
    by one."""
    found = _Gathered(known or Known())
    for part in _slices(data):
        lines = lines_of(part)
        if lines is None or (lines and not found.add(lines, part)):
            return None
    if not found.ats:
        return None
    try:
        ordered = sorted(found.ats)
    except OverflowError:
        return None
    return Columns(
        found.known, found.ats, found.ats == ordered, ordered[0], ordered[-1], found.marks, found.names, found.machines,
        found.odd, found.outcomes,
    )  # fmt: skip


def _slices(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + SLICE) + 1 or data.find(b"\n", at) + 1 or len(data)
        yield data[at:end]
        at = end


def _marks(ids: Sequence[str], data: bytes) -> list[int] | None:
    """Where some have no id. None: some of them do not stand in one line."""
    raw = [each for each in data.split(b"\n") if each.strip()]
    if len(raw) != len(ids):
        return None
    return [hash(name or line) for name, line in zip(ids, raw, strict=True)]


def _odd(lines: Sequence[NormalLine], first: int) -> Iterator[tuple[int, NormalLine]]:
    for nth, each in enumerate(lines, first):
        if each.privileged or each.action is not SIGN_IN:
            yield nth, each
