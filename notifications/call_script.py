"""What a caller says: that there is a notice and its reference, never what it is about.

Who calls is checked by ringing back. The call-back words let the called person name this call when they ring the number
on their card. They prove nothing by themselves, and neither does the code: anybody can read one out.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.models import Delivery
from notifications.tool_opened import Opener

# Short, unlike each other on a bad line, and without a second meaning that a tired person could take amiss.
WORDS = (
    "acorn", "anchor", "apple", "arrow", "autumn", "badger", "barley", "basket", "beacon", "birch", "bonnet",
    "bottle", "bramble", "bucket", "button", "cabin", "candle", "carrot", "castle", "cherry", "clover",
    "copper", "cotton", "curtain", "daisy", "dolphin", "donkey", "eagle", "elbow", "ember", "falcon", "feather",
    "fiddle", "forest", "garden", "garlic", "ginger", "goblet", "hammer", "harbour", "hazel", "heron", "honey",
    "jacket", "jigsaw", "kettle", "kitten", "ladder", "lantern", "lemon", "linen", "magnet", "maple", "marble",
    "meadow", "mitten", "mustard", "napkin", "nutmeg", "orchard", "otter", "oyster", "paddle", "pebble",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    """Sentences in the order in which they are said; `voicemail` is all that a machine is told."""

    lines: list[str]
    voicemail: str


def call_back_words(delivery_id: UUID, attempt: int) -> str:
    """Two words of one attempt, e.g. `acorn kettle`: kept nowhere, the same for whoever may see the call."""
    said = b"call back %d of " % attempt + delivery_id.bytes
    mac = hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).digest()
    return f"{WORDS[mac[0] % len(WORDS)]} {WORDS[mac[1] % len(WORDS)]}"


def script(
    *,
    caller: str,
    ask_for: str,
    reference: str,
    message: str,
    exercise: bool,
    words: str,
    code: str,
    opener: Opener | None = None,
) -> Script:
    """What to say. `caller` is the organisation that rings, `ask_for` whom to ask for; an exercise is said first."""
    if message == Delivery.Message.STOOD_DOWN:
        notice = _("Stand down: %(reference)s is closed.") % {"reference": reference}
    else:
        notice = _(
            "You have a notice in Bulkhead, reference %(reference)s. Open the app, or type the address on your card."
        )
        notice %= {"reference": reference}
    if opener is not None:
        notice = f"{notice} {opener.sentence}"
    lines = [
        _("This is %(caller)s. May I speak to %(whom)s?") % {"caller": caller, "whom": ask_for},
        notice,
        _("Do not take my word for it. Hang up, ring the number on your card, and ask who rings you with the words:")
        + f" “{words}”.",
        _("You can also check at the address on your card, with /verify/ behind it, the code %(code)s.")
        % {"code": code},
        _("Have you got that? Whom did I speak with?"),
    ]
    if message != Delivery.Message.STOOD_DOWN:
        lines.append(
            _("Have you cut a link or done something else already? Should I speak to somebody else? I write it down.")
        )
    voicemail = _("This is %(caller)s. Please ring the number on your card.") % {"caller": caller}
    if exercise:
        word = _("Exercise, exercise, exercise. This is only an exercise.")
        lines, voicemail = [word, *lines], f"{word} {voicemail}"
    return Script(lines, voicemail)
