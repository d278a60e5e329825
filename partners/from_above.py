"""What higher rooms say on this room's pages: lines of readiness, and sections on a shared system's page.

Those rooms import this one, so each registers itself here when its application is ready (as `chores` does).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from partners.models import SharedSystem
    from partners.readiness import Line


@dataclass(frozen=True, slots=True)
class Section:
    """Part of a system's page. `rows`: (name, words, whether it is well). `acts`: (words, address)."""

    title: str
    lead: str
    rows: Sequence[tuple[str, str, bool]] = ()
    acts: Sequence[tuple[str, str]] = ()


ReadinessLines = Callable[[UUID], "list[Line]"]
SystemSection = Callable[["SharedSystem", UUID, bool], "Section"]
_lines: dict[str, ReadinessLines] = {}
_sections: dict[str, SystemSection] = {}


def register(name: str, *, lines: ReadinessLines, section: SystemSection) -> None:
    """`lines(me)`: readiness. `section(system, me, may_write)`: of a system's page. Both in the open scope."""
    _lines[name], _sections[name] = lines, section


def readiness_lines(me: UUID) -> list[Line]:
    return [line for said in _lines.values() for line in said(me)]


def system_sections(system: SharedSystem, *, me: UUID, may_write: bool) -> list[Section]:
    return [said(system, me, may_write) for said in _sections.values()]
