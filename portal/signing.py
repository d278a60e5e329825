"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, a signature for each key in use.

A key is 24 to 64 random bytes, written `whsec_` and their base64. The time is the sender's, in seconds of Unix.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
KEY_BYTES = 32


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def written(key: bytes) -> str:
    """A key as its receiver's library takes it. Shown once, stored sealed only."""
    return PREFIX + base64.b64encode(key).decode()


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
