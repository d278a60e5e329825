"""A stand-in for GOV.UK Notify's API, written from its public documentation: takes messages, sends none, reports back.

It checks the token as Notify does (HS256, `iss` the service, `iat` within 30 s), refuses with Notify's status and error
names, fails for Notify's own test numbers, takes no more of a kind in a day (UTC) than `daily_limit`, and posts a
receipt for everything else. The mail sink serves it beside its
page, so that one page shows every message; the same faults can be set, by telephone number.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import jwt

SEND = "/v2/notifications/sms"
SEND_MAIL = "/v2/notifications/email"
LIST = "/v2/notifications"
OLDEST_TOKEN_SECONDS = 30
REPORT_AFTER_SECONDS = 0.3
# Notify's own numbers for tests: https answers as always, the receipt says that it failed.
FAILING = {
    "07700900002": "permanent-failure", "07700900003": "temporary-failure",
    "perm-fail@simulator.notify": "permanent-failure", "temp-fail@simulator.notify": "temporary-failure",
}  # fmt: skip
Answer = tuple[int, dict[str, Any]]


class Takes(Protocol):
    """What keeps the messages: the mail sink's box."""

    late_seconds: float  # until the fault `late` answers

    def add_text(self, *, to: str, text: str, subject: str = "") -> None: ...

    def fault_for(self, recipient: str) -> str | None: ...


class DropTheLine(Exception):
    """The fault wants the connection closed without an answer."""


@dataclass
class NotifyStandIn:
    """`key` is an API key as Notify prints it; `report_to` with `report_word` is where receipts go, '' nowhere, and
    `reply_to` where texts go that people send back. `daily_limit`: of texts, and of e-mails, on one day (None: no end);
    `today` tells the day."""

    box: Takes
    key: str
    report_to: str = ""
    report_word: str = ""
    reply_to: str = ""
    daily_limit: int | None = None
    no_foreign_numbers: bool = False  # the limit of its own that Notify has for them is used up
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    sent: Counter[tuple[date, str]] = field(default_factory=Counter)  # by day and kind
    asked: int = 0  # calls that wanted something sent
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def post(self, headers: Any, body: bytes, path: str = SEND) -> Answer:
        """Take a text message, or an e-mail.

        Raises:
            DropTheLine: a fault; what `lost` says is taken all the same.
        """
        self.asked += 1
        if refusal := self._unknown(headers):
            return refusal
        try:
            wish = json.loads(body)
            mail = path == SEND_MAIL
            number = str(wish["email_address" if mail else "phone_number"])
            text = str(wish["personalisation"]["text"])
            subject = str(wish["personalisation"]["subject"]) if mail else ""
            reference = str(wish.get("reference") or "")
        except (ValueError, KeyError, TypeError):
            return _error(400, "BadRequestError", "Missing personalisation: text")
        if mail and "@" not in number:
            return _error(400, "ValidationError", "email_address Not a valid email address")
        if not mail and not number.strip().lstrip("+").replace(" ", "").isdigit():
            return _error(400, "ValidationError", "phone_number Not a UK mobile number")
        if not mail and number.startswith("+") and not number.startswith("+44") and self.no_foreign_numbers:
            return _error(429, "TooManyRequestsError", "Exceeded send limits (international_sms: 0) for today")
        if self.daily_limit is not None and self.sent[self.today(), path] >= self.daily_limit:
            return _error(429, "TooManyRequestsError", f"Exceeded send limits ({self.daily_limit}) for today")
        match fault := self.box.fault_for(number):
            case "hang":
                threading.Event().wait()
            case "refuse":
                raise DropTheLine
            case "4xx":
                return _error(429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 per 60 seconds")
            case "5xx":
                return _error(500, "Exception", "Internal server error")
        self.sent[self.today(), path] += 1
        made = self._keep(number, text, reference, subject=subject if mail else None)
        if fault == "lost":
            raise DropTheLine
        if fault == "late":
            time.sleep(self.box.late_seconds)
        content, uri = {"body": text, "from_number": "Bulkhead"}, f"{LIST}/{made['id']}"
        return 201, {"id": made["id"], "reference": reference or None, "content": content, "uri": uri}

    def get(self, headers: Any, path: str) -> Answer:
        """One message by its id, or those of a reference."""
        if refusal := self._unknown(headers):
            return refusal
        address = urlsplit(path)
        with self.lock:
            if address.path == LIST:
                wanted = parse_qs(address.query).get("reference", [None])[0]
                found = [each for each in self.taken.values() if wanted in {None, each["reference"]}]
                return 200, {"notifications": found, "links": {"current": path}}
            one = self.taken.get(address.path.removeprefix(f"{LIST}/"))
        return (200, one) if one else _error(404, "NoResultFound", "No result found")

    def reply(self, number: str, text: str) -> int:
        """Bring a text of somebody's telephone to the portal, as Notify brings received texts; the status it answers.

        Notify leaves the plus out of a number.
        """
        said = {
            "id": str(uuid.uuid4()), "source_number": number.lstrip("+"), "destination_number": "447700900000",
            "message": text, "date_received": _now(), "service_id": self.key[-73:-37],
        }  # fmt: skip
        try:
            with urllib.request.urlopen(  # noqa: S310
                self._call(self.reply_to, said), timeout=10, context=_own_certificate(self.reply_to)
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def _call(self, address: str, said: dict[str, Any]) -> urllib.request.Request:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.report_word}"}
        # Our own portal, named by whoever started this.
        return urllib.request.Request(address, data=json.dumps(said).encode(), headers=headers)  # noqa: S310

    def _keep(self, number: str, text: str, reference: str, *, subject: str | None) -> dict[str, Any]:
        name = str(uuid.uuid4())
        made = {
            "id": name, "reference": reference or None, "type": "sms" if subject is None else "email",
            "phone_number" if subject is None else "email_address": number, "body": text,
            "status": "sending", "created_at": _now(), "sent_at": _now(), "completed_at": None,
        }  # fmt: skip
        with self.lock:
            self.taken[name] = made
        self.box.add_text(to=number, text=text, subject=subject or "")
        if self.report_to:
            threading.Thread(target=self._report, args=[made], daemon=True).start()
        return made

    def _report(self, made: dict[str, Any]) -> None:
        time.sleep(REPORT_AFTER_SECONDS)
        to = made.get("phone_number") or made["email_address"]
        status = FAILING.get(to.replace("+44", "0") if made["type"] == "sms" else to, "delivered")
        made |= {"status": status, "completed_at": _now()}
        said = {
            "id": made["id"], "reference": made["reference"], "to": to, "status": status,
            "created_at": made["created_at"], "completed_at": made["completed_at"], "sent_at": made["sent_at"],
            "notification_type": made["type"], "template_id": str(uuid.UUID(int=0)), "template_version": 1,
        }  # fmt: skip
        request = self._call(self.report_to, said)
        for wait in (0, 1, 5, 25):  # Notify waits five minutes each time
            time.sleep(wait)
            try:
                with urllib.request.urlopen(request, timeout=5, context=_own_certificate(self.report_to)):  # noqa: S310
                    return
            except OSError:
                continue

    def _unknown(self, headers: Any) -> Answer | None:
        """A refusal when the token is not one of this service's, or too old; None when it is good."""
        word = str(headers.get("Authorization", "")).partition(" ")[2]
        try:
            claims = jwt.decode(word, self.key[-36:], algorithms=["HS256"], options={"require": ["iss", "iat"]})
        except jwt.InvalidTokenError:
            return _error(403, "AuthError", "Invalid token: API key not found")
        if claims["iss"] != self.key[-73:-37]:
            return _error(403, "AuthError", "Invalid token: service not found")
        if abs(time.time() - float(claims["iat"])) > OLDEST_TOKEN_SECONDS:
            return _error(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
        return None


def _error(status: int, name: str, words: str) -> Answer:
    return status, {"status_code": status, "errors": [{"error": name, "message": words}]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _own_certificate(address: str) -> ssl.SSLContext | None:
    """The portal on this machine may show a certificate that nobody has signed."""
    return ssl._create_unverified_context() if address.startswith("https://") else None  # noqa: S323
