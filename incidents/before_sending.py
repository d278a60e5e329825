"""What the room that sends messages says before something is sent: their words, and what of the day's budget they take.

That room imports this one, so it registers itself here when its application is ready (`notifications.apps`).
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Sender(Protocol):
    """Each question is asked inside the reader's organisation, and answered with what that organisation may know."""

    def ways_beside(self) -> list[str]:
        """The kinds of contacts that come beside a person's other ways and that something sends to, may be none."""

    def opening_messages(
        self, organisation_id: UUID, *, exercise: bool, severity: int | None, beside: bool
    ) -> list[dict[str, str]]:
        """`{"to", "way", "text"}` of each message of an opening, composed by the code that sends it.

        `beside`: with what channels and browsers are told.
        """

    def budget_words(self, incident_id: UUID | None, *, texts: int) -> list[str]:
        """Sentences on text messages: how many this takes, how many are left, what is kept. None: not opened yet."""


_senders: list[Sender] = []


def register(sender: Sender) -> None:
    _senders[:] = [sender]


def ways_beside() -> list[str]:
    return [kind for sender in _senders for kind in sender.ways_beside()]


def opening_messages(
    organisation_id: UUID, *, exercise: bool, severity: int | None, beside: bool
) -> list[dict[str, str]]:
    return [
        each
        for sender in _senders
        for each in sender.opening_messages(organisation_id, exercise=exercise, severity=severity, beside=beside)
    ]


def budget_words(incident_id: UUID | None, *, texts: int) -> list[str]:
    return [words for sender in _senders for words in sender.budget_words(incident_id, texts=texts)]
