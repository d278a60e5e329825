"""The ways that messages take out of the building: which are in use, whether they work, and which of them is watched.

A way is watched when a canary tries it each minute. One that is not is never shown as well: nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

CANARY_SECONDS = 180.0  # one goes out each minute
WEBHOOK = "webhook"
# Transports by kind of contact point, and which setting has a canary sent; '' none can.
TRANSPORTS = {"email": ("smtp",), "sms": ("notify-sms",), "teams": ("teams",), "slack": ("slack",), "push": ("push",)}
WATCHED_BY = {
    "smtp": "CANARY_EMAIL", "notify-email": "CANARY_EMAIL", "notify-sms": "CANARY_SMS", "teams": "CANARY_TEAMS",
    "slack": "CANARY_SLACK", "push": "", WEBHOOK: "CANARY_WEBHOOK",
}  # fmt: skip


class WayOut(NamedTuple):
    """One way that messages take. Seconds since its canary was accepted, since its breaker opened, and until its
    service takes messages again because today's limit is used up; or None."""

    transport: str
    canary_seconds: float | None
    open_seconds: float | None
    used_up_seconds: float | None = None

    @property
    def word(self) -> str:
        """`used up`: nothing is sent this way today; `shut`: just now; `silent`: no canary got through for three
        minutes."""
        if self.used_up_seconds is not None:
            return "used up"
        if self.open_seconds is not None:
            return "shut"
        return "silent" if (self.canary_seconds or 0) > CANARY_SECONDS else "ok"

    @property
    def is_known(self) -> bool:
        """Whether anything says how it is: a canary, or what became of messages."""
        return self.canary_seconds is not None or self.word != "ok"


class Blocked(NamedTuple):
    """A way out that does not work, and since when: `shut` or `silent`; or until when: `used up`."""

    transport: str
    word: str
    since: datetime


def in_use() -> list[str]:
    """The transports that something is sent by here; webhooks are known by their subscriptions alone."""
    found: list[str] = []
    for way in (*settings.SENT_WAYS, *settings.BESIDE_WAYS):
        if way == "email" and settings.NOTIFY_EMAIL_TEMPLATE:
            found.append("notify-email")
        found += TRANSPORTS[way]
    return found


def not_watched(ways: Iterable[WayOut]) -> dict[str, str]:
    """Transports in use that no canary tries, each with the setting that has one sent ('' none can).

    Webhooks count whether or not any organisation has a tool, which is nobody else's to learn.
    """
    known = {way.transport: way for way in ways}
    wanted = in_use() + ([WEBHOOK] if WEBHOOK in known else [])
    return {name: WATCHED_BY[name] for name in wanted if name not in known or known[name].canary_seconds is None}
