"""A notice in one browser of one person: encrypted for that browser, and sent by the push service that it has chosen.

Source: RFC 8030 (TTL, Urgency, Topic; 201, 404 and 410 for a subscription that is over, 413, 429), RFC 8291 (content)
and RFC 8292 (who we are). The push service learns that a message went, and nothing of it.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Collection
from typing import ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from py_vapid import Vapid02, VapidException
from pywebpush import WebPusher, WebPushException

from notifications.messages import Text
from notifications.transports.base import TransportError
from notifications.transports.posting import Posting
from portal.reasons import reason

NOT_SET_UP = reason("Notices in browsers are not set up: VAPID_PRIVATE_KEY is missing.")
KEYS_ARE_NONE = reason("The keys of this browser are none: switch it on again there.")
OUR_KEY = reason("Our key for push services cannot be used.")
KEPT_SECONDS = 24 * 3600  # by the push service, for a browser that is not there
TOKEN_SECONDS = 12 * 3600  # RFC 8292 allows 24 hours; clocks differ


class Push(Posting):
    """The `Topic` and the tag follow from the delivery: one that is sent again takes the place of the first."""

    name = "push"
    service, receiver = reason("The push service"), reason("browser")
    # 401 and 403 may be a mistake of ours about the key or the clock: no reason to forget every browser.
    refused_for_good: ClassVar[frozenset[int]] = frozenset({404, 410})

    def hosts(self) -> Collection[str]:
        return settings.PUSH_HOSTS

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        if not settings.VAPID_PRIVATE_KEY:
            raise TransportError(NOT_SET_UP, down=True)
        topic = base64.urlsafe_b64encode(delivery_id.bytes).rstrip(b"=").decode()
        said = {"title": text.subject, "body": text.said, "tag": topic}
        subscription = json.loads(address)
        endpoint = subscription["endpoint"]
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "normal" if text.calm else "high",
            "Topic": topic,
            "Authorization": _token(endpoint),
        }
        self.post(endpoint, headers, _encrypted(subscription, json.dumps(said).encode()))
        return f"push:{delivery_id}"


def _encrypted(subscription: dict[str, str], content: bytes) -> bytes:
    keys = {"p256dh": subscription["p256dh"], "auth": subscription["auth"]}
    try:
        body = WebPusher({"endpoint": subscription["endpoint"], "keys": keys}).encode(content)["body"]
    except (WebPushException, ValueError):
        because = KEYS_ARE_NONE
        raise TransportError(because, permanent=True, ours=True, gone=True) from None
    return bytes(body)


def _token(endpoint: str) -> str:
    """The Authorization header for one push service, which is its audience."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "sub": settings.VAPID_SUBJECT,
        "exp": int(time.time()) + TOKEN_SECONDS,
    }
    try:
        signed: dict[str, str] = Vapid02.from_raw(settings.VAPID_PRIVATE_KEY.encode()).sign(claims)
    except (VapidException, ValueError):
        raise TransportError(OUR_KEY, down=True, ours=True) from None
    return signed["Authorization"]
