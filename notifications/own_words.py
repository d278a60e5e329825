"""What an organisation may say in its own words in messages to its own people, and how they are filled in. Pure.

Source of the count: 3GPP TS 23.038, the default alphabet and its extension table; 160 septets are one text message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

ONE_TEXT = 160 - 10  # septets; ten are left for a sender's name in front
LONGEST_PREFACE = 300  # letters
LONGEST_LINE = 60
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")  # two septets each
PLACES = ("organisation", "desk")
A_PLACE = re.compile(r"\{([^{}]*)\}")
# Whatever a reader's program would make a link of; the database refuses the same (`sec.wording_checked`).
A_LINK = re.compile(r"://|www\.|@|[a-z0-9]\.[a-z]{2,}", re.IGNORECASE)
A_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
A_REFERENCE = re.compile(r"\b(INC|PLN)-", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What stands in one message beside the fixed parts: lines in an e-mail, a line in a text message."""

    preface: str = ""
    line: str = ""


USUAL = OwnWords()


def septets(words: str) -> int | None:
    """How many septets these words take in a text message; None: they are not all in its alphabet."""
    if not set(words) <= BASIC | EXTENDED:
        return None
    return len(words) + sum(letter in EXTENDED for letter in words)


def outside_alphabet(words: str) -> str:
    """The letters that would double the price of a text message, in their order."""
    return "".join(dict.fromkeys(letter for letter in words if letter not in BASIC | EXTENDED))


def filled(preface: str, line: str, *, organisation: str, desk: str) -> OwnWords:
    """The words as they go out. `desk` is the telephone number of the duty desk; without one its line is left out."""

    def fill(words: str) -> str:
        lines = [one for one in words.splitlines() if desk or "{desk}" not in one]
        return "\n".join(lines).replace("{organisation}", organisation).replace("{desk}", desk).strip()

    return OwnWords(fill(preface), fill(line))


def faults_in(words: str, *, longest: int, names: Iterable[str], own_name: str) -> list[str]:
    """Why these words may not go out, in sentences; none when they may.

    `names` are those of other organisations and of systems: a mailbox may be read by the intruder, so a message names
    nobody else and nothing that is attacked.
    """
    faults = []
    if len(words) > longest:
        faults.append(_("At most %(n)s letters.") % {"n": longest})
    if A_CONTROL.search(words):
        faults.append(_("A sign that cannot be seen, such as a tab, stands in it: write a space instead."))
    unknown = [place for place in A_PLACE.findall(words) if place not in PLACES]
    if unknown or re.search(r"[{}]", A_PLACE.sub("", words)):
        faults.append(_("In braces only {organisation} and {desk} can stand."))
    if A_LINK.search(words):
        faults.append(_("No link and no address: nobody should follow one. After a full stop leave a space."))
    if A_REFERENCE.search(words):
        faults.append(_("No reference: the message has its own."))
    rest = words.lower().replace(own_name.lower(), "")
    named = sorted({name for name in names if len(name) > 2 and name.lower() in rest}, key=len)
    if named:
        faults.append(
            _("A message names no other organisation and no system: take out “%(name)s”.") % {"name": named[-1]}
        )
    return faults
