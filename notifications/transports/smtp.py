"""E-mail over SMTP: one connection for a batch, and a Message-ID that stays the same when a message is sent again."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import localtime, parseaddr
from uuid import UUID

from django.conf import settings

from notifications.bounce_marks import mail_domain, sender_of
from notifications.messages import Text
from notifications.transports.base import Transport, TransportError
from portal.reasons import reason

AWAY = reason("The mail server cannot be reached.")
NOT_LIKE_THIS = reason("The mail server cannot send to an address like this.")
NOT_TAKEN = reason("The mail server refused the message (%(code)s).")
SLOW = reason("The mail server did not answer in time.")
BROKE_OFF = reason("The mail server broke off.")
SIGN_IN = reason("The mail server does not accept our sign-in.")
NO_ADDRESS = reason("The recorded address is not one.")
NO_MAILBOX = reason("The mail server knows no such mailbox (%(code)s).")
NOT_FOR_IT = reason("The mail server did not take it for this mailbox (%(code)s).")
# RFC 3463: 5.1 is about the address, 5.2.1 a disabled mailbox. Anything else that is refused for good (relaying,
# policy, a full mailbox) may be somebody's setting and is tried again.
BAD_ADDRESS = ("5.1.", "5.2.1")
BAD_ADDRESS_CODES = {550, 551, 553}


class Smtp(Transport):
    name = "smtp"

    @classmethod
    def host(cls) -> str:
        return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"

    def __init__(self) -> None:
        self.connection: smtplib.SMTP | None = None

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        message = self._compose(delivery_id, address, text)
        connection = self._connected()
        try:
            connection.send_message(message, sender_of(delivery_id), [address])
        except smtplib.SMTPRecipientsRefused as refused:
            if connection.sock is None:  # it said 421 and hung up
                self.connection = None
            raise _refusal(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPNotSupportedError:
            raise TransportError(NOT_LIKE_THIS, permanent=True) from None
        except smtplib.SMTPResponseException as refused:
            self.close()
            raise TransportError(NOT_TAKEN % {"code": refused.smtp_code}) from None
        except TimeoutError:
            self.close()
            raise TransportError(SLOW) from None
        except (OSError, smtplib.SMTPException):
            self.close()
            raise TransportError(BROKE_OFF) from None
        return str(message["Message-ID"])

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if connection.sock is not None:
                    connection.sock.settimeout(1)  # what was taken has been answered already
                connection.quit()
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        if self.connection is None:
            try:
                self.connection = _open()
            except smtplib.SMTPAuthenticationError:
                raise TransportError(SIGN_IN, down=True) from None
            except (OSError, smtplib.SMTPException):
                raise TransportError(AWAY, down=True) from None
        return self.connection

    def _compose(self, delivery_id: UUID, address: str, text: Text) -> EmailMessage:
        sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
        message = EmailMessage(policy=SMTP_POLICY)
        try:
            message["To"] = Address(addr_spec=address)
        except (ValueError, IndexError, MessageError):
            raise TransportError(NO_ADDRESS, permanent=True) from None
        message["From"] = Address(sender[0], addr_spec=sender[1])
        message["Subject"] = text.subject
        message["Date"] = localtime()
        message["Message-ID"] = f"<{delivery_id}@{mail_domain()}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: answering machines keep quiet
        message.set_content(text.body)
        return message


def _open() -> smtplib.SMTP:
    # Without a name of our own smtplib asks the resolver for one, which may be down with everything else.
    host, port, name, patience = settings.EMAIL_HOST, settings.EMAIL_PORT, mail_domain(), settings.EMAIL_TIMEOUT
    if getattr(settings, "EMAIL_USE_SSL", False):
        context = ssl.create_default_context()
        connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, name, timeout=patience, context=context)
    else:
        connection = smtplib.SMTP(host, port, name, timeout=patience)
    try:
        if getattr(settings, "EMAIL_USE_TLS", False):
            connection.starttls(context=ssl.create_default_context())
        if settings.EMAIL_HOST_USER:
            connection.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        connection.close()
        raise
    return connection


def _refusal(code: int, answer: bytes | str) -> TransportError:
    words = answer.decode("ascii", "replace") if isinstance(answer, bytes) else answer
    status = words.split(" ", 1)[0]
    enhanced = status.count(".") == 2
    if code >= 500 and (status.startswith(BAD_ADDRESS) if enhanced else code in BAD_ADDRESS_CODES):
        return TransportError(NO_MAILBOX % {"code": code}, permanent=True)
    return TransportError(NOT_FOR_IT % {"code": code})
