"""Messages over GOV.UK Notify: one recipient a call, one template whose whole text is ours.

Source: the REST API documentation of GOV.UK Notify (2026), "Send a text message", "Get message status", "Error codes".
Errors are told apart by status and name, never by their words.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import requests
from django.conf import settings
from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient
from urllib3.exceptions import NewConnectionError

from notifications.messages import Text
from notifications.transports.base import MaybeTaken, Transport, TransportError, UsedUp
from portal.reasons import reason

TIMEOUT_SECONDS = 10
SLOW = reason("%(service)s did not answer in time.", "service")
AWAY = reason("%(service)s cannot be reached.", "service")
NO_KEY = reason("%(service)s is not set up: NOTIFY_API_KEY is no key.", "service")
NOT_KNOWN = reason("%(service)s answered in a way that nobody knows.", "service")
NOT_ARRIVED = reason("The message did not arrive.")
NOT_TO = reason("%(service)s takes no message to this %(recipient)s.", "service", "recipient")
KEY_REFUSED = reason("%(service)s does not accept our key.", "service")
NONE_TODAY = reason("Today's limit of %(plural)s is used up.", "plural")
TOO_MANY = reason("Too many %(plural)s within a minute.", "plural")
NOT_TAKEN = reason("%(service)s refused the message (%(status)s).", "service")
BUSY = 429
REFUSED = (401, 403)
WRONG = 400


class Notify(Transport):
    """`delivery_id` is the `reference` of a message: whoever sends again asks by it whether the first one was taken."""

    kind: ClassVar[str]  # Notify's `template_type`
    service: ClassVar[str]
    recipient: ClassVar[str]
    plural: ClassVar[str]

    @classmethod
    def host(cls) -> str:
        return urlsplit(settings.NOTIFY_API_URL).netloc

    def __init__(self) -> None:
        try:
            self.client = NotificationsAPIClient(
                settings.NOTIFY_API_KEY, base_url=settings.NOTIFY_API_URL, timeout=TIMEOUT_SECONDS
            )
        except AssertionError:  # its way of saying that a key is no key
            raise TransportError(self._said(NO_KEY), down=True) from None
        self.client.request_session.max_redirects = 0  # the address is the operator's, and no other

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        if again and (taken := self._taken_before(delivery_id)):
            return taken
        try:
            answer = self._ask(str(delivery_id), address, text)
        except InvalidResponse:
            raise TransportError(self._said(NOT_KNOWN)) from None
        except APIError as error:
            raise self._refusal(error) from None
        return self._id_in(answer)

    def _ask(self, reference: str, address: str, text: Text) -> Any:
        """Hand one message to the service; its answer."""
        raise NotImplementedError

    def _taken_before(self, delivery_id: UUID) -> str:
        """As `_taken`. While that cannot be found out, whether it was taken stays open, whatever the reason."""
        try:
            return self._taken(delivery_id)
        except InvalidResponse:
            raise MaybeTaken(self._said(NOT_KNOWN)) from None
        except APIError as error:
            refusal = self._refusal(error)
            raise MaybeTaken(refusal.because, down=refusal.down) from None

    def _taken(self, delivery_id: UUID) -> str:
        """What Notify calls the message that it took of this delivery before, or ''.

        Raises:
            TransportError: it took it, and it did not arrive: the receipt of that may have found nobody.
        """
        found = self.client.get_all_notifications(reference=str(delivery_id), template_type=self.kind)
        taken = next(iter(found["notifications"]), None)
        if taken is None:
            return ""
        if str(taken.get("status", "")).endswith("-failure"):
            raise TransportError(NOT_ARRIVED, permanent=True)
        return self._id_in(taken)

    def close(self) -> None:
        self.client.request_session.close()

    def _refusal(self, error: APIError) -> TransportError:
        if error.response is None:
            late = isinstance(error.__cause__, requests.Timeout)
            unreached = _never_reached(error.__cause__)
            words = self._said(SLOW if late else AWAY)
            return (TransportError if unreached else MaybeTaken)(words, down=True)
        status = error.status_code
        if status == WRONG:  # of this recipient or of our template: either way the person's next way is better
            return TransportError(self._said(NOT_TO), permanent=True)
        if status in REFUSED:
            return TransportError(self._said(KEY_REFUSED), down=True)
        if status == BUSY:
            if "TooManyRequestsError" in _names(error.message):
                if "international" in str(error.message):  # a limit of its own, for numbers abroad
                    return TransportError(self._said(NOT_TO), permanent=True)
                return UsedUp(self._said(NONE_TODAY))
            return TransportError(self._said(TOO_MANY), down=True)
        return TransportError(self._said(NOT_TAKEN, status))

    @classmethod
    def _said(cls, sentence: str, status: int = 0) -> str:
        words = {"service": cls.service, "recipient": cls.recipient, "plural": cls.plural, "status": status}
        return sentence % words

    def _id_in(self, answer: Any) -> str:
        """Notify's own id. It comes back in receipts, so nothing but a UUID is one."""
        try:
            return str(UUID(str(answer["id"])))
        except (ValueError, KeyError, TypeError):
            raise TransportError(self._said(NOT_KNOWN)) from None


class NotifySms(Notify):
    name = "notify-sms"
    kind: ClassVar[str] = "sms"
    service = reason("The text message service")
    recipient, plural = reason("number"), reason("text messages")

    def _ask(self, reference: str, address: str, text: Text) -> Any:
        return self.client.send_sms_notification(
            phone_number=address,
            template_id=settings.NOTIFY_SMS_TEMPLATE,
            personalisation={"text": text.short},
            reference=reference,
        )


def _never_reached(cause: BaseException | None) -> bool:
    """No connection came about, so that nothing can have been taken."""
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    return isinstance(cause, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _names(errors: Any) -> set[str]:
    """The `error` of each entry; Notify answers a list, other servers in between whatever they like."""
    return (
        {str(each.get("error", "")) for each in errors if isinstance(each, dict)} if isinstance(errors, list) else set()
    )
