"""Techniques in sentences: names instead of ids where everybody reads, and what happened to one for the feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import IncidentTechnique
from incidents.techniques.facts import technique

State = IncidentTechnique.State
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


FEED: dict[str, Words] = {
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
