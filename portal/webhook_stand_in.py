"""A stand-in for a tool that takes webhooks, written from the Standard Webhooks specification.

It checks each signature with the public library, as a receiver would, keeps what it takes, and can misbehave
(`portal/faulty.py`). Every path is a tool of its own. The mail sink serves it on a port of its own.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from portal.faulty import Answer, Faulty, serving

__all__ = ["Received", "WebhookStandIn", "serving"]

KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Received:
    """One message that was taken. `verified` None: no key is known here; `signatures` is how many it carried, `at` when
    it was signed, in seconds of Unix as it says itself."""

    path: str
    id: str
    verified: bool | None
    signatures: int
    at: str
    body: dict[str, Any]


@dataclass
class WebhookStandIn(Faulty):
    """`keys` are as the portal shows them; `told` is called with each message that was taken. What comes to paths in
    `not_kept` is checked and answered like any other, and kept nowhere."""

    keys: list[str] = field(default_factory=list)
    not_kept: frozenset[str] = frozenset()
    told: Callable[[Received], None] | None = None
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        message = self._read(path, headers, body)
        if message is None or message.verified is False:
            self.count(path, "not verified")
            return 401, {}, b""
        if path in self.not_kept:
            return 204, {}, b""
        with self.lock:
            self.received.append(message)
        if self.told is not None:
            self.told(message)
        return 204, {}, b""

    def _read(self, path: str, headers: Mapping[str, str], body: bytes) -> Received | None:
        named = {
            name: str(headers.get(name) or "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        }
        try:
            content = json.loads(body)
        except ValueError:
            return None
        if not isinstance(content, dict):
            return None
        verified = any(self._holds(key, body, named) for key in self.keys) if self.keys else None
        id_, at, signature = named.values()
        return Received(path, id_, verified, len(signature.split()), at, content)

    @staticmethod
    def _holds(key: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            Webhook(key).verify(body, headers)
        except WebhookVerificationError:
            return False
        return True

    def to(self, path: str) -> list[Received]:
        """What was taken at one path, in the order of coming."""
        with self.lock:
            return [each for each in self.received if each.path == path]
