"""Patterns of accounts, as permissions name them: `svc-backup@ashbourne`, `svc-*@ashbourne`. The database has the same
rule (`sec.account_pattern`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

LONGEST = 128
_SHAPE = re.compile(r"[a-z0-9_*-]+(\.[a-z0-9_*-]+)*@[a-z0-9]+([.-][a-z0-9]+)*")
_TWICE = re.compile(r"\*[^.@]*\*")
_ACCOUNT = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*@[a-z0-9]+(?:[.-][a-z0-9]+)*", re.IGNORECASE)
SAID_AT_LEAST = 3  # letters or digits beside a *, so that no pattern takes in everybody


def is_pattern(text: str) -> bool:
    """`name@realm` in small letters; a `*` stands for letters inside one label of the name, once a label."""
    if len(text) > LONGEST or not _SHAPE.fullmatch(text) or _TWICE.search(text):
        return False
    said = re.sub("[^a-z0-9]", "", text.partition("@")[0])
    return "*" not in text or len(said) >= SAID_AT_LEAST


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", "[a-z0-9_-]*"))


def covers(pattern: str, account: str) -> bool:
    """Whether an account is one of those that a pattern names; capitals do not count."""
    return is_pattern(pattern) and _matcher(pattern).fullmatch(account.casefold()) is not None


def any_covers(patterns: Iterable[str], account: str) -> bool:
    return any(covers(pattern, account) for pattern in patterns)


def accounts_in(value: Any, *, at_most: int = 50, longest: int = 2000) -> list[str]:
    """Everything that reads like an account in a text, or in the texts of a parsed JSON document, in small letters.

    Looks at no more than the first `longest` characters of a text and stops at `at_most` accounts.
    """
    found: dict[str, None] = {}
    for text in _texts(value):
        for match in _ACCOUNT.finditer(text[:longest]):
            found[match.group().casefold()] = None
            if len(found) >= at_most:
                return list(found)
    return list(found)


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
