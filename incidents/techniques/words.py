"""Techniques in sentences: names instead of ids where everybody reads, and what happened to one for the feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import IncidentTechnique
from incidents.techniques.facts import technique

State = IncidentTechnique.State
NAMED = 3
Words = Callable[[Mapping[str, Any], Mapping[str, str]], str]


def name_of(key: str) -> str:
    """Its name by our facts; the id itself where they do not have it."""
    known = technique(key)
    return known.name if known else key


def seen_at(count: int) -> str:
    return ngettext("seen at one organisation", "seen at %(n)s organisations", count) % {"n": count}


def _changed(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    said = {"name": name_of(data["technique"])}
    if data["state"] == State.OBSERVED:
        words = _("“%(name)s” was %(seen)s") % {**said, "seen": seen_at(data["count"])}
    elif data["state"] == State.RULED_OUT:
        words = _("ruled out “%(name)s”") % said
    elif data["was"] == State.OBSERVED:
        words = _("nobody says any more that “%(name)s” was seen; it is supposed again") % said
    else:
        words = _("supposes “%(name)s”") % said
    return f"{words}: {data['reason']}" if data["reason"] else words


def _observed(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = _("saw “%(name)s” at its own side") % {"name": name_of(data["technique"])}
    return words + _(", and shares what it saw") if data["shared"] else words


def named_in_short(names: Sequence[str], *, most: int = NAMED) -> str:
    """`A, B, C and 37 more`."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return shown + (ngettext(" and %(n)s more", " and %(n)s more", more) % {"n": more} if more > 0 else "")


def _set_aside(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    whose = names.get(data["organisation"], data["organisation"])
    return _("sets aside what %(whose)s says it saw of “%(name)s”: %(reason)s") % {
        "whose": whose,
        "name": name_of(data["technique"]),
        "reason": data["reason"],
    }


FEED: dict[str, Words] = {
    "technique.named": lambda data, names: (
        _("supposes %(names)s") % {"names": named_in_short([f"“{name_of(each)}”" for each in data["techniques"]])}
    ),
    "technique.set_aside": _set_aside,
    "technique.changed": _changed,
    "technique.observed": _observed,
    "technique.withdrawn": lambda data, names: (
        _("takes back that it saw “%(name)s”: %(reason)s")
        % {"name": name_of(data["technique"]), "reason": data["reason"]}
    ),
    "technique.shared": lambda data, names: (
        _("shares what it saw of “%(name)s”") % {"name": name_of(data["technique"])}
    ),
}
