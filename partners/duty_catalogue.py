"""Keeping the catalogue of duties. A function of the database checks who may and what, and records it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from partners import approvals

LONGEST_HOURS = 2160


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is to be. Of a standard line only `judge` and `is_on` are taken: the rest is the law's.

    `hours`: 0 to 2160, of the `rule`; 0 means without undue delay.
    """

    judge: str
    is_on: bool
    name: str = ""
    source: str = ""
    starts: str = "aware"
    hours: int = 0
    rule: str = "clock"


def keep_line(line: Line, *, entry: UUID | None = None) -> UUID:
    """Change a line of the catalogue, or add one of one's own; its id. What incidents have taken already stays.

    Raises:
        approvals.NotAllowed: neither administrator nor data protection officer, no passkey just now, another's line,
            another judge of what goes to the Commissioner, or something that does not fit.
    """
    return approvals.call(
        "SELECT sec.keep_duty_entry(%s, %s, %s, %s, %s, %s, %s, %s)",
        [entry, line.name, line.source, line.starts, line.hours, line.rule, line.judge, line.is_on],
    )
