"""What a document must be before anybody looks at what it says: its size and depth, and values that can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from incidents.cacao.canonical import SAFE
from incidents.cacao.notes import Notes, Place
from portal.documents import DEEPEST, Problem, Refused, depth_of, pointer, read_json, unkeepable

LARGEST = 2 * 1024 * 1024  # bytes
MOST_STEPS = 500  # beside starts and ends
LONGEST_TEXT = 20_000  # characters; what only a tool reads may be longer
FOR_TOOLS = frozenset(["command_b64", "content", "content_b64", "signatures"])
TOO_LONG = "No double holds this number exactly, so its canonical form is not certain. Write it as a text."


def document_of(raw: bytes) -> dict[str, Any]:
    """Read a document from the bytes that somebody sent.

    Raises:
        Refused: more than 2 MiB, not UTF-8, not JSON, a key twice, nested more than 32 deep, or not an object; more
            than 500 steps, or a text of more than 20,000 characters.
    """
    if len(raw) > LARGEST:
        raise Refused([Problem("", f"A playbook has at most {LARGEST // 1024**2} MiB.")])
    document = read_json(raw.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict):
        raise Refused([Problem("", "A playbook must be a JSON object.")])
    if problems := list(_too_much(document)):
        raise Refused(problems)
    return document


def _too_much(document: dict[str, Any]) -> Iterator[Problem]:
    """Nobody reads more than that in an emergency, and every page that shows it would be slow."""
    workflow = document.get("workflow")
    steps = workflow.values() if isinstance(workflow, dict) else ()
    count = sum(1 for step in steps if not (isinstance(step, dict) and step.get("type") in ("start", "end")))
    if count > MOST_STEPS:
        yield Problem("/workflow", f"A playbook has at most {MOST_STEPS} steps. This one has {count}.")
    for place in _long_texts(document, ()):
        yield Problem(pointer(*place), f"A text has at most {LONGEST_TEXT} characters.")


def _long_texts(value: Any, at: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in FOR_TOOLS:
                yield from _long_texts(inner, (*at, key))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from _long_texts(inner, (*at, nth))
    elif isinstance(value, str) and len(value) > LONGEST_TEXT:
        yield at


def check_values(document: dict[str, Any], notes: Notes) -> None:
    """Note an error for whatever cannot be kept, or has no canonical form. Nothing else may be looked at before."""
    if depth_of(document) > DEEPEST:
        notes.error((), f"The document is nested more than {DEEPEST} levels deep.")
        return
    notes.errors.extend(unkeepable(document))
    for place in _long_numbers(document, ()):
        notes.error(place, TOO_LONG)


def _long_numbers(value: Any, at: Place) -> Iterator[Place]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _long_numbers(inner, (*at, key))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from _long_numbers(inner, (*at, nth))
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        yield at
