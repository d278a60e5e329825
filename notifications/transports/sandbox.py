"""Where an exercise's messages end when mail would really leave the building."""

from __future__ import annotations

from uuid import UUID

from notifications.messages import Text
from notifications.transports.base import Transport


class Sandbox(Transport):
    """Takes every message and sends none: an exercise must not wake anybody."""

    name = "sandbox"

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        return f"sandbox:{delivery_id}"
