"""Reasons that are kept in English and read in the reader's language.

Why nobody was told, why a message failed, why a rung was left out: a worker writes such a sentence into a row, and the
ledger seals it, so it stays as it was written. Whoever shows it puts it through `reason_in_words`. Sentences stand
beside what makes them, marked with `reason`, which Babel collects (`make texts`):

    UNREADABLE = reason("%(name)s cannot be read.")
    because = UNREADABLE % {"name": name}

What stands for a placeholder named in `of` is such a sentence or word itself; a name stays as it is. Several sentences
may follow each other. Anything else is a person's own words, and stays as it is.

A `clause` is a part of a sentence that says little by itself ("uses %(system)s"): only whoever knows that one can stand
there looks for it (`clause_in_words`), so that nobody's own words are taken for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.translation import gettext

_PLACE = re.compile(r"%\((\w+)\)s")
_FIXED: set[str] = set()
_PATTERNS: dict[str, re.Pattern[str]] = {}
_OF: dict[str, frozenset[str]] = {}
_CLAUSES: dict[str, re.Pattern[str]] = {}
LONGEST = 2000  # longer is nothing that a worker writes


def reason(text: str, *of: str) -> str:
    """Mark a sentence that is kept; it comes back as it is. Called where a module is imported.

    `of`: placeholders for what is marked itself.
    """
    _OF[text] = frozenset(of)
    if _PLACE.search(text):
        _PATTERNS[text] = _pattern(text)
    else:
        _FIXED.add(text)
    _known.cache_clear()
    _split.cache_clear()
    return text


def clause(text: str) -> str:
    """Mark a part of a sentence that is kept; it comes back as it is. Called where a module is imported."""
    _CLAUSES[text] = _pattern(text)
    return text


def clause_in_words(text: str, among: Iterable[str]) -> str | None:
    """The text in the reader's language when it is one of these clauses, the first that fits; None when it is none."""
    for each in among:
        if found := _CLAUSES[each].fullmatch(text):
            values = found.groupdict()
            return gettext(each) % values if values else gettext(each)
    return None


def known() -> frozenset[str]:
    """Every sentence and clause that was marked so far, with its placeholders."""
    return frozenset(_FIXED | _PATTERNS.keys() | _CLAUSES.keys())


def _pattern(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)
    named = "".join(re.escape(part) if nth % 2 == 0 else f"(?P<{part}>.+?)" for nth, part in enumerate(parts))
    return re.compile(named, re.DOTALL)


def is_known(text: str) -> bool:
    """Whether it is made of marked sentences alone."""
    if parts := _split(text):
        return all(map(is_known, parts))
    found = _known(text)
    return found is not None and all(is_known(value) for name, value in found[1] if name in _OF[found[0]])


def reason_in_words(text: str) -> str:
    """A kept reason in the reader's language; what nobody marked stays as it is."""
    if not text or len(text) > LONGEST:
        return text
    if parts := _split(text):  # before one pattern swallows two sentences as somebody's name
        return " ".join(map(reason_in_words, parts))
    found = _known(text)
    if found is None or not is_known(text):  # "Ring Jo by noon" has the form of one, and is somebody's own
        return text
    sentence, values = found
    said = gettext(sentence)
    of = _OF[sentence]
    return said % {name: reason_in_words(value) if name in of else value for name, value in values} if values else said


@lru_cache(4096)
def _known(text: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The one marked sentence that it is, and what stands for its placeholders. The longest fixed part wins."""
    if text in _FIXED:
        return text, ()
    fitting = [
        (len(_PLACE.sub("", sentence)), sentence, match)
        for sentence, pattern in _PATTERNS.items()
        if (match := pattern.fullmatch(text))
    ]
    if not fitting:
        return None
    _, sentence, match = max(fitting, key=lambda each: each[0])
    return sentence, tuple(match.groupdict().items())


@lru_cache(4096)
def _split(text: str) -> tuple[str, ...]:
    """Several marked sentences after each other; () when some part is none."""
    for end in (match.start() + 1 for match in re.finditer(r"\. ", text)):
        first, rest = text[:end], text[end + 1 :]
        if _known(first) is not None and (more := _split(rest) or ((rest,) if _known(rest) is not None else ())):
            return first, *more
    return ()


class ReasonField(models.TextField):
    """A column of kept reasons: English in the database, in the reader's language wherever it is read."""

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        return value if value is None else reason_in_words(value)

    def deconstruct(self) -> Any:
        """For migrations it is the text that it is in the database."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
