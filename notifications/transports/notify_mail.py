"""E-mail over GOV.UK Notify, for partnerships whose own mail server may be the attacker's or down.

Source: the REST API documentation of GOV.UK Notify (2026), "Send an email". The template's subject is `((subject))` and
its body `((text))`. Receipts come to the same door as those of text messages.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings

from notifications.messages import Text
from notifications.transports.base import MaybeTaken, Transport, TransportError, UsedUp
from notifications.transports.notify import NONE_TODAY, Notify
from notifications.transports.smtp import Smtp
from portal.reasons import reason


class NotifyEmail(Notify):
    name = "notify-email"
    kind: ClassVar[str] = "email"
    service = reason("The e-mail service")
    recipient, plural = reason("address"), reason("e-mails")

    def _ask(self, reference: str, address: str, text: Text) -> Any:
        return self.client.send_email_notification(
            email_address=address,
            template_id=settings.NOTIFY_EMAIL_TEMPLATE,
            personalisation={"subject": text.subject, "text": text.body},
            reference=reference,
        )


class Email(Transport):
    """E-mail by two roads: the second is taken when the first is down and has certainly taken nothing.

    `NOTIFY_EMAIL_FIRST` says which is first. `name` is of the one that took the last message. When both are down, what
    the first said is told.
    """

    name = "email"

    @classmethod
    def host(cls) -> str:
        """Both roads: it is shut when neither takes anything."""
        return " ".join(kind.host() for kind in cls.roads())

    @classmethod
    def roads(cls) -> tuple[type[Transport], ...]:
        """The first road and the other one."""
        if not settings.NOTIFY_EMAIL_TEMPLATE:
            return (Smtp,)
        return (NotifyEmail, Smtp) if settings.NOTIFY_EMAIL_FIRST else (Smtp, NotifyEmail)

    def __init__(self) -> None:
        self.kinds = self.roads()
        self.opened: dict[type[Transport], Transport] = {}
        self.away: dict[type[Transport], TransportError] = {}
        self.news: set[type[Transport]] = set()

    def leave_out(self, roads: Collection[type[Transport]]) -> None:
        self.away |= {kind: UsedUp(NotifyEmail._said(NONE_TODAY)) for kind in self.kinds if kind in roads}

    def used_up(self) -> set[type[Transport]]:
        news, self.news = self.news, set()
        return news

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        for kind in self.kinds:
            if kind in self.away:
                continue
            try:
                ref = self._open(kind).send(delivery_id, address, text, again=again)
            except MaybeTaken:
                raise
            except TransportError as error:
                if not error.down:
                    raise
                self.away[kind] = error
                if isinstance(error, UsedUp):
                    self.news.add(kind)
            else:
                setattr(self, "name", kind.name)  # noqa: B010 - hides that of the class
                return ref
        # One that may work in a minute outweighs one that does not today.
        raise next((each for each in self.away.values() if not isinstance(each, UsedUp)), self.away[self.kinds[0]])

    def close(self) -> None:
        for transport in self.opened.values():
            transport.close()

    def _open(self, kind: type[Transport]) -> Transport:
        if kind not in self.opened:
            self.opened[kind] = kind()
        return self.opened[kind]
