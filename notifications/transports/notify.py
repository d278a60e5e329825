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
SLOW = "The text message service did not answer in time."
AWAY = "The text message service cannot be reached."
BUSY = 429
REFUSED = (401, 403)
WRONG = 400


class NotifySms(Transport):
    """`delivery_id` is the `reference` of a message: whoever sends again asks by it whether the first one was taken."""

    name = "notify-sms"

    def __init__(self) -> None:
        try:
            self.client = NotificationsAPIClient(
                settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_API_URL, timeout=TIMEOUT_SECONDS
            )
        except AssertionError:  # its way of saying that a key is no key
            raise TransportError("Text messages are not set up: NOTIFY_API_KEY is no key.", down=True) from None
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
        return _id_in(answer)

    def _taken(self, delivery_id: UUID) -> str:
        """What Notify calls the message that it took of this delivery before, or ''.

        Raises:
            TransportError: it took it, and it did not arrive: the receipt of that may have found nobody.
        """
        found = self.client.get_all_notifications(reference=str(delivery_id), template_type="sms")
        taken = next(iter(found["notifications"]), None)
        if taken is None:
            return ""
        if str(taken.get("status", "")).endswith("-failure"):
            raise TransportError("The text message did not arrive.", permanent=True)
        return _id_in(taken)

    def close(self) -> None:
        self.client.request_session.close()


def _refusal(error: APIError) -> TransportError:
    if error.response is None:  # no answer at all, or none in time: whether it was taken is asked before the next try
        late = isinstance(error.__cause__, requests.Timeout)
        return TransportError(SLOW if late else AWAY, down=True)
    status = error.status_code
    if status == WRONG:  # of this number or of our template: either way the person's next way is better than waiting
        return TransportError("The text message service takes no message to this number.", permanent=True)
    if status in REFUSED:
        return TransportError("The text message service does not accept our key.", down=True)
    if status == BUSY:
        daily = "TooManyRequestsError" in _names(error.message)
        because = "Today's limit of text messages is used up." if daily else "Too many text messages within a minute."
        return TransportError(because, down=True)
    return TransportError(f"The text message service refused the message ({status}).")


def _id_in(answer: Any) -> str:
    """Notify's own id. It comes back in receipts, so nothing but a UUID is one."""
    try:
        return str(UUID(str(answer["id"])))
    except (ValueError, KeyError, TypeError):
        raise TransportError("The text message service answered in a way that nobody knows.") from None


def _names(errors: Any) -> set[str]:
    """The `error` of each entry; Notify answers a list, other servers in between whatever they like."""
    return (
        {str(each.get("error", "")) for each in errors if isinstance(each, dict)} if isinstance(errors, list) else set()
    )
