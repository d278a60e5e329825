"""What a message says: that there is a notice, its reference and its code. Never what it is about.

A mailbox may be read by the intruder. A link leads to a page with a few answers and no place to sign in.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from notifications.models import Delivery
from notifications.own_words import ONE_TEXT, USUAL, OwnWords, septets
from notifications.tool_opened import Opener, text_message

EXERCISE = lazy("EXERCISE")
DRILL = lazy("DRILL")
HOW_TO_READ = lazy("Open the app or type the address on your card. Never sign in from a link.")
ONE_LINE = lazy("Open the app or type the address on your card; never sign in from a link.")
# An organisation's own notices belong to no incident: no reference. Whose account it was is not said.
NOTICES = {
    Delivery.Message.BREAK_GLASS: lazy("A break-glass account of your organisation was used. Ring your duty desk."),
    Delivery.Message.BREAK_GLASS_DRILL: lazy(
        "A break-glass account of your organisation was used for a drill. Ring your duty desk if you know of none."
    ),
    Delivery.Message.THEIR_BREAK_GLASS: lazy(
        "A break-glass account of an organisation that you look after was used. Ring it: Deliveries says which."
    ),
    Delivery.Message.THEIR_BREAK_GLASS_DRILL: lazy(
        "A break-glass account of an organisation that you look after was used for a drill. There is nothing to do."
    ),
    Delivery.Message.EMERGENCY_ACCESS: lazy(
        "Somebody of your organisation was let in by emergency enrolment. Ring your duty desk if you know of nobody."
    ),
    Delivery.Message.ACCESS_CHANGED: lazy(
        "Your organisation's access to Bulkhead has changed. Ring the lead, on the number on your card."
    ),
    Delivery.Message.MAIL_TRUST_CHANGED: lazy(
        "Whether your organisation's mail is trusted has changed. Open the app: Mail, under Contacts, says since when."
    ),
}
HEADS_UPS = {
    Delivery.Message.HEADS_UP: lazy("Heads-up (TLP:GREEN): no path to you is known. Code %(code)s."),
    Delivery.Message.HEADS_UP_OVER: lazy("The heads-up that you had is over. Code %(code)s."),
}
A_TEST = lazy(
    "TEST. Nothing has happened. Bulkhead tries once a month whether this contact works. Open the page below and press"
    " the button: it asks for no name and no password. Or sign in as always and say so under Contact tests. Code"
    " %(code)s."
)
A_TEST_BESIDE = lazy(
    "TEST. Nothing has happened. Bulkhead tries whether this way works. Type the address on your card, sign in as"
    " always and say under Contact tests that it came. Code %(code)s."
)
BY_LINK = lazy("You cannot get to it now? Say on this page that you have it; it asks for no name and no password:")
CAN_BE_ANSWERED = frozenset({Delivery.Message.OPENED, Delivery.Message.SUSPECTED})
PLANNED = {Delivery.Message.PLANNED, Delivery.Message.PLANNED_CHANGED}
DRILLS = {Delivery.Message.BREAK_GLASS_DRILL, Delivery.Message.THEIR_BREAK_GLASS_DRILL}


@dataclass(frozen=True, slots=True)
class Text:
    """`short` is a text message: one of 160 letters, with room for a sender's name of ten in front of it.

    `said` is what a channel or a browser is told: never a link, because many read a channel. `calm`: it wakes nobody.
    """

    subject: str
    body: str
    short: str
    said: str
    calm: bool = False


def compose(
    *,
    message: str,
    reference: str,
    code: str,
    exercise: bool,
    link: str = "",
    replies: bool = False,
    own: OwnWords = USUAL,
    opener: Opener | None = None,
) -> Text:
    """The words of one message; in an exercise or a drill the word comes first in subject and body.

    `link` leads to the page of a test, or to that of an answer. `replies`: a text that comes back is read. `own`:
    words of the organisation whose people are told; they stand beside the fixed parts and take the place of none.
    `opener`: the tool that opened the incident, until a person has looked at it. Of advisories, which have no
    reference, `reference` is how many there are.
    """
    about = {"reference": reference, "code": code}
    if message == Delivery.Message.CONTACT_TEST:
        return Text(
            _("TEST: Bulkhead tests this contact"),
            f"{A_TEST % about}\n\n{link}\n\n{HOW_TO_READ}\n",
            _("TEST. Press the button on this page, it asks for no password: %(link)s") % {"link": link},
            f"{A_TEST_BESIDE % about}",
            calm=True,
        )
    if message in PLANNED:
        return _planned(about, own, changed=message == Delivery.Message.PLANNED_CHANGED)
    if message in HEADS_UPS:
        subject = _("Bulkhead: a heads-up for you")
        said = HEADS_UPS[Delivery.Message(message)] % about
        if exercise:
            subject, said = f"{EXERCISE}: {subject}", f"{EXERCISE}. {said}"
        return Text(subject, f"{said}\n\n{HOW_TO_READ}\n", f"{said} {HOW_TO_READ}", f"{said} {HOW_TO_READ}")
    if message == Delivery.Message.ADVISORIES:
        return _advisories(reference, code)
    if message in NOTICES:
        return _notice(Delivery.Message(message), code)
    if message == Delivery.Message.STOOD_DOWN:
        subject = _("Bulkhead: stand down, %(reference)s") % about
        notice = short = _("Stand down: %(reference)s is closed, code %(code)s.") % about
    elif message == Delivery.Message.UPDATE_ASKED:
        subject = _("Bulkhead: you are asked for an update, %(reference)s") % about
        notice = short = _("You are asked for an update of %(reference)s, code %(code)s.") % about
    elif message == Delivery.Message.UPDATE_DUE:
        subject = _("Bulkhead: your next update, %(reference)s") % about
        notice = short = _("Your next update of %(reference)s is due, code %(code)s.") % about
    elif message == Delivery.Message.STEPS_READY:
        subject = _("Bulkhead: further steps for you, %(reference)s") % about
        notice = short = _("Further steps of %(reference)s are ready for you, code %(code)s.") % about
    elif message == Delivery.Message.DECISION_ASKED:
        subject = _("Bulkhead: the plan waits for you, %(reference)s") % about
        notice = short = _("The plan of %(reference)s waits for your decision, code %(code)s.") % about
    elif message == Delivery.Message.DATA_NOTICE:
        subject = _("Bulkhead: a notice waits for you, %(reference)s") % about
        notice = short = _("A private notice in %(reference)s waits for you, code %(code)s.") % about
    elif message == Delivery.Message.STATEMENT_ASKED:
        subject = _("Bulkhead: a statement waits for you, %(reference)s") % about
        notice = short = _("A statement in %(reference)s waits for you to agree, code %(code)s.") % about
    elif message == Delivery.Message.DUTY_DUE:
        subject = _("Bulkhead: a clock of yours, %(reference)s") % about
        notice = short = _("A clock of yours in %(reference)s runs: see Duties. Code %(code)s.") % about
    elif message == Delivery.Message.CUT_ASKED:
        subject = _("Bulkhead: your answer is asked, %(reference)s") % about
        notice = short = _("Your answer is asked in %(reference)s, code %(code)s. It is urgent.") % about
    elif message == Delivery.Message.CUT_CHANGED:
        subject = _("Bulkhead: something has changed for you, %(reference)s") % about
        notice = short = _("What you were asked in %(reference)s has changed, code %(code)s.") % about
    elif message == Delivery.Message.ANSWERED_FOR:
        subject = _("Bulkhead: is this answer yours? %(reference)s") % about
        notice = short = _("Answered for you: %(reference)s, code %(code)s. Say if it is wrong.") % about
    elif message == Delivery.Message.LEADS_NOW:
        subject = _("Bulkhead: you lead from now on, %(reference)s") % about
        notice = short = _("You lead %(reference)s now, code %(code)s. Its steps wait.") % about
    elif message == Delivery.Message.LEAD_OFFERED:
        subject = _("Bulkhead: you are asked to take the lead, %(reference)s") % about
        notice = short = _("You are asked to take the lead of %(reference)s, code %(code)s.") % about
    else:
        subject = _("Bulkhead: you have a notice, %(reference)s") % about
        notice = short = _("You have a notice in Bulkhead, %(reference)s, code %(code)s.") % about
        if message in CAN_BE_ANSWERED:
            short = _short(message, exercise=exercise, replies=replies) % about
    how = str(ONE_LINE if replies and message in CAN_BE_ANSWERED else HOW_TO_READ)
    word = f"{EXERCISE}. " if exercise else ""
    if opener is not None:
        notice = f"{notice} {opener.sentence}"
        short, how = text_message(short, opener, about, opens=message in CAN_BE_ANSWERED, replies=replies, word=word)
    if exercise:
        subject, notice, short = f"{EXERCISE}: {subject}", f"{word}{notice}", f"{word}{short}"
    answer = f"\n{BY_LINK}\n{link}\n" if link else ""
    return _with_own(own, subject, notice, short, how, answer)


def _with_own(
    own: OwnWords, subject: str, notice: str, short: str, how: object, answer: str = "", *, calm: bool = False
) -> Text:
    """Notice first, then the own words, then what to do. A line that makes two of a text message is left out.

    A channel or a browser is told the notice alone.
    """
    preface = f"{own.preface}\n\n" if own.preface else ""
    text = f"{short} {how}"
    if own.line:
        with_line = f"{short} {own.line} {how}"
        taken = septets(with_line)
        text = with_line if taken is not None and taken <= ONE_TEXT else text
    return Text(subject, f"{notice}\n\n{preface}{HOW_TO_READ}\n{answer}", text, f"{notice} {HOW_TO_READ}", calm)


def _short(message: str, *, exercise: bool, replies: bool) -> str:
    """The first sentence of a text message. Whole sentences, because another language orders them otherwise.

    In an exercise the word in front needs the room that "your organisation" takes.
    """
    if message == Delivery.Message.SUSPECTED:
        if replies:
            return _("%(reference)s: you have a notice. Reply %(code)s to accept.")
        return _("You have a notice in Bulkhead, %(reference)s, code %(code)s.")
    if not replies:
        return _("%(reference)s: your organisation could be reached, code %(code)s.")
    if exercise:
        return _("%(reference)s: you could be reached. Reply %(code)s to accept.")
    return _("%(reference)s: your organisation could be reached. Reply %(code)s to accept.")


def _planned(about: dict[str, str], own: OwnWords, *, changed: bool) -> Text:
    """The word stands first, as in an exercise: this wakes nobody."""
    if changed:
        said = _("Planned work. No incident. Something has changed, %(reference)s, code %(code)s.") % about
        subject = _("Planned work: a change, %(reference)s") % about
    else:
        said = _("Planned work. No incident. You have a notice in Bulkhead, %(reference)s, code %(code)s.") % about
        subject = _("Planned work: a notice, %(reference)s") % about
    short = _("Planned work, no incident: %(reference)s, code %(code)s.") % about
    return _with_own(own, subject, said, short, HOW_TO_READ, calm=True)


def _advisories(many: str, code: str) -> Text:
    """How many, and never which: an intruder who reads along learns what everybody may know of any platform."""
    n = int(many) if many.isdigit() else 1
    said = ngettext("One new advisory touches your systems.", "%(n)s new advisories touch your systems.", n) % {"n": n}
    short = _("Bulkhead: %(said)s Code %(code)s.") % {"said": said, "code": code}
    told = _("%(said)s It is urgent: known to be exploited, or critical. Code %(code)s.") % {"said": said, "code": code}
    where = f"{told} {HOW_TO_READ}"
    subject = _("Bulkhead: advisories for you")
    return Text(subject, f"{told}\n\n{HOW_TO_READ}\n", f"{short} {HOW_TO_READ}", where)


def _notice(message: Delivery.Message, code: str) -> Text:
    drill = f"{DRILL}: " if message in DRILLS else ""
    said = f"{drill}{NOTICES[message]} " + _("Code %(code)s.") % {"code": code}
    subject = _("Bulkhead: a notice for you")
    return Text(f"{drill}{subject}", f"{said}\n\n{HOW_TO_READ}\n", said, said)  # it says whom to ring
