"""A mail server for the demonstration and the tests: it delivers nothing and shows on a page what it was sent.

With NOTIFY_API_KEY in its environment it takes text messages too, as GOV.UK Notify does (`portal/notify_stand_in.py`),
and posts its receipts to NOTIFY_REPORT_TO, and what somebody answers on its page to NOTIFY_REPLY_TO, with the bearer
token NOTIFY_CALLBACK_TOKEN. With NOTIFY_DAILY_LIMIT it takes no more texts a day than that, and no more e-mails.

It takes what goes to channels of Slack and Teams as well (`portal/chat_stand_in.py`).

    python -m portal.mail_sink --smtp-port 2525 --http-port 2580

With --tools-port it takes webhooks there, too (`portal/webhook_stand_in.py`), signed with DEMO_WEBHOOK_KEY or, at
`/canary`, CANARY_WEBHOOK_KEY; `/tools` lists them.

`/` lists the messages, newest first, and `/messages.json` answers the same as JSON, `?to=ADDRESS` picks. Tests can
have it misbehave: POST `{"recipient": "a@b.example", "fault": "hang"}` to `/faults` (see `FAULTS`; recipient `*` is
everybody, fault null ends it), or start it with MAIL_SINK_FAULTS="a@b.example=hang,*=4xx".
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import threading
from collections import deque
from contextlib import nullcontext
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import ThreadingHTTPServer
from mailbox import Maildir
from typing import Any, TypedDict

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.chat_stand_in import ChatStandIn, Posted
from portal.mail_sink_canaries import CANARY_EMAIL, CANARY_WEBHOOK, NOT_LISTED
from portal.mail_sink_page import TEXT, page_server
from portal.notify_stand_in import NotifyStandIn
from portal.webhook_stand_in import WebhookStandIn, serving

KEPT = 5_000
LATE_SECONDS = 5.0  # within the patience of whoever sends: ten seconds
TEXT_LIMIT = 100_000
SIZE_LIMIT = 10_000_000
# What a recipient's server can do instead of taking the message. `hang` never answers, `refuse` drops the connection.
# `lost` takes the message and drops the line before it says so; `bounce` takes it and sends it back; `late` says only
# after LATE_SECONDS that it has taken it.
FAULTS = {
    "hang": "", "refuse": "", "lost": "", "bounce": "", "late": "", "4xx": "451 4.3.0 Try again later",
    "5xx": "550 5.1.1 No such mailbox",
}  # fmt: skip


REPORT = """From: MAILER-DAEMON@mail-sink.example
To: {sender}
Subject: Undeliverable
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="sink"

--sink
Content-Type: text/plain

There is no such mailbox.
--sink
Content-Type: message/delivery-status

Reporting-MTA: dns; mail-sink.example

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1

--sink--
"""


class Message(TypedDict):
    """One message as it is listed; `at` is RFC 3339 in UTC, `to` are the addresses of the envelope."""

    id: int
    at: str
    sender: str
    to: list[str]
    subject: str
    headers: dict[str, str]
    text: str


class Mailbox:
    """The last messages, and the faults that are set. Shared by the mail server and the page."""

    def __init__(self, faults: dict[str, str] | None = None) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._count = 0
        self.faults = dict(faults or {})
        self.late_seconds = LATE_SECONDS

    def add(self, *, sender: str, to: list[str], content: bytes) -> None:
        if to == [CANARY_EMAIL]:
            return
        parsed = message_from_bytes(content, policy=policy.default)
        headers = {name: _printable(value) for name, value in parsed.items()}
        with self._lock:
            self._count += 1
            self._messages.appendleft(
                Message(
                    id=self._count,
                    at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    sender=sender,
                    to=to,
                    subject=headers.get("Subject", ""),
                    headers=headers,
                    text=_text_of(parsed),
                )
            )

    def add_post(self, posted: Posted) -> None:
        """A message that a channel or a browser was sent."""
        service = posted.path.split("/")[1]
        self.add_text(to=posted.path, text=posted.text, sender={"push": "Browser"}.get(service, service.capitalize()))

    def add_text(self, *, to: str, text: str, subject: str = "", sender: str = "") -> None:
        """A message that a service took: a text message has a number in `to` and no subject."""
        if to in NOT_LISTED:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._lock:
            self._count += 1
            self._messages.appendleft(
                Message(
                    id=self._count,
                    at=now,
                    sender=sender or ("E-mail service" if subject else TEXT),
                    to=[to],
                    subject=subject,
                    headers={},
                    text=text,
                )
            )

    def messages(self, to: str | None = None) -> list[Message]:
        """Newest first; `to` picks those whose envelope names that address."""
        with self._lock:
            listed = list(self._messages)
        return [message for message in listed if to is None or to.lower() in map(str.lower, message["to"])]

    def set_fault(self, recipient: str, fault: str | None) -> None:
        """Have the mail server misbehave towards a recipient from now on; None ends it."""
        if fault is None:
            self.faults.pop(recipient.lower(), None)
        elif fault in FAULTS:
            self.faults[recipient.lower()] = fault
        else:
            raise ValueError(f"fault must be one of {', '.join(FAULTS)}")

    def fault_for(self, recipient: str) -> str | None:
        return self.faults.get(recipient.lower(), self.faults.get("*"))


class Handler:
    """What aiosmtpd calls for each command."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        match self.mailbox.fault_for(address):
            case None | "lost" | "bounce" | "late":
                envelope.rcpt_tos.append(address)
                return "250 OK"
            case "hang":
                await asyncio.Event().wait()
            case "refuse":
                if isinstance(server.transport, asyncio.Transport):
                    server.transport.abort()
                return "421 4.3.2 Closing"
            case fault:
                return FAULTS[fault]
        raise AssertionError("a hanging server has answered")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mailbox.add(sender=envelope.mail_from or "", to=list(envelope.rcpt_tos), content=content)
        if "bounce" in map(self.mailbox.fault_for, envelope.rcpt_tos) and envelope.mail_from:
            send_back(envelope.mail_from, envelope.rcpt_tos[0])
        if "lost" in map(self.mailbox.fault_for, envelope.rcpt_tos) and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        if "late" in map(self.mailbox.fault_for, envelope.rcpt_tos):
            await asyncio.sleep(self.mailbox.late_seconds)
        return "250 2.0.0 Kept, not delivered"


def send_back(sender: str, recipient: str) -> None:
    """Leave a report that there is no such mailbox (RFC 3464) in BOUNCE_MAILDIR, as a mail server would."""
    if folder := os.environ.get("BOUNCE_MAILDIR", ""):
        report = REPORT.format(sender=sender, recipient=recipient).replace("\n", "\r\n")
        Maildir(folder, create=True).add(report.encode("utf-8", "replace"))


def faults_from(text: str) -> dict[str, str]:
    """Read `recipient=fault,…` as MAIL_SINK_FAULTS has it."""
    mailbox = Mailbox()
    for part in filter(None, text.split(",")):
        recipient, _, fault = part.partition("=")
        mailbox.set_fault(recipient.strip(), fault.strip())
    return mailbox.faults


async def serve(
    mailbox: Mailbox,
    *,
    smtp_port: int,
    http_port: int,
    notify: NotifyStandIn | None = None,
    tools: WebhookStandIn | None = None,
) -> None:
    """Serve mail and page on the loopback interface until SIGTERM or SIGINT."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    def greet() -> SMTP:
        # A hanging recipient must outlast the client's patience, not ours.
        return SMTP(
            Handler(mailbox), hostname="mail-sink", data_size_limit=SIZE_LIMIT, timeout=600, enable_SMTPUTF8=True
        )

    server = await loop.create_server(greet, "127.0.0.1", smtp_port)
    chat = ChatStandIn(told=mailbox.add_post)
    page: ThreadingHTTPServer = page_server(mailbox, http_port, notify, tools, chat)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    await stopped.wait()
    server.close()
    page.shutdown()


def _text_of(message: EmailMessage | Any) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        return str(part.get_content())[:TEXT_LIMIT]
    except (LookupError, UnicodeError):  # a charset that Python does not know
        raw = part.get_payload(decode=True)
        return raw.decode("utf-8", "replace")[:TEXT_LIMIT] if isinstance(raw, bytes) else ""


def _printable(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.mail_sink", description=__doc__.splitlines()[0])
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--tools-port", type=int, default=0)
    ports = parser.parse_args()
    mailbox = Mailbox(faults_from(os.environ.get("MAIL_SINK_FAULTS", "")))
    key = os.environ.get("NOTIFY_API_KEY", "")
    notify = NotifyStandIn(
        mailbox,
        key,
        os.environ.get("NOTIFY_REPORT_TO", ""),
        os.environ.get("NOTIFY_CALLBACK_TOKEN", ""),
        os.environ.get("NOTIFY_REPLY_TO", ""),
        daily_limit=int(os.environ.get("NOTIFY_DAILY_LIMIT") or 0) or None,
    )
    keys = [os.environ[name] for name in ("DEMO_WEBHOOK_KEY", "CANARY_WEBHOOK_KEY") if os.environ.get(name)]
    tools = WebhookStandIn(keys=keys, not_kept=frozenset({CANARY_WEBHOOK})) if ports.tools_port else None
    with serving(tools, port=ports.tools_port) if tools else nullcontext():
        asyncio.run(
            serve(
                mailbox,
                smtp_port=ports.smtp_port,
                http_port=ports.http_port,
                notify=notify if key else None,
                tools=tools,
            )
        )


if __name__ == "__main__":
    main()
