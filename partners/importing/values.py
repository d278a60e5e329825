"""From the text of a cell to the value of a field, and back; what is wrong is said in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from django.db import models

from partners.importing.reading import joined, parted

Value = Any  # what JSON can carry: dates and times are ISO texts, ids are texts
MOST_ITEMS = 50
LARGEST_NUMBER = 2**31 - 1
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0", ""}
_DATES = (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", r"(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})")


class Wrong(ValueError):
    """A cell does not say what its field wants; the words are for whoever sent it."""


class Sort(Enum):
    """What a value is, for those who do not send text."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    FLAG = "flag"
    CHOICE = "choice"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Reader:
    """How one sort of field is read from a cell, and written into one. An empty cell never gets here.

    `longest` is of a text or of one of several, `codes` what a choice or each of several can be.
    """

    read: Callable[[str], Value]
    write: Callable[[Value], str] = str
    hint: str = ""
    sort: Sort = Sort.TEXT
    longest: int = 200
    least: int = 0
    most: int = LARGEST_NUMBER
    codes: tuple[str, ...] = ()


def text(longest: int) -> Reader:
    def read(cell: str) -> str:
        if len(cell) > longest:
            raise Wrong(f"It is longer than {longest:,} characters.")
        return cell

    return Reader(read, longest=longest)


def line(longest: int = 200) -> Reader:
    def read(cell: str) -> str:
        said = " ".join(cell.split())
        if len(said) > longest:
            raise Wrong(f"It is longer than {longest:,} characters.")
        return said

    return Reader(read, longest=longest)


def pattern(expression: str, words: str) -> Reader:
    def read(cell: str) -> str:
        if not re.fullmatch(expression, cell):
            raise Wrong(words)
        return cell

    return Reader(read)


def number(least: int = 0, most: int = LARGEST_NUMBER) -> Reader:
    def read(cell: str) -> int:
        digits = re.sub(r"(?<=\d)[, \u00a0](?=\d{3}\b)", "", cell)
        if not re.fullmatch(r"\d{1,12}", digits) or not digits.isascii():
            raise Wrong("A whole number is wanted.")
        if not least <= int(digits) <= most:
            raise Wrong(f"It must be between {least:,} and {most:,}.")
        return int(digits)

    return Reader(read, hint="a whole number", sort=Sort.NUMBER, least=least, most=most)


def day() -> Reader:
    def read(cell: str) -> str:
        for form in _DATES:
            if found := re.fullmatch(form, cell, re.ASCII):
                try:
                    said = date(int(found["y"]), int(found["m"]), int(found["d"]))
                except ValueError:
                    break
                if 1900 <= said.year < 2200:
                    return said.isoformat()
        raise Wrong("A date is wanted, such as 2026-11-30 or 30/11/2026 (day first).")

    return Reader(read, hint="a date: 2026-11-30, or 30/11/2026", sort=Sort.DAY)


def flag() -> Reader:
    def read(cell: str) -> bool:
        said = cell.casefold()
        if said in _YES:
            return True
        if said in _NO:
            return False
        raise Wrong("Yes or no is wanted.")

    return Reader(read, lambda value: "yes" if value else "no", "yes or no", Sort.FLAG)


def choice(choices: type[models.TextChoices]) -> Reader:
    """One of the codes, or of the words that pages show for them."""
    codes = {each.value.casefold(): each.value for each in choices}
    return _chosen(codes | {str(each.label).casefold(): each.value for each in choices}, choices.values)


def _chosen(known: Mapping[str, str], codes: Sequence[str]) -> Reader:
    listed = ", ".join(codes)

    def read(cell: str) -> str:
        found = known.get(" ".join(cell.split()).casefold())
        if found is None:
            raise Wrong(f"One of these is wanted: {listed}.")
        return found

    return Reader(read, hint=listed, sort=Sort.CHOICE, codes=tuple(codes))


def several(longest: int = 200) -> Reader:
    def read(cell: str) -> list[str]:
        items = list(dict.fromkeys(parted(cell)))
        if len(items) > MOST_ITEMS:
            raise Wrong(f"It holds more than {MOST_ITEMS} items.")
        if any(len(each) > longest for each in items):
            raise Wrong(f"An item is longer than {longest} characters.")
        return items

    return Reader(read, joined, "several, apart by semicolons", Sort.SEVERAL, longest)


def several_of(choices: type[models.TextChoices]) -> Reader:
    one = choice(choices)
    return Reader(
        lambda cell: list(dict.fromkeys(map(one.read, parted(cell)))),
        joined,
        f"any of {one.hint}",
        Sort.SEVERAL,
        codes=one.codes,
    )


def plain(value: Any) -> Value:
    """A field of a model as JSON carries it, so that it can be compared with what a cell says."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value
