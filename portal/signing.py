"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, a signature for each key in use.

A key is 24 to 64 random bytes, written `whsec_` and their base64. The time is the sender's, in seconds of Unix.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence

PREFIX = "whsec_"
KEY_BYTES = 32
SHORTEST_KEY, LONGEST_KEY = 24, 64
TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 5
ID = re.compile(r"[A-Za-z0-9_-]{1,100}")  # no dot: what is signed could be read in two ways
SECONDS = re.compile(r"[0-9]{1,12}")


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def written(key: bytes) -> str:
    """A key as its receiver's library takes it. Shown once, stored sealed only."""
    return PREFIX + base64.b64encode(key).decode()


def read_key(text: str) -> bytes:
    """A key as `written` writes it; b"" when it is none, or shorter or longer than the standard allows."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except ValueError:
        return b""
    return key if SHORTEST_KEY <= len(key) <= LONGEST_KEY else b""


def headers_for(message_id: str, timestamp: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """What goes with a body that was signed with each of these keys, the newest first.

    Raises:
        ValueError: there is no key, or the id holds a dot, so that it could be read in two ways.
    """
    if not keys or "." in message_id:
        raise ValueError("a webhook is signed with at least one key, and its id holds no dot")
    signed = b"%s.%d." % (message_id.encode(), timestamp) + body
    signatures = " ".join("v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def holds(headers: Mapping[str, str], body: bytes, keys: Iterable[bytes], now: float) -> bool:
    """Whether one of these keys signed this body under these headers, within `TOLERANCE_SECONDS` of `now` (Unix).

    Every signature is compared with every key, in a time that says nothing of which one fits or how nearly. Without
    keys as much is computed as with one.
    """
    named = headers.get("webhook-id", "")
    at = headers.get("webhook-timestamp", "")
    if not ID.fullmatch(named) or not SECONDS.fullmatch(at):
        return False
    signed = f"{named}.{at}.".encode() + body
    given = [
        each.encode("utf-8", "replace") for each in headers.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    ]
    known = list(keys)
    found = False
    for key in known or [bytes(KEY_BYTES)]:
        right = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        for signature in given:
            found |= hmac.compare_digest(right, signature)
    return found and bool(known) and abs(now - int(at)) <= TOLERANCE_SECONDS
