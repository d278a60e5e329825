"""CSV as we write it: UTF-8 with its mark, and nothing in it that a spreadsheet takes for a formula.

A cell that begins with `=`, `+`, `-`, `@` gets an apostrophe before it, which `reading` takes off again (CWE-1236).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from partners.importing import shown
from partners.importing.reading import protected
from partners.models import Import, ImportRow

MARK = "\ufeff"


def sheet(rows: Iterable[Sequence[str]], *, first: bool = True) -> bytes:
    """These rows as CSV; `first` when the file begins with them."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([protected(cell) for cell in row] for row in rows)
    return ((MARK if first else "") + written.getvalue()).encode()


def fates_as_csv(file: Import) -> bytes:
    """Every row of the file with its fate and why, then its cells as they came."""
    rows: list[Sequence[str]] = [["row", "fate", "why", *file.headers]]
    for row in ImportRow.objects.filter(file=file).order_by("number").iterator():
        why = " ".join(shown.in_words(row, file))
        rows.append([str(row.number), shown.fate_words(row.fate, file), why, *[cell or "" for cell in row.cells]])
    return sheet(rows)
