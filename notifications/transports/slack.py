"""A Slack channel, by the address of an incoming webhook.

Source: Slack, "Sending messages using incoming webhooks" and its errors: 400 is the message, 403 that nobody may post
there, 404 and 410 that channel or webhook are gone; 429 at more than a message a second.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from html import escape
from typing import ClassVar
from uuid import UUID

from django.conf import settings

from notifications.messages import Text
from notifications.transports.posting import Posting
from portal.reasons import reason


class Slack(Posting):
    name = "slack"
    service, receiver = reason("Slack"), reason("channel")
    refused_for_good: ClassVar[frozenset[int]] = frozenset({403, 404, 410})

    def hosts(self) -> Collection[str]:
        return settings.SLACK_HOSTS

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        # Slack reads &, < and > as marks of its own; a link that is none cannot come about.
        said = {"text": escape(text.said, quote=False), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
        self.post(address, {"Content-Type": "application/json"}, json.dumps(said).encode())
        return f"slack:{delivery_id}"
