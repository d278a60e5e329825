"""A Microsoft Teams channel or chat, by the address of a Workflow that posts what it is sent as a card.

Source: Microsoft, "Create incoming webhooks with Workflows for Microsoft Teams" and "Create incoming webhooks" (the
envelope, 28 KB): 202 says that the workflow has begun, and nothing says that the card came. The connectors of Office
365 are retired, so their addresses are not taken.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings

from notifications.messages import Text
from notifications.transports.posting import Posting
from portal.reasons import reason


class Teams(Posting):
    name = "teams"
    service, receiver = reason("Microsoft Teams"), reason("channel")
    # 401: the address is signed, and its key was changed.
    refused_for_good: ClassVar[frozenset[int]] = frozenset({401, 403, 404, 410})

    def hosts(self) -> Collection[str]:
        return settings.TEAMS_HOSTS

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        body = json.dumps(_message(text)).encode()
        self.post(address, {"Content-Type": "application/json"}, body)
        return f"teams:{delivery_id}"


def _message(text: Text) -> dict[str, Any]:
    """One card of text: no button, no picture, no link."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": text.subject, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": text.said, "wrap": True},
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}
