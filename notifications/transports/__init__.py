"""The ways out of the building, one file each."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from notifications.messages import Text
from notifications.transports.base import MaybeTaken, Transport, TransportError, UsedUp
from notifications.transports.notify import NotifySms
from notifications.transports.notify_mail import Email
from notifications.transports.push import Push
from notifications.transports.sandbox import Sandbox
from notifications.transports.slack import Slack
from notifications.transports.smtp import Smtp
from notifications.transports.teams import Teams
from portal.reasons import reason

NOTHING_SENDS = reason("Nothing sends by this way here.")
__all__ = ["MaybeTaken", "Transport", "TransportError", "UsedUp", "transport_for"]

WAYS: dict[str, type[Transport]] = {"email": Smtp, "sms": NotifySms, "teams": Teams, "slack": Slack, "push": Push}


class NotSetUp(Transport):
    """A way that was in use when the message was written, and is switched off now."""

    name = "none"

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        raise TransportError(NOTHING_SENDS, down=True)


def transport_for(way: str, *, exercise: bool) -> type[Transport]:
    """Which transport carries a contact point's kind.

    An exercise stays in the house: into the mail sink when it takes this kind of message (`MAIL_URL`), where everybody
    can read what would have been sent, and otherwise into the sandbox.
    """
    if way not in (*settings.SENT_WAYS, *settings.BESIDE_WAYS):
        return NotSetUp
    if exercise and way not in settings.SUNK_WAYS:
        return Sandbox
    if way == "email" and settings.NOTIFY_EMAIL_TEMPLATE:
        return Email
    return WAYS[way]
