"""A stand-in for a tool that takes webhooks, written from the Standard Webhooks specification.

It checks each signature with the public library, as a receiver would, keeps what it takes, and can misbehave. Every
path is a tool of its own, and faults are set by path. The mail sink serves it on a port of its own; tests start
it alone:

    with serving(stand_in) as url: …
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

KEPT = 20_000
BODY_LIMIT = 1_000_000
# `hang` never answers, `refuse` drops the line before anything was taken, `lost` after it was; `late` answers when the
# client has gone, and the others answer with that status.
FAULTS = ("hang", "refuse", "late", "lost", "302", "400", "410", "429", "500", "503")
LATE_SECONDS = 15.0


class DropTheLine(Exception):
    """The fault wants the connection closed without an answer."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message that was taken. `verified` None: no key is known here; `signatures` is how many it carried, `at` when
    it was signed, in seconds of Unix as it says itself."""

    path: str
    id: str
    verified: bool | None
    signatures: int
    at: str
    body: dict[str, Any]


@dataclass
class WebhookStandIn:
    """`keys` are as the portal shows them; `told` is called with each message that was taken."""

    keys: list[str] = field(default_factory=list)
    told: Callable[[Received], None] | None = None
    faults: dict[str, str] = field(default_factory=dict)
    retry_after: str = "1"
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))
    happened: Counter[tuple[str, str]] = field(default_factory=Counter)  # (path, fault)
    let_go: threading.Event = field(default_factory=threading.Event)  # ends what hangs
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set_fault(self, path: str, fault: str | None) -> None:
        """Have the tool at this path misbehave from now on; None ends it, `*` is every path."""
        if fault is None:
            self.faults.pop(path, None)
        elif fault in FAULTS:
            self.faults[path] = fault
        else:
            raise ValueError(f"fault must be one of {', '.join(FAULTS)}")

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        """Take a message; status and headers of the answer.

        Raises:
            DropTheLine: a fault; after `lost` the message is kept all the same.
        """
        fault = self.faults.get(path, self.faults.get("*"))
        if fault:
            with self.lock:
                self.happened[path, fault] += 1
        match fault:
            case "hang":
                self.let_go.wait()
                raise DropTheLine
            case "refuse":
                raise DropTheLine
            case "429" | "503":
                return int(fault), {"Retry-After": self.retry_after}
            case "302":
                return 302, {"Location": "http://127.0.0.1/elsewhere"}
            case "400" | "410" | "500":
                return int(fault), {}
        message = self._read(path, headers, body)
        if message is None or message.verified is False:
            with self.lock:
                self.happened[path, "not verified"] += 1
            return 401, {}
        with self.lock:
            self.received.append(message)
        if self.told is not None:
            self.told(message)
        if fault == "late":
            self.let_go.wait(LATE_SECONDS)
        if fault == "lost":
            raise DropTheLine
        return 204, {}

    def _read(self, path: str, headers: Mapping[str, str], body: bytes) -> Received | None:
        named = {
            name: str(headers.get(name) or "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        }
        try:
            content = json.loads(body)
        except ValueError:
            return None
        if not isinstance(content, dict):
            return None
        verified = any(self._holds(key, body, named) for key in self.keys) if self.keys else None
        id_, at, signature = named.values()
        return Received(path, id_, verified, len(signature.split()), at, content)

    @staticmethod
    def _holds(key: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            Webhook(key).verify(body, headers)
        except WebhookVerificationError:
            return False
        return True

    def to(self, path: str) -> list[Received]:
        """What was taken at one path, in the order of coming."""
        with self.lock:
            return [each for each in self.received if each.path == path]


@contextmanager
def serving(stand_in: WebhookStandIn, *, port: int = 0) -> Iterator[str]:
    """Serve it on the loopback interface; yields the address, to which a path is added."""

    class Handler(StandInHandler):
        pass

    Handler.stand_in = stand_in
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        stand_in.let_go.set()
        server.shutdown()
        server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is what faults are for."""


class StandInHandler(BaseHTTPRequestHandler):
    stand_in: WebhookStandIn
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), BODY_LIMIT))
        try:
            status, headers = self.stand_in.post(self.path, self.headers, body)  # type: ignore[arg-type]
        except DropTheLine:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(SHUT_RDWR)
            return
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Thousands of messages would fill the log."""
