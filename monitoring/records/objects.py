"""One JSON object out of one line, strictly; and its fields, leniently: a field of the wrong type is no field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from monitoring.records.record import Unreadable

DEEPEST = 64
Doc = Mapping[str, Any]
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,16}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


def parse(line: bytes) -> dict[str, Any]:
    """Raises:
    Unreadable: `empty`, `not-text`, `not-json`, `duplicate-key`, `too-deep`, `not-an-object`.
    """
    if not line.strip():
        raise Unreadable("empty")
    if b"\0" in line:
        raise Unreadable("not-text")
    try:
        found = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise Unreadable("not-text") from None
    except RecursionError:
        raise Unreadable("too-deep") from None
    except ValueError:  # JSONDecodeError is one, and so is a whole number of thousands of digits
        raise Unreadable("not-json") from None
    if not isinstance(found, dict):
        raise Unreadable("not-an-object")
    if line.count(b"{") + line.count(b"[") > DEEPEST and _depth(found) > DEEPEST:
        raise Unreadable("too-deep")
    return found


def part(doc: object, *path: str) -> Doc:
    """The object at a path; an empty one where there is none."""
    for step in path:
        doc = doc.get(step) if isinstance(doc, Mapping) else None
    return doc if isinstance(doc, Mapping) else {}


def at(doc: object, *path: str) -> Any:
    """The value at a path, or None."""
    return part(doc, *path[:-1]).get(path[-1])


def dotted(doc: Doc, path: str) -> Any:
    """A field by its dotted name, which some shippers write as one key."""
    if path in doc:
        return doc[path]
    *steps, last = path.split(".")
    return part(doc, *steps).get(last)


def first(doc: Doc, *keys: str) -> Any:
    """The first of the keys that holds something."""
    for key in keys:
        if (value := doc.get(key)) not in (None, ""):
            return value
    return None


def parts(value: object, *, most: int = 100) -> list[Doc]:
    """The objects of a list; none if it is no list."""
    return [each for each in value[:most] if isinstance(each, Mapping)] if isinstance(value, list) else []


def whole(value: object) -> int | None:
    """A whole number from a number or its text, decimal or `0x…`; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _HEX.fullmatch(text):
        return int(text, 16)
    return int(text) if _WHOLE.fullmatch(text) else None


def truth(value: object) -> bool | None:
    """True and false, also as text; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
            value.strip().lower()
        )
    return None


def small_keys(doc: Doc) -> dict[str, Any]:
    """The object with its keys in small letters, as some stores hand records on.

    Raises:
        Unreadable: `duplicate-key`, if two keys differ by their letters' size alone and say different things.
    """
    found: dict[str, Any] = {}
    for key, value in doc.items():
        small = key.lower()
        if small in found and found[small] != value:
            raise Unreadable("duplicate-key")
        found[small] = value
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("duplicate-key")
    return found


def _no_constant(_: str) -> Any:
    raise ValueError


def _depth(value: object) -> int:
    deepest, open_ = 0, [(value, 1)]
    while open_:
        each, depth = open_.pop()
        deepest = max(deepest, depth)
        if depth > DEEPEST:
            return depth
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        open_ += [(one, depth + 1) for one in inner if isinstance(one, dict | list)]
    return deepest
