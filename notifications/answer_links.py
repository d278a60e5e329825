"""The link by which a message can be answered. It follows from the delivery and a secret, and stands nowhere.

Source of what it must bear: scanners of mail follow links with GET and HEAD, and some run the page's scripts. So the
page behind it changes nothing when it is opened, chooses nothing beforehand, and sends nothing by itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from uuid import UUID

from django.conf import settings
from django.urls import reverse

SIGNS = 16  # bytes: 128 bits


def token_of(delivery_id: UUID) -> str:
    """The delivery and a MAC over it, safe in an address: 43 signs."""
    return base64.urlsafe_b64encode(delivery_id.bytes + _mac(delivery_id)).decode().rstrip("=")


def delivery_in(token: str) -> UUID | None:
    """The delivery that a token of ours names; None for every other one."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != 16 + SIGNS or token != base64.urlsafe_b64encode(raw).decode().rstrip("="):
        return None
    delivery_id = UUID(bytes=raw[:16])
    return delivery_id if hmac.compare_digest(raw[16:], _mac(delivery_id)) else None


def link_of(delivery_id: UUID) -> str:
    """The whole address, for the message. Its page asks nobody to sign in."""
    return f"{settings.PORTAL_URL}{reverse('message-answer', args=[token_of(delivery_id)])}"


def _mac(delivery_id: UUID) -> bytes:
    mac = hmac.new(settings.SECRET_KEY.encode(), b"answer to delivery " + delivery_id.bytes, hashlib.sha256)
    return mac.digest()[:SIGNS]
