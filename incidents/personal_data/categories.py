"""Categories of personal data, in the order and the words of the ICO's form for reporting a breach. Pure.

Source: a published copy of the form's questions, `Categories of personal data`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

CATEGORIES: dict[str, object] = {
    "ethnic_origin": _("Race or ethnic origin"),
    "political_opinions": _("Political opinions"),
    "beliefs": _("Religious or philosophical beliefs"),
    "trade_union": _("Trade union membership"),
    "sex_life": _("Sex life"),
    "sexual_orientation": _("Sexual orientation"),
    "gender_reassignment": _("Gender reassignment"),
    "health": _("Health"),
    "basic_identifiers": _("Basic identifiers, for example name or contact details"),
    "identification": _("Identification data, for example user names or passwords"),
    "economic": _("Economic and financial data, for example card or bank details"),
    "official_documents": _("Official documents, for example driving licences"),
    "location": _("Location data"),
    "genetic_biometric": _("Genetic or biometric data"),
    "criminal": _("Criminal convictions, offences"),
    "not_known": _("Not yet known"),
    "other": _("Other"),
}


def in_words(categories: Iterable[str]) -> list[str]:
    """In the order of the form, whatever the order they were chosen in."""
    chosen = set(categories)
    return [str(words) for key, words in CATEGORIES.items() if key in chosen]
