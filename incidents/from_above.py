"""What rooms above this one hang in, so that nothing here imports them: they register when they start.

`needs_you` are lines of the first page, each for its viewer's own organisation. `after_opening` is told of an incident
that was opened because of something of that room, in the transaction that opened it, and what the form that led there
showed of it ('' when it did not say). `why_opened` are the reasons that
stand on an incident's board, for those alone who may read what they name; `rule_of` is the rule by which a
tool's alert opened it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from incidents.models import Incident


@dataclass(frozen=True, slots=True)
class NeedsYou:
    """One line of the first page: what waits, in words, and where it is."""

    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an incident was opened, as far as the reader may know: in words, and the page that says more."""

    title: str
    words: str
    link: str
    href: str


Lines = Callable[[UUID], list[NeedsYou]]
Reasons = Callable[[Incident], list[Reason]]
Rule = Callable[[Incident], str]
Told = Callable[[UUID, Incident, str], object]
_lines: dict[str, Lines] = {}
_told: dict[str, Told] = {}
_reasons: dict[str, Reasons] = {}
_rules: dict[str, Rule] = {}


def register(
    name: str,
    *,
    after_opening: Told,
    needs_you: Lines | None = None,
    why_opened: Reasons | None = None,
    rule_of: Rule | None = None,
) -> None:
    """Hang a room's part in, under its name; again is the same."""
    _told[name] = after_opening
    if needs_you is not None:
        _lines[name] = needs_you
    if why_opened is not None:
        _reasons[name] = why_opened
    if rule_of is not None:
        _rules[name] = rule_of


def needs_you(organisation_id: UUID) -> list[NeedsYou]:
    return [line for lines in _lines.values() for line in lines(organisation_id)]


def why_opened(incident: Incident) -> list[dict[str, str]]:
    """For the board (`incidents/_notices.html`). A query for each room that gives reasons."""
    return [asdict(reason) for reasons in _reasons.values() for reason in reasons(incident)]


def rule_of(incident: Incident) -> str:
    """The rule by which a tool's alert opened it, as far as the reader may know; else ''."""
    return next((found for rule in _rules.values() if (found := rule(incident))), "")


def opened_because(of: str, incident: Incident) -> Any:
    """Tell the room that `of` names (`name:id` or `name:id:shown`).

    What is not known, or not an id, is nobody's reason.
    """
    name, _, about = of.partition(":")
    pk, _, shown = about.partition(":")
    told = _told.get(name)
    if told is None:
        return None
    try:
        return told(UUID(pk), incident, shown)
    except ValueError:
        return None
