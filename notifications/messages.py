"""What a message says: that there is a notice, its reference and its code. Never what it is about.

A mailbox may be read by the intruder. A link leads to a page with a few answers and no place to sign in.
"""

from __future__ import annotations

from dataclasses import dataclass

from notifications.models import Delivery

EXERCISE = "EXERCISE"
DRILL = "DRILL"
HOW_TO_READ = "Open the app or type the address on your card. Never sign in from a link."
ONE_LINE = "Open the app or type the address on your card; never sign in from a link."
# An organisation's own notices belong to no incident: no reference. Whose account it was is not said.
NOTICES = {
    Delivery.Message.BREAK_GLASS: "A break-glass account of your organisation was used. Ring your duty desk.",
    Delivery.Message.BREAK_GLASS_DRILL: (
        "A break-glass account of your organisation was used for a drill. Ring your duty desk if you know of none."
    ),
    Delivery.Message.THEIR_BREAK_GLASS: (
        "A break-glass account of an organisation that you look after was used. Ring it: Deliveries says which."
    ),
    Delivery.Message.THEIR_BREAK_GLASS_DRILL: (
        "A break-glass account of an organisation that you look after was used for a drill. There is nothing to do."
    ),
    Delivery.Message.EMERGENCY_ACCESS: (
        "Somebody of your organisation was let in by emergency enrolment. Ring your duty desk if you know of nobody."
    ),
    Delivery.Message.ACCESS_CHANGED: (
        "Your organisation's access to Bulkhead has changed. Ring the lead, on the number on your card."
    ),
}
A_TEST = (
    "TEST. Nothing has happened. Bulkhead tries once a month whether this contact works. Open the page below and press"
    " the button: it asks for no name and no password. Or sign in as always and say so under Contact tests. Code"
)
BY_LINK = "You cannot get to it now? Say on this page that you have it; it asks for no name and no password:"
CAN_BE_ANSWERED = frozenset({Delivery.Message.OPENED, Delivery.Message.SUSPECTED})
PLANNED = {Delivery.Message.PLANNED, Delivery.Message.PLANNED_CHANGED}
DRILLS = {Delivery.Message.BREAK_GLASS_DRILL, Delivery.Message.THEIR_BREAK_GLASS_DRILL}


@dataclass(frozen=True, slots=True)
class Text:
    """`short` is a text message: one of 160 letters, with room for a sender's name of ten in front of it."""

    subject: str
    body: str
    short: str


def compose(*, message: str, reference: str, code: str, exercise: bool, link: str = "", replies: bool = False) -> Text:
    """The words of one message; in an exercise or a drill the word comes first in subject and body.

    `link` leads to the page of a test, or to that of an answer. `replies`: a text that comes back is read.
    """
    if message == Delivery.Message.CONTACT_TEST:
        return Text(
            "TEST: Bulkhead tests this contact",
            f"{A_TEST} {code}.\n\n{link}\n\n{HOW_TO_READ}\n",
            f"TEST. Press the button on this page, it asks for no password: {link}",
        )
    if message in PLANNED:
        return _planned(reference, code, changed=message == Delivery.Message.PLANNED_CHANGED)
    if message in NOTICES:
        return _notice(Delivery.Message(message), code)
    if message == Delivery.Message.STOOD_DOWN:
        subject = f"Bulkhead: stand down, {reference}"
        notice = short = f"Stand down: {reference} is closed, code {code}."
    elif message == Delivery.Message.LEAD_OFFERED:
        subject = f"Bulkhead: you are asked to take the lead, {reference}"
        notice = short = f"You are asked to take the lead of {reference}, code {code}."
    else:
        subject = f"Bulkhead: you have a notice, {reference}"
        notice = short = f"You have a notice in Bulkhead, {reference}, code {code}."
        if message == Delivery.Message.OPENED:
            short = f"{reference}: your organisation could be reached, code {code}."
        if replies and message in CAN_BE_ANSWERED:
            whose = "you" if exercise else "your organisation"  # the word in front needs the room
            what = f"{whose} could be reached" if message == Delivery.Message.OPENED else "you have a notice"
            short = f"{reference}: {what}. Reply {code} to accept."
    how = ONE_LINE if replies and message in CAN_BE_ANSWERED else HOW_TO_READ
    if exercise:
        subject, notice, short = f"{EXERCISE}: {subject}", f"{EXERCISE}. {notice}", f"{EXERCISE}. {short}"
    answer = f"\n{BY_LINK}\n{link}\n" if link else ""
    return Text(subject, f"{notice}\n\n{HOW_TO_READ}\n{answer}", f"{short} {how}")


def _planned(reference: str, code: str, *, changed: bool) -> Text:
    """The word stands first, as in an exercise: this wakes nobody."""
    notice = f"Something has changed, {reference}" if changed else f"You have a notice in Bulkhead, {reference}"
    said = f"Planned work. No incident. {notice}, code {code}."
    subject = f"Planned work: {'a change' if changed else 'a notice'}, {reference}"
    short = f"Planned work, no incident: {reference}, code {code}. {HOW_TO_READ}"
    return Text(subject, f"{said}\n\n{HOW_TO_READ}\n", short)


def _notice(message: Delivery.Message, code: str) -> Text:
    drill = f"{DRILL}: " if message in DRILLS else ""
    said = f"{drill}{NOTICES[message]} Code {code}."
    return Text(f"{drill}Bulkhead: a notice for you", f"{said}\n\n{HOW_TO_READ}\n", said)  # it says whom to ring
