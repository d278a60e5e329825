"""The link in a test message: a token that follows from the delivery and a secret of the portal, so that it stands
nowhere. The database holds its hash."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from django.conf import settings
from django.urls import reverse


def token_of(delivery_id: UUID) -> str:
    """192 bits, safe in an address."""
    mac = hmac.new(settings.SECRET_KEY.encode(), b"contact test of delivery " + delivery_id.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()[:24]).decode()


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def link_of(delivery_id: UUID) -> str:
    """The whole address, for the message. Its page asks nobody to sign in."""
    return f"{settings.PORTAL_URL}{reverse('contact-answer', args=[token_of(delivery_id)])}"
