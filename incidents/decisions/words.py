"""What happened to decisions and to the card, in words for the feed: that there is something, never what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Words = Callable[[Mapping[str, Any], Mapping[str, str]], str]

FEED: dict[str, Words] = {
    "decision.written": lambda data, names: (
        _("has written a decision for the incident into the log")
        if data["as_lead"]
        else _("has written a decision into the log")
    ),
    "decision.revised": lambda data, names: _("has revised a decision in the log"),
    "decision.shared": lambda data, names: _("shares a decision of the log"),
    "decision.unshared": lambda data, names: _("shares a decision of the log with fewer"),
    "known_card.revised": lambda data, names: _("has said anew what is known, believed and not known"),
}
