"""The ways out of the building, one file each."""

from __future__ import annotations

from django.conf import settings

from notifications.transports.base import Transport, TransportError
from notifications.transports.sandbox import Sandbox
from notifications.transports.smtp import Smtp

__all__ = ["WAYS", "Transport", "TransportError", "transport_for"]

WAYS: dict[str, type[Transport]] = {"email": Smtp}


def transport_for(way: str, *, exercise: bool) -> type[Transport]:
    """Which transport carries a contact point's kind.

    An exercise stays in the house: into the mail sink when there is one (`MAIL_URL`), where everybody can read what
    would have been sent, and otherwise into the sandbox.
    """
    if exercise and not settings.MAIL_URL:
        return Sandbox
    return WAYS[way]
