"""What would become of a row: added, changed, unchanged, refused, or the same as another row of the file.

The dry run, the writing and the API ask here, so that what a person was shown is what is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from partners.importing.kinds import Field, Kind, Refusal, There, Values, not_yours
from partners.importing.values import Wrong
from partners.models import ImportRow

Fate = ImportRow.Fate
TAKEN = (Fate.ADDED, Fate.CHANGED, Fate.UNCHANGED)
NOT_SAID = object()


@dataclass(slots=True)
class Judged:
    """One row's fate. `values` are all fields of an object to be added, and those that differ of one to be changed."""

    number: int
    fate: str = ""
    key: str = ""
    duplicate_of: int | None = None
    object_id: UUID | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    troubles: list[dict[str, str]] = field(default_factory=list)
    values: Values = field(default_factory=dict)

    def refuse(self, name: str, words: str) -> Judged:
        self.fate = Fate.REFUSED
        self.troubles.append({"field": name, "words": words})
        return self

    @property
    def outcome(self) -> tuple[Any, ...]:
        """What must not differ between dry run and writing."""
        changed = {name: tuple(_hashable(each) for each in pair) for name, pair in self.changes.items()}
        return self.fate, self.key, self.duplicate_of, self.object_id, changed, self.values


def judged_rows(
    rows: Iterable[tuple[int, Sequence[str | None], str]], *, kind: Kind, mapping: Mapping[str, int]
) -> list[Judged]:
    """The fates of rows (number, cells, trouble), each for itself; who stands there twice is told by `told_apart`."""
    read = [_of_cells(number, cells, trouble, kind=kind, mapping=mapping) for number, cells, trouble in rows]
    kind.prepare([said for row, said in read if not row.troubles])
    return [row if row.troubles else decided(row, said, kind=kind) for row, said in read]


def told_apart(judged: Sequence[Judged], earlier: Mapping[str, int]) -> None:
    """The first row of an object that can be taken is the one; a later one is its duplicate. `earlier`: key, number."""
    seen = dict(earlier)
    for row in judged:
        if row.fate in TAKEN:
            first = seen.setdefault(row.key, row.number)
            if first != row.number:
                row.fate, row.duplicate_of = Fate.DUPLICATE, first
                row.changes, row.values = {}, {}


def _of_cells(
    number: int, cells: Sequence[str | None], trouble: str, *, kind: Kind, mapping: Mapping[str, int]
) -> tuple[Judged, Values]:
    """The row, refused when a cell cannot be read, and what it says."""
    row, said = Judged(number), Values()
    if trouble:
        return row.refuse("", trouble), said
    for each in kind.fields:
        if each.name in mapping and (cell := cells[mapping[each.name]]) is not None:
            try:
                said[each.name] = _read(each, cell.strip())
            except Wrong as wrong:
                row.refuse(each.name, str(wrong))
    return row, said


def _read(each: Field, cell: str) -> Any:
    if cell:
        return each.reader.read(cell)
    if each.required:
        raise Wrong(_("It is empty."))
    return each.empty


def decided(row: Judged, said: Values, *, kind: Kind) -> Judged:
    """The fate of a row whose cells could be read; `said` are the fields that it speaks of."""
    try:
        said = kind.resolved(said)
        key = kind.key_of(said)
        row.key = hashlib.sha256("\0".join(key).encode()).hexdigest()
        there = kind.there.get(key)
        return _added(row, said, kind) if there is None else _compared(row, said, there, kind)
    except Refusal as refusal:
        return row.refuse(refusal.field, refusal.words)


def _added(row: Judged, said: Values, kind: Kind) -> Judged:
    for each in kind.fields:
        if each.required and said.get(each.name, NOT_SAID) in (NOT_SAID, None, ""):
            row.refuse(each.name, _("It is empty."))
    if row.troubles:
        return row
    row.values = {each.name: said.get(each.name, each.empty) for each in kind.fields}
    kind.check_new(row.values)
    row.fate = Fate.ADDED
    return row


def _compared(row: Judged, said: Values, there: There, kind: Kind) -> Judged:
    row.object_id = there.id
    differ = {name: value for name, value in said.items() if name not in kind.identity and there.values[name] != value}
    if not differ:
        row.fate = Fate.UNCHANGED
        return row
    if not there.mine:
        raise Refusal(next(iter(differ)), not_yours())
    kind.check_changed(there, {**there.values, **differ}, frozenset(differ))
    row.changes = {name: [there.values[name], value] for name, value in differ.items()}
    row.values = differ
    row.fate = Fate.CHANGED
    return row


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
