"""What a message says: that there is a notice, its reference and its code. Never what it is about, nor a link.

A mailbox may be read by the intruder, and a link in a message is what people were told not to follow.
"""

from __future__ import annotations

from dataclasses import dataclass

from notifications.models import Delivery

EXERCISE = "EXERCISE"
HOW_TO_READ = "Open the app or type the address on your card. Never sign in from a link."


@dataclass(frozen=True, slots=True)
class Text:
    subject: str
    body: str


def compose(*, message: str, reference: str, code: str, exercise: bool) -> Text:
    """The words of one message; in an exercise the word comes first in subject and body."""
    if message == Delivery.Message.STOOD_DOWN:
        subject = f"Bulkhead: stand down, {reference}"
        notice = f"Stand down: {reference} is closed, code {code}."
    else:
        subject = f"Bulkhead: you have a notice, {reference}"
        notice = f"You have a notice in Bulkhead, {reference}, code {code}."
    if exercise:
        return Text(f"{EXERCISE}: {subject}", f"{EXERCISE}. {notice}\n\n{HOW_TO_READ}\n")
    return Text(subject, f"{notice}\n\n{HOW_TO_READ}\n")
