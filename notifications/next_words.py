"""What happens next with a message, in one sentence: an e-mail, a text and a telephone call go different ways."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from notifications.models import Delivery

State, Message = Delivery.State, Delivery.Message
QUIET = frozenset({Message.PLANNED, Message.PLANNED_CHANGED})
SANDBOX = _("Kept inside the portal, because this is an exercise. Nothing was sent.")
BY_DAY = _("It goes out by day, when somebody is on duty.")
ON_ITS_PAGE = _("Whether you know of the work you say on its page.")
NOBODY_WOKEN = _("The next way is tried. Nobody is woken.")
NOT_OVER = _("Call the duty desk: they do not know that it is over.")


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one way. `later` and `again` stand beside the time at which that is."""

    waiting: Any
    later: Any
    going: Any
    again: Any
    taken: Any
    unheard: Any
    dead: Any


EMAIL = Words(
    waiting=_("The e-mail goes out within seconds."),
    later=_("The e-mail is held back, and goes out then."),
    going=_("The e-mail is going out."),
    again=_("The e-mail is sent again."),
    taken=_("The mail server has it."),
    unheard=_("Bulkhead hears nothing more until they open it or answer."),
    dead=_("Their next way is tried; when there is none, call the duty desk."),
)
TEXT = Words(
    waiting=_("The text message goes out within seconds."),
    later=_("The text message is held back, and goes out then."),
    going=_("The text message is going out."),
    again=_("The text message is sent again."),
    taken=_("The text message service has it."),
    unheard=_("Bulkhead hears more when it has arrived, or when they answer."),
    dead=EMAIL.dead,
)
CALL = Words(
    waiting=_("Somebody has to ring: the call stands on the call list."),
    later=_("Somebody has to ring then: the call stands on the call list."),
    going=_("Somebody has taken the call, and rings."),
    again=_("Somebody has to ring again: the call stands on the call list."),
    taken=_("They were reached."),
    unheard="",
    dead=_("The next number goes onto the call list; the duty desk's own is the last."),
)
CHANNEL = Words(
    waiting=_("The notice goes out within seconds."),
    later=_("The notice is held back, and goes out then."),
    going=_("The notice is going out."),
    again=_("The notice is sent again."),
    taken=_("The channel's service has it."),
    unheard=_("Nobody counts as told by it; their other ways are used as well."),
    dead=_("Their other ways are used. Somebody has to look at the channel."),
)
BROWSER = replace(
    CHANNEL,
    taken=_("The browser's push service has it."),
    dead=_("Their other ways are used. They can switch it on again in that browser."),
)
BY_WAY = {"teams": CHANNEL, "slack": CHANNEL, "push": BROWSER, "sms": TEXT, "phone": CALL}
BY_TRANSPORT = {"notify-email": replace(EMAIL, taken=_("GOV.UK Notify has it."), unheard=TEXT.unheard)}


def next_words(state: str, message: str, way: str, *, transport: str, tried: bool, ahead: bool) -> str:
    """What happens now, or '' when nothing does. `transport` is the one that took it, or '' so far.

    `tried`: it was before; `ahead`: its time is still to come.
    """
    words, quiet = BY_TRANSPORT.get(transport) or BY_WAY.get(way, EMAIL), message in QUIET
    if state == State.PENDING and tried:
        return str(words.again)
    if transport == "sandbox":
        return str(SANDBOX)
    match state:
        case State.PENDING if ahead:
            return str(BY_DAY if quiet else words.later)
        case State.PENDING:
            return str(words.waiting)
        case State.CLAIMED:
            return str(words.going)
        case State.ACCEPTED if message != Message.STOOD_DOWN:
            return f"{words.taken} {ON_ITS_PAGE if quiet else words.unheard}".rstrip()
        case State.DEAD if quiet:
            return str(NOBODY_WOKEN)
        case State.DEAD:
            return str(NOT_OVER if message == Message.STOOD_DOWN else words.dead)
    return ""
