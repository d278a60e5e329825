"""CSV with a header: whose column is which of our fields, a mapping says (docs/monitoring.md)."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from typing import Any

import msgspec

from monitoring.records.clocks import Clock, Moment
from monitoring.records.normal import NormalLine, record_of
from monitoring.records.record import Outcome, Record, Unreadable

FIELDS = frozenset(NormalLine.__struct_fields__)
NEEDED = frozenset({"at", "account", "resource"})
TIME_FORMAT = "at_format"  # of a mapping: how `at` is written, as `datetime.strptime` has it
_MOST = 200  # columns
_OUTCOMES = {
    **dict.fromkeys(("success", "successful", "succeeded", "ok", "0", "true", "yes", "allowed", "accepted"), "success"),
    **dict.fromkeys(("failure", "failed", "fail", "denied", "false", "no", "rejected", "error"), "failure"),
}


class CsvReader:
    """The first row that is read is the header, and gives no record: after an interruption hand it in again first.

    Cells are parted by commas, semicolons or tabs, whichever the header has most of.

    `mapping` says for our field which column holds it, or what it always is: `{"at": "Date", "action": "=logon"}`.
    Without one the columns bear our own names, and no others.
    """

    def __init__(self, clock: Clock, mapping: dict[str, str] | None) -> None:
        """Raises:
        ValueError: the mapping names a field that does not exist, or none for `at`, `account` and `resource`.
        """
        self.clock = clock
        self.mapping = mapping
        self.columns: list[str] | None = None
        self.header = b""
        self.delimiter = ","
        if mapping is not None:
            if unknown := set(mapping) - FIELDS - {TIME_FORMAT}:
                raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
            if missing := NEEDED - set(mapping):
                raise ValueError(f"no column for: {', '.join(sorted(missing))}")

    def read(self, line: bytes) -> list[Record]:
        if self.columns is None:
            self._head(line)
            self.header = line
            return []
        if line == self.header:  # of the next file behind this one, or the same block is read once more
            return []
        cells = _cells(line, self.delimiter)
        if len(cells) != len(self.columns):
            raise Unreadable("bad-value")
        row = dict(zip(self.columns, cells, strict=True))
        said: dict[str, Any] = {}
        for field, column in (self.mapping or {each: each for each in self.columns if each in FIELDS}).items():
            value = column[1:] if column.startswith("=") else row.get(column, "")
            if field == "outcome" or (field != TIME_FORMAT and value.strip()):
                said[field] = value.strip()
        return [self._record(said)]

    def _head(self, line: bytes) -> None:
        """A header without one of the columns that are named is refused, and every row behind it.

        A column for the outcome that is missed in silence would make a success of everything.
        """
        first = line.split(b"\n", 1)[0]
        self.delimiter = max(",;\t", key=lambda mark: first.count(mark.encode()))
        columns = [cell.strip() for cell in _cells(line, self.delimiter)]
        if len(set(columns)) != len(columns):
            raise Unreadable("duplicate-key")
        if self.mapping is None and set(columns) - FIELDS:
            raise Unreadable("unknown-field")
        needed = self.mapping or {each: each for each in NEEDED}
        if any(column not in columns for field, column in needed.items() if field != TIME_FORMAT and column[:1] != "="):
            raise Unreadable("unknown-shape")
        self.columns = columns

    def _record(self, said: dict[str, Any]) -> Record:
        moment = self._moment(said.get("at", ""))
        for field, reason in (("account", "no-account"), ("resource", "no-resource")):
            if field not in said:
                raise Unreadable(reason)
        if "outcome" in said:
            said["outcome"] = _OUTCOMES.get(said["outcome"].lower(), Outcome.UNKNOWN)
        try:
            line = msgspec.convert(said | {"at": moment.at}, NormalLine, strict=False)
        except msgspec.ValidationError:
            raise Unreadable("bad-value") from None
        return record_of(line, self.clock, fault=moment.fault)

    def _moment(self, text: str) -> Moment:
        if self.mapping and TIME_FORMAT in self.mapping and text:
            try:
                at = datetime.strptime(text, self.mapping[TIME_FORMAT])  # noqa: DTZ007
            except ValueError:
                raise Unreadable("bad-time") from None
            if at.tzinfo is None:
                return self.clock.local(at)
            text = at.isoformat()
        return self.clock.read(text)


def _cells(line: bytes, delimiter: str) -> list[str]:
    if not line.strip():
        raise Unreadable("empty")
    if b"\0" in line:
        raise Unreadable("not-text")
    try:
        rows = list(csv.reader(StringIO(line.decode("utf-8-sig"), newline=""), strict=True, delimiter=delimiter))
    except UnicodeDecodeError:
        raise Unreadable("not-text") from None
    except csv.Error:
        raise Unreadable("unknown-shape") from None
    if len(rows) != 1 or len(rows[0]) > _MOST:
        raise Unreadable("unknown-shape")
    return rows[0]
