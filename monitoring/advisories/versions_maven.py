"""Maven's order of versions: the "version order specification" of its POM reference."""

from __future__ import annotations

import re
from typing import Any

_ALIASES = {"a": "alpha", "b": "beta", "m": "milestone", "cr": "rc", "ga": "", "final": "", "release": ""}
_ORDER = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"]


def compare_maven(left: str, right: str) -> int:
    """-1, 0 or 1. Every text is a version to Maven, so that this raises nothing."""
    one, other = _tokens(left), _tokens(right)
    for place in range(max(len(one), len(other))):
        a = one[place] if place < len(one) else _padding(other[place])
        b = other[place] if place < len(other) else _padding(one[place])
        ranks = _rank(a), _rank(b)
        if ranks[0] != ranks[1]:
            return 1 if ranks[0] > ranks[1] else -1
    return 0


def _tokens(text: str) -> list[tuple[str, str]]:
    """`(separator, token)` each; between digits and letters there is a hyphen, and nothing between two signs is 0."""
    found: list[tuple[str, str]] = []
    for number, part in enumerate(re.split(r"([.\-_])", text.lower())):
        if number % 2:
            separator = "." if part == "." else "-"
            continue
        for nth, token in enumerate(re.findall(r"[0-9]+|[^0-9]+", part) or ["0"]):
            found.append(("" if not found else separator if not nth else "-", token))
    return _trimmed([(separator, _name(found, place)) for place, (separator, _text) in enumerate(found)])


def _name(tokens: list[tuple[str, str]], place: int) -> str:
    """A token without its other spellings. a, b and m are short names only with a number right behind them."""
    text = tokens[place][1]
    if text in {"a", "b", "m"}:
        following = tokens[place + 1] if place + 1 < len(tokens) else ("", "")
        return _ALIASES[text] if following[0] == "-" and following[1].isdecimal() else text
    return _ALIASES.get(text, text)


def _trimmed(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept: list[tuple[str, str]] = []
    for token in tokens:
        if token[0] == "-":
            _cut(kept)
        kept.append(token)
    _cut(kept)
    return kept


def _cut(tokens: list[tuple[str, str]]) -> None:
    while len(tokens) > 1 and (tokens[-1][1] == "" or (tokens[-1][1].isdecimal() and not int(tokens[-1][1]))):
        tokens.pop()


def _padding(other: tuple[str, str]) -> tuple[str, str]:
    return (other[0], "0") if other[1].isdecimal() and other[0] == "." else (other[0], "")


def _rank(token: tuple[str, str]) -> tuple[Any, ...]:
    """`.qualifier` = `-qualifier` < `-number` < `.number`, as newer releases of Maven have it."""
    separator, text = token
    if text.isdecimal():
        return (3 if separator == "." or not separator else 2, int(text), "")
    if text in _ORDER:
        return (1, _ORDER.index(text), "")
    return (1, len(_ORDER), text)
