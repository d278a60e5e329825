"""Reading an alert by a rule: JSON pointers (RFC 6901) in, the fields of an incident out. Pure.

A field of a mapping is `{"value": …}`, or `{"pointer": "/…"}` with, if need be, `"words": {theirs: ours}`: what the
tool says and what it means here. Systems and accounts may also be a list of such fields.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

LONGEST = 200  # characters of a title or a reference
SEVERITIES = range(1, 7)
ABSENT = object()
Document = Mapping[str, Any]


class Rule(Protocol):
    """What of an `AlertRule` is read here."""

    id: UUID
    name: str
    conditions: list[dict[str, Any]]
    mapping: dict[str, Any]
    dedupe: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What an alert says, in the portal's words."""

    title: str
    systems: tuple[str, ...]
    accounts: tuple[str, ...]
    severity: int | None
    reference: str


def resolve(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer, or `ABSENT`."""
    found = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isascii() and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return ABSENT
    return found


def fits(rule: Rule, alert: Document) -> bool:
    return all(_holds(condition, resolve(alert, condition["pointer"])) for condition in rule.conditions)


def _holds(condition: Mapping[str, Any], found: Any) -> bool:
    if "exists" in condition:
        return (found is not ABSENT) == condition["exists"]
    if "equals" in condition:
        return _same(found, condition["equals"])
    wanted = condition["contains"]
    if isinstance(found, list):
        return any(_same(each, wanted) for each in found)
    return isinstance(found, str) and isinstance(wanted, str) and wanted.casefold() in found.casefold()


def _same(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found == wanted  # in Python, True is 1


def read_alert(rule: Rule, alert: Document) -> Reported:
    """The alert by the rule's mapping; what is not there, or not of the right kind, stays empty."""
    mapping = rule.mapping
    texts = list(_texts(mapping.get("title"), alert))
    references = list(_texts(mapping.get("reference"), alert))
    return Reported(
        title=(" ".join(texts).strip() or rule.name)[:LONGEST],
        systems=tuple(dict.fromkeys(_texts(mapping.get("systems"), alert))),
        accounts=tuple(dict.fromkeys(_texts(mapping.get("accounts"), alert))),
        severity=next((each for each in _values(mapping.get("severity"), alert) if _is_severity(each)), None),
        reference=references[0][:LONGEST] if references else "",
    )


def _is_severity(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in SEVERITIES


def _texts(field: Any, alert: Document) -> Iterator[str]:
    for value in _values(field, alert):
        if isinstance(value, str) and value.strip():
            yield value.strip()
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)


def _values(field: Any, alert: Document) -> Iterator[Any]:
    """The plain values of a field, lists opened out and translated by its words."""
    if isinstance(field, list):
        for each in field:
            yield from _values(each, alert)
    elif field is not None:
        found = field["value"] if "value" in field else resolve(alert, field["pointer"])
        words = field.get("words", {})
        for each in found if isinstance(found, list) else [found]:
            if each is not ABSENT:
                yield words.get(each, each) if isinstance(each, str) else each


def fingerprint_of(rule: Rule | None, alert: Document) -> bytes:
    """The same for repeats of one alarm: by what `dedupe` points at, else by the whole alert."""
    shared = resolve(alert, rule.dedupe) if rule is not None and rule.dedupe else ABSENT
    said = alert if shared is ABSENT else shared
    text = json.dumps([str(rule.id) if rule else "", said], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def first_fitting(rules: Sequence[Any], alert: Document) -> Any:
    """The first rule that fits, or None."""
    return next((rule for rule in rules if fits(rule, alert)), None)
