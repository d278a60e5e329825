"""Conditions and words of a rule as lines that a person writes, and back. Pure.

A condition: `/labels/severity equals critical`, `/title contains "admin"`, `/case is there`, `/case is not there`. What
stands behind `equals` or `contains` is JSON where it can be (`true`, `7`, `"7"`), else text as it is.
"""

from __future__ import annotations

import json
from typing import Any

THERE, NOT_THERE = "is there", "is not there"


class NotALine(Exception):
    """A line cannot be read; the message quotes it."""


def conditions_from(text: str) -> list[dict[str, Any]]:
    return [_condition(line.strip()) for line in text.splitlines() if line.strip()]


def _condition(line: str) -> dict[str, Any]:
    pointer, _space, rest = line.partition(" ")
    rest = rest.strip()
    if not pointer.startswith("/"):
        raise NotALine(line)
    if rest in {THERE, NOT_THERE}:
        return {"pointer": pointer, "exists": rest == THERE}
    test, _space, value = rest.partition(" ")
    if test not in {"equals", "contains"} or not value.strip():
        raise NotALine(line)
    return {"pointer": pointer, test: _value(value.strip())}


def _value(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, str | int | float | bool) else text


def conditions_to(conditions: list[dict[str, Any]]) -> str:
    return "\n".join(_line(each) for each in conditions)


def _line(condition: dict[str, Any]) -> str:
    if "exists" in condition:
        return f"{condition['pointer']} {THERE if condition['exists'] else NOT_THERE}"
    test = "equals" if "equals" in condition else "contains"
    value = condition[test]
    plain = isinstance(value, str) and _value(value) == value and value == value.strip()
    return f"{condition['pointer']} {test} {value if plain else json.dumps(value, ensure_ascii=False)}"


def pairs_from(text: str) -> dict[str, str]:
    """`name = value` a line. The last `=` parts them: a host's name may hold one, a system's never."""
    found = {}
    for line in text.splitlines():
        if line.strip():
            name, sign, value = line.rpartition("=")
            if not (sign and name.strip() and value.strip()):
                raise NotALine(line.strip())
            found[name.strip()] = value.strip()
    return found


def pairs_to(pairs: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {value}" for name, value in pairs.items())
