"""What can be wrong with what somebody asks of an incident, in the caller's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is not valid: a JSON pointer and a sentence."""

    pointer: str
    detail: str


class Invalid(Exception):
    """The request can be read but cannot be done as it stands. Nothing was written."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("; ".join(f"{fault.pointer}: {fault.detail}" for fault in self.faults))


class WrongMoment(Exception):
    """The thing is known and yours, but its state does not allow this now."""


class Doubtful(WrongMoment):
    """It can be, and it looks like a slip: whoever says it is asked once whether it is right."""


class NotYours(Exception):
    """Seen, but the right to do this belongs to somebody else (role or organisation)."""
