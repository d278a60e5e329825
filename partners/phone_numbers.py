"""Telephone numbers as people type them, kept as ITU-T E.164: a plus, the country, the number, no signs between.

Strict: what could be two things is refused with a sentence, because it will be dialled at night.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

SIGNS = re.compile(r"[\s().\-\u00a0\u2010-\u2015]")
# Ofcom's National Telephone Numbering Plan: after +44, nine or ten digits that begin with one of these. 9 is premium.
UK = re.compile(r"[1-3578]\d{8,9}")
ANY = re.compile(r"[1-9]\d{6,14}")


class NotANumber(ValueError):
    """The words say what is wrong, for whoever typed it."""


def normalised(typed: str) -> str:
    """A UK or an international number as E.164: `01632 960 101` and `+44 (0)1632 960101` are `+441632960101`.

    Raises:
        NotANumber: letters, an extension, too short or too long, or no country's.
    """
    text = typed.strip().replace("(0)", "") if typed.strip().startswith(("+", "00")) else typed.strip()
    text = SIGNS.sub("", text)
    if not re.fullmatch(r"\+?[0-9]+", text):
        raise NotANumber(_("Write digits alone, with spaces if you like, and + before a foreign number."))
    if text.startswith("+"):
        number = text[1:]
    elif text.startswith("00"):
        number = text[2:]
    elif text.startswith("0"):
        number = f"44{text[1:]}"
    else:
        raise NotANumber(_("Begin with 0 for a number in the United Kingdom, or with + and the country."))
    if number.startswith("44") and not UK.fullmatch(number[2:]):
        raise NotANumber(_("A number in the United Kingdom has ten or eleven digits with its 0, such as 01632 960101."))
    if not ANY.fullmatch(number):
        raise NotANumber(_("A number has seven to fifteen digits after the +, and no country begins with 0."))
    return f"+{number}"


def masked(number: str) -> str:
    """What others may know of a private number, as it is kept: `ends 67`."""
    return f"ends {number[-2:]}"


def spaced(number: str) -> str:
    """A number to read out: a United Kingdom one with its 0, any other in groups; what is masked stays as it is."""
    if number.startswith("+44"):
        rest = f"0{number[3:]}"
        return f"{rest[:5]} {rest[5:]}" if not rest.startswith("02") else f"{rest[:3]} {rest[3:7]} {rest[7:]}"
    return number
