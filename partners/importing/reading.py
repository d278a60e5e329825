"""A file of rows that somebody sends: CSV or JSON, whatever its encoding, read within bounds or refused in words.

Nothing in a file is trusted: what it is called, what it says of itself, how long its lines are. Memory stays within a
small multiple of `LARGEST`. Cells are text as written; only the protection that our own export puts before formulas is
taken off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portal.documents import Refused, read_json

MEBIBYTE = 1024 * 1024
LARGEST = 20 * MEBIBYTE
MOST_ROWS = 20_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
LONGEST_RECORD = MEBIBYTE  # characters of one row, quoted line ends included
MOST_PARTS = 1_000_000  # objects, arrays and commas of a JSON file; an honest one of 20,000 rows has fewer
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252 (Western European)",
}
PROTECTED = re.compile(r"'+[=+\-@\t\r]")  # how our export writes text that a spreadsheet would take for a formula
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufdd0\ufffe\uffff]")
_ARCHIVES = {b"PK\x03\x04": "a zip file or a spreadsheet's own format", b"\x1f\x8b": "a compressed file",
             b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old spreadsheet's own format"}  # fmt: skip


class Unreadable(ValueError):
    """The file as a whole cannot be taken; the words are for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` is its row in a spreadsheet (the header is row 1), of JSON its place in the list, from 1.

    A cell that is None was not said at all (a key that a JSON object lacks). `trouble` is why it cannot be taken.
    """

    number: int
    cells: Sequence[str | None]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds. `headers` differ from one another; `said` is how it was read, in words."""

    headers: list[str]
    rows: list[Row]
    said: str


def read_table(raw: bytes, *, kind: str) -> Table:
    """Read a file of rows of this kind.

    Raises:
        Unreadable: too large, no text, no such table, or built to exhaust whoever reads it.
    """
    if len(raw) > LARGEST:
        raise Unreadable(f"The file is larger than {LARGEST // MEBIBYTE} MB.")
    for mark, what in _ARCHIVES.items():
        if raw.startswith(mark):
            raise Unreadable(f"This is {what}. Save it as CSV (UTF-8) and send that.")
    text, encoding = _decoded(raw)
    if not text.strip():
        raise Unreadable("The file is empty.")
    table = _of_json(text, kind) if text.lstrip()[0] in "[{" else _of_csv(text)
    if not table.rows:
        raise Unreadable("The file has a header and no rows." if table.headers else "The file holds no rows.")
    return Table(table.headers, table.rows, f"{table.said}, {ENCODINGS[encoding]}")


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if raw.startswith(mark):
            return _as(raw[len(mark) :], encoding), encoding
    for encoding in _guesses(raw):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Unreadable("This is no text that we can read. Save it as CSV with the encoding UTF-8.")


def _as(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(f"The file says that it is {ENCODINGS[encoding]}, and is not.") from None


def _guesses(raw: bytes) -> list[str]:
    """UTF-16 without a mark has a zero in nearly every second byte; Windows-1252 is what is no UTF-8."""
    start = raw[:4096]
    half = max(1, len(start) // 2)
    if start[1::2].count(0) > half * 0.6:
        return ["utf-16-le"]
    if start[0::2].count(0) > half * 0.6:
        return ["utf-16-be"]
    return ["utf-8", "cp1252"]


def _of_csv(text: str) -> Table:
    delimiter = _delimiter_of(text)
    records = _records(text, delimiter)
    _, first = next(records, (1, []))
    if len(first) > MOST_COLUMNS:
        raise Unreadable(f"The file has {len(first):,} columns. At most {MOST_COLUMNS} are taken.")
    headers = _apart(first)
    rows: list[Row] = []
    for number, cells in records:
        if len(rows) == MOST_ROWS:
            raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Split it.")
        rows.append(_row(number, [_unprotected(each) for each in cells], len(headers)))
    return Table(headers, rows, f"CSV, separated by {DELIMITERS[delimiter]}")


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with something in them, numbered as a spreadsheet does; the first is the header."""
    meter = _Meter(text, delimiter)
    reader = csv.reader(meter, delimiter=delimiter, strict=False)
    number = 0
    try:
        for record in reader:
            number += 1
            meter.record_ends()
            if any(cell.strip() for cell in record):
                yield number, record
    except csv.Error as error:
        raise Unreadable(f"Row {number + 1} cannot be read as CSV: {error}.") from None


class _Meter:
    """Lines for the reader of CSV, which itself would follow a record or a line without end."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.lines = io.StringIO(text, newline="")
        self.delimiter = delimiter
        self.length = self.parts = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.length += len(line)
            self.parts += line.count(self.delimiter)
            if self.length > LONGEST_RECORD or self.parts > 1000 * MOST_COLUMNS:
                raise Unreadable(
                    "A row is too long to be one row. Is a quotation mark open, or is this a file of another sort?"
                )
            yield line

    def record_ends(self) -> None:
        self.length = self.parts = 0


def _delimiter_of(text: str) -> str:
    """The one of the three that the first line has most often outside quotation marks."""
    line = re.sub(r'"[^"]*"', "", text.lstrip("\r\n")[:65536].split("\n", 1)[0].split("\r", 1)[0])
    return max(DELIMITERS, key=line.count)


def _apart(names: Sequence[str]) -> list[str]:
    """Headers as written, trimmed; what stands there twice or not at all is told apart by a number."""
    found: list[str] = []
    for nth, name in enumerate(names, start=1):
        plain = _CONTROLS.sub("�", " ".join(name.split()))[:200] or f"Column {nth}"
        said, again = plain, 2
        while said in found:
            said, again = f"{plain} ({again})", again + 1
        found.append(said)
    return found


def _row(number: int, cells: Sequence[str | None], width: int) -> Row:
    trouble = ""
    if len(cells) != width:
        trouble = f"It has {len(cells):,} cells, and the header has {width:,}."
        cells = [*cells[:width], *[""] * (width - len(cells))]
    said = [cell for cell in cells if cell]
    if any(len(cell) > LONGEST_CELL for cell in said):
        trouble = trouble or f"A cell is longer than {LONGEST_CELL:,} characters."
        cells = [cell[:200] if cell and len(cell) > LONGEST_CELL else cell for cell in cells]
    if any(_CONTROLS.search(cell) for cell in said):
        trouble = trouble or "It holds a control character, such as NUL, that no text has."
        cells = [_CONTROLS.sub("�", cell) if cell else cell for cell in cells]
    return Row(number, cells, trouble)


def _unprotected(cell: str) -> str:
    cell = cell[1:] if PROTECTED.match(cell) else cell
    return cell.replace("\r\n", "\n").replace("\r", "\n")


def _of_json(text: str, kind: str) -> Table:
    if text.count("{") + text.count("[") + text.count(",") > MOST_PARTS:
        raise Unreadable("The file holds more than a list of rows of this size can.")
    try:
        document = read_json(text.encode("utf-8", "surrogatepass"))
    except Refused as refused:
        raise Unreadable(str(refused.problems[0].detail)) from None
    listed = _listed(document, kind)
    if len(listed) > MOST_ROWS:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows. Split it.")
    names = list(dict.fromkeys(key for each in listed if isinstance(each, dict) for key in each))
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"The objects have {len(names):,} different keys. At most {MOST_COLUMNS} are taken.")
    headers = _apart(names)
    rows = [
        _json_row(number, each, names)
        if isinstance(each, dict)
        else Row(number, [None] * len(names), "It is no object with keys and values.")
        for number, each in enumerate(listed, start=1)
    ]
    return Table(headers, rows, "JSON")


def _listed(document: Any, kind: str) -> list[Any]:
    """The list of rows: the document itself, or the part of our own export that is of this kind."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and isinstance(document.get(kind), list):
        return document[kind]
    raise Unreadable(f"A list of objects is wanted, or our own export with its part “{kind}”.")


def _json_row(number: int, each: dict[str, Any], names: Sequence[str]) -> Row:
    cells: list[str | None] = []
    for name in names:
        try:
            cells.append(_as_cell(each[name]) if name in each else None)
        except ValueError as error:
            return Row(number, [None] * len(names), f"{name[:100]!r}: {error}")
    return _row(number, cells, len(names))


def _as_cell(value: Any) -> str:
    """A JSON value as our CSV would write it. (One that is nested deeper than a list of texts is no cell.)"""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return joined(value)
    raise ValueError("a text, a number, yes or no, or a list of texts is wanted")


def joined(items: Sequence[str]) -> str:
    """Several texts in one cell, apart by semicolons; a semicolon of their own has a backslash before it."""
    return "; ".join(each.replace("\\", "\\\\").replace(";", "\\;") for each in items)


def parted(cell: str) -> list[str]:
    """What `joined` put together; line ends part items, too. Empty ones fall away."""
    parts = re.findall(r"(?:\\.|[^;\n\\]|\\$)+", cell)
    return [said for part in parts if (said := re.sub(r"\\(.)", r"\1", part).strip())]


def protected(cell: str) -> str:
    """The cell as our CSV writes it: for no spreadsheet a formula; `read_table` gives it back as it was."""
    return f"'{cell}" if re.match(r"'*[=+\-@\t\r]", cell) else cell
