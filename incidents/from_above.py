"""What rooms above this one hang in, so that nothing here imports them: they register when they start.

`needs_you` are lines of the first page, each for its viewer's own organisation. `after_opening` is told of an incident
that was opened because of something of that room, in the transaction that opened it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from incidents.models import Incident


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """One line of the first page: what waits, in words, and where it is."""

    words: str
    href: str


Lines = Callable[[UUID], list[NeedsYou]]
Told = Callable[[UUID, Incident], object]
_lines: dict[str, Lines] = {}
_told: dict[str, Told] = {}


def register(name: str, *, needs_you: Lines, after_opening: Told) -> None:
    """Hang a room's part in, under its name; again is the same."""
    _lines[name] = needs_you
    _told[name] = after_opening


def needs_you(organisation_id: UUID) -> list[NeedsYou]:
    return [line for lines in _lines.values() for line in lines(organisation_id)]


def opened_because(of: str, incident: Incident) -> Any:
    """Tell the room that `of` names (`name:id`). What is not known, or not an id, is nobody's reason."""
    name, _, pk = of.partition(":")
    told = _told.get(name)
    if told is None:
        return None
    try:
        return told(UUID(pk), incident)
    except ValueError:
        return None
