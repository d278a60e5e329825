"""Text messages over GOV.UK Notify: one recipient a call, one template whose whole text is ours.

Source: the REST API documentation of GOV.UK Notify (2026), "Send a text message", "Get message status", "Error codes".
Errors are told apart by status and name, never by their words.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import requests
from django.conf import settings
from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

from notifications.messages import Text
from notifications.transports.base import Transport, TransportError

TIMEOUT_SECONDS = 10
AWAY = "The text message service cannot be reached."
BUSY = 429
REFUSED = (401, 403)
WRONG = 400


class NotifySms(Transport):
    """`delivery_id` is the `reference` of a message: whoever sends again asks by it whether the first one was taken."""

    name = "notify-sms"

    def __init__(self) -> None:
        self.client = NotificationsAPIClient(
            settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_API_URL, timeout=TIMEOUT_SECONDS
        )
        self.client.request_session.max_redirects = 0  # the address is the operator's, and no other

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        try:
            if again and (taken := self._taken(delivery_id)):
                return taken
            answer = self.client.send_sms_notification(
                phone_number=address,
                template_id=settings.NOTIFY_SMS_TEMPLATE,
                personalisation={"text": text.short},
                reference=str(delivery_id),
            )
        except InvalidResponse:
            raise TransportError("The text message service answered in a way that nobody knows.") from None
        except APIError as error:
            raise _refusal(error) from None
        return str(answer["id"])

    def _taken(self, delivery_id: UUID) -> str:
        """What Notify calls the message that it took of this delivery before, or ''."""
        found = self.client.get_all_notifications(reference=str(delivery_id), template_type="sms")
        return next((str(each["id"]) for each in found["notifications"]), "")

    def close(self) -> None:
        self.client.request_session.close()


def _refusal(error: APIError) -> TransportError:
    if error.response is None:  # no answer at all, or none in time: whether it was taken is asked before the next try
        if isinstance(error.__cause__, requests.Timeout):
            return TransportError("The text message service did not answer in time.")
        return TransportError(AWAY, down=isinstance(error.__cause__, requests.ConnectionError))
    status, named = error.status_code, _names(error.message)
    if status == WRONG and "ValidationError" in named and "phone_number" in str(error.message):
        return TransportError("The text message service knows no such number.", permanent=True)
    if status in REFUSED:
        return TransportError("The text message service does not accept our key.", down=True)
    if status == BUSY:
        daily = "TooManyRequestsError" in named
        because = "Today's limit of text messages is used up." if daily else "Too many text messages within a minute."
        return TransportError(because, down=True)
    return TransportError(f"The text message service refused the message ({status}).")


def _names(errors: Any) -> set[str]:
    """The `error` of each entry; Notify answers a list, other servers in between whatever they like."""
    return (
        {str(each.get("error", "")) for each in errors if isinstance(each, dict)} if isinstance(errors, list) else set()
    )
