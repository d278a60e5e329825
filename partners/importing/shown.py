"""A file and the fates of its rows as pages, downloads and the API show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from partners.importing.all_kinds import KINDS
from partners.importing.values import Value
from partners.models import Import, ImportRow

Fate = ImportRow.Fate
SHOWN = (Fate.ADDED, Fate.CHANGED, Fate.UNCHANGED, Fate.REFUSED, Fate.DUPLICATE)
PAGE = 50
DONE = {Fate.ADDED: lazy("Added"), Fate.CHANGED: lazy("Changed")}  # once the file is written


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a file in its order; the numbers after and before which the neighbours begin, or None."""

    rows: list[ImportRow]
    after: int | None
    before: int | None


def rows_of(file: Import, *, fate: str = "", after: int | None = None, before: int | None = None) -> Page:
    """A page of rows by row comparison: after a number, or before one. One query."""
    rows = ImportRow.objects.filter(file=file, **({"fate": fate} if fate else {}))
    if before is not None:
        found = list(rows.filter(number__lt=before).order_by("-number")[: PAGE + 1])
        more = len(found) > PAGE
        found = found[:PAGE][::-1]
        return Page(found, before - 1, found[0].number if more else None)
    found = list(rows.filter(number__gt=after or 0).order_by("number")[: PAGE + 1])
    more = len(found) > PAGE
    found = found[:PAGE]
    return Page(found, found[-1].number if more else None, found[0].number if after and found else None)


def in_words(row: ImportRow, file: Import) -> list[str]:
    """Why this is the row's fate, a sentence each."""
    kind = KINDS[file.kind]
    words = {each.name: str(each.words) for each in kind.fields}
    if row.fate == Fate.DUPLICATE:
        return [_("The same as row %(n)s, which counts.") % {"n": row.duplicate_of}]
    if row.fate == Fate.CHANGED:
        return [
            f"{words.get(name, name)}: {_written(kind, name, was)} → {_written(kind, name, now)}"
            for name, (was, now) in row.changes.items()
        ]
    return [
        f"{words[each['field']]}: {each['words']}" if each["field"] in words else each["words"] for each in row.troubles
    ]


def _written(kind: Any, name: str, value: Value) -> str:
    return kind.field(name).reader.write(value) if value not in (None, "", []) else "–"


def named(row: ImportRow, file: Import) -> str:
    """What the row speaks of, by its own cells."""
    said = []
    for name in KINDS[file.kind].shown_by:
        column = file.mapping.get(name)
        if column is not None and column < len(row.cells) and row.cells[column]:
            said.append(str(row.cells[column])[:120])
    return " – ".join(said) or _("(empty)")


def fate_words(fate: str, file: Import) -> str:
    """`Would be added`, or `Added` once it is."""
    words = DONE.get(Fate(fate)) if file.state == Import.State.WRITTEN else None
    return str(words or Fate(fate).label)


def counted(file: Import) -> list[dict[str, Any]]:
    """How many rows of each fate, in the order of `SHOWN`."""
    return [
        {"fate": each.value, "words": fate_words(each, file), "count": file.counts.get(each.value, 0)} for each in SHOWN
    ]


def to_write(file: Import) -> int:
    return file.counts.get(Fate.ADDED, 0) + file.counts.get(Fate.CHANGED, 0)


def button_words(file: Import) -> str:
    """`Write 4,950 rows, leave 50 out`."""
    rows, out = to_write(file), file.row_count - to_write(file) - file.counts.get(Fate.UNCHANGED, 0)
    words = ngettext("Write %(n)s row", "Write %(n)s rows", rows) % {"n": f"{rows:,}"}
    return words + (_(", leave %(n)s out") % {"n": f"{out:,}"} if out else "")


def samples_of(rows: Sequence[ImportRow], column: int) -> str:
    """The first few different values of a column, for whoever matches it."""
    found = dict.fromkeys(str(row.cells[column])[:60] for row in rows if row.cells[column])
    return "; ".join(list(found)[:3])
