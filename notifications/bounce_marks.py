"""The envelope sender of a message: one of its own (VERP), with the delivery and a keyed mark of it.

Nobody who sees one can have another's message counted as lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings

TOKEN = re.compile(r"\+([0-9a-f]{32})-([a-z2-7]{16})@", re.IGNORECASE)


def mail_domain() -> str:
    """The part of our own address behind the @."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "bulkhead.invalid"


def sender_of(delivery_id: UUID) -> str:
    """`BOUNCE_ADDRESS` with the delivery and its mark behind a plus; without it the address of `MAIL_FROM`."""
    name, at, host = settings.BOUNCE_ADDRESS.partition("@")
    if not at:
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return f"{name}+{delivery_id.hex}-{_mark(delivery_id)}@{host}"


def delivery_in(addresses: Iterable[str]) -> UUID | None:
    """The message that one of these addresses is of; None when no mark is ours."""
    for found in (match for each in addresses for match in TOKEN.finditer(each)):
        delivery = UUID(found[1])
        if hmac.compare_digest(found[2].lower(), _mark(delivery)):
            return delivery
    return None


def _mark(delivery_id: UUID) -> str:
    """80 bits."""
    mac = hmac.new(settings.SECRET_KEY.encode(), b"bounce of delivery " + delivery_id.bytes, hashlib.sha256)
    return base64.b32encode(mac.digest()[:10]).decode().lower()
