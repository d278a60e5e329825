"""What happened to services, in words for the feed: the word that was said, never the note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as lazy

SAID = {
    "working": lazy("says: %(service)s is working"),
    "difficulty": lazy("says: %(service)s is working with difficulty"),
    "down": lazy("says: %(service)s is not working"),
    "unknown": lazy("says: how %(service)s stands is not known yet"),
}
FEED: dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]] = {
    "service.said": lambda data, names: str(SAID[data["state"]] % data),
}
