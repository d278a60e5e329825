"""JSON documents that somebody else wrote: reading them strictly, and saying where in them something is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


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
