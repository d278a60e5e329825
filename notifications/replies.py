"""What a text message that came back says. Pure: words in, an answer out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from notifications.codes import as_printed
from notifications.models import Answer

Said = Answer.Said
# A code as people type it: eight signs, perhaps in two groups. Any two words of four letters look like one, so all are
# found, also those that overlap, and the likeliest are tried first.
_CODE = re.compile(r"(?<![0-9A-Za-z])(?=([0-9A-Za-z]{4})([\s\-\u2010-\u2015]{0,3})([0-9A-Za-z]{4})(?![0-9A-Za-z]))")
_WORDS = {
    Said.CUT: {"cut"},
    Said.CALL: {"call", "ring", "phone"},
    Said.OTHER: {"other", "else", "ask"},
    Said.HAS_IT: {"yes", "y", "ok", "okay", "ack", "have", "got"},
}
_NO = {"no", "not", "cannot", "can't", "dont", "don't", "wrong", "stop", "never"}
LONGEST, MOST = 1000, 8  # letters of a text, and readings of it


@dataclass(frozen=True, slots=True)
class Reply:
    """One reading of a text: what is meant when `code` is right. `words` are for whoever is told of somebody else."""

    code: str
    said: str
    words: str


def read(text: str) -> list[Reply]:
    """The readings of a text, the likeliest first.

    A code alone means *I have this*; a word before or after it says something else. A text with "no" or "not" in it
    says nothing that a machine should decide: it is unreadable, for a person to ring.
    """
    text = text[:LONGEST]
    found = []
    for match in _CODE.finditer(text):
        first, between, second = match.groups()
        if code := as_printed(first + second):
            start, end = match.start(), match.end(3)
            rest = f"{text[:start]} {text[end:]}"
            said = _meant(rest)
            words = _kept(rest) if said == Said.OTHER else ""
            unlikely = between not in {"", "-"}, not any(sign.isdigit() for sign in first + second)
            found.append((unlikely, Reply(code, said, words)))
    found.sort(key=lambda each: each[0])
    return [reply for _, reply in found[:MOST]]


def _kept(rest: str) -> str:
    """What a database can keep of it: no NUL, no half of a sign."""
    plain = "".join(sign if sign.isprintable() else " " for sign in rest)
    return " ".join(plain.split())[:100]


def _meant(rest: str) -> str:
    words = set(re.findall(r"[a-z']+", rest.lower().replace("\u2019", "'")))
    if words & _NO:
        return Said.UNREADABLE
    for said, signs in _WORDS.items():
        if words & signs:
            return said
    return Said.HAS_IT if not words else Said.UNREADABLE
