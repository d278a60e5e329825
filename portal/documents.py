"""JSON documents that somebody else wrote: reading them strictly, and saying where in them something is wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

DEEPEST = 32
WIDEST = 2**63  # a larger number fits neither a bigint nor the JSON of most programs


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document. `pointer` is a JSON pointer (RFC 6901), `detail` a sentence for its author."""

    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.detail}"


class Refused(ValueError):
    """A document was not taken over; `problems` says why, in the order of the document."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))


def pointer(*parts: str | int) -> str:
    """A JSON pointer to the given place, escaped as RFC 6901 section 3 wants it."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def read_json(text: bytes) -> Any:
    """Parse UTF-8 JSON, strictly: no repeated key, no NaN or Infinity.

    Raises:
        Refused: with one problem, which names line and column where the parser knows them.
    """
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    def no_number(name: str) -> Any:
        raise ValueError(f"{name} is not a JSON number")

    try:
        document = json.loads(text.decode(), object_pairs_hook=once, parse_constant=no_number)
    except UnicodeDecodeError:
        raise Refused([Problem("", "This is not UTF-8 text.")]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused([Problem("", f"This is not JSON: {error.msg} at {where}.")]) from None
    except RecursionError:
        raise Refused([Problem("", "This is nested too deeply.")]) from None
    except ValueError as error:
        raise Refused([Problem("", f"This is not JSON: {error}.")]) from None
    if repeated:
        raise Refused([Problem("", f"The key {key!r} stands twice in one object.") for key in dict.fromkeys(repeated)])
    return document


def depth_of(document: Any) -> int:
    """How many objects and arrays stand within one another."""
    depth, level = 0, [document]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def unkeepable(document: Any) -> Iterator[Problem]:
    """Values that JSON can say and PostgreSQL or UTF-8 cannot keep. The document is at most `DEEPEST` deep."""
    yield from _unkeepable(document, ())


def _unkeepable(value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(value, str):
        if words := _wrong_text(value):
            yield Problem(_printable(at), words)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if words := _wrong_text(key):
                yield Problem(_printable(at), f"The name of a field: {words}")
            yield from _unkeepable(inner, (*at, key))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from _unkeepable(inner, (*at, nth))
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Problem(_printable(at), "This number is too large.")
    elif isinstance(value, int) and not -WIDEST <= value < WIDEST:
        yield Problem(_printable(at), "This number is too large.")


def _wrong_text(text: str) -> str:
    if "\x00" in text:
        return "The character NUL is not allowed."
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        return "Half of a surrogate pair is not a character."
    return ""


def _printable(at: tuple[str | int, ...]) -> str:
    return pointer(*at).encode("utf-8", "replace").decode().replace("\x00", "?")
