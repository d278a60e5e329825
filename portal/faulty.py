"""What stand-ins of HTTP services share: faults that are set by path, and serving them on the loopback interface.

A stand-in says in `take` what its service does with a message; the faults come before and after that. Every path is a
receiver of its own. Tests start one:

    with serving(stand_in) as url: …
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from typing import Any

BODY_LIMIT = 1_000_000
# `hang` never answers, `refuse` drops the line before anything was taken, `lost` after it was; `late` answers when the
# client has gone, and the others answer with that status.
FAULTS = ("hang", "refuse", "late", "lost", "302", "400", "403", "404", "410", "413", "429", "500", "503")
LATE_SECONDS = 15.0
Answer = tuple[int, dict[str, str], bytes]


class DropTheLine(Exception):
    """The fault wants the connection closed without an answer."""


@dataclass
class Faulty:
    """`happened` counts what misbehaved, by path and fault, so that a test can say that it did."""

    faults: dict[str, str] = field(default_factory=dict)
    retry_after: str = "1"
    happened: Counter[tuple[str, str]] = field(default_factory=Counter)  # (path, fault)
    let_go: threading.Event = field(default_factory=threading.Event)  # ends what hangs
    lock: threading.Lock = field(default_factory=threading.Lock)

    def set_fault(self, path: str, fault: str | None) -> None:
        """Have the receiver at this path misbehave from now on; None ends it, `*` is every path."""
        if fault is None:
            self.faults.pop(path, None)
        elif fault in FAULTS:
            self.faults[path] = fault
        else:
            raise ValueError(f"fault must be one of {', '.join(FAULTS)}")

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take a message; status, headers and body of the answer.

        Raises:
            DropTheLine: a fault; after `lost` the message is kept all the same.
        """
        fault = self.faults.get(path, self.faults.get("*"))
        if fault:
            self.count(path, fault)
        if fault == "hang":
            self.let_go.wait()
            raise DropTheLine
        if fault == "refuse":
            raise DropTheLine
        if fault and fault.isdecimal():
            return self.refuse(int(fault))
        answer = self.take(path, headers, body)
        if fault == "late":
            self.let_go.wait(LATE_SECONDS)
        if fault == "lost":
            raise DropTheLine
        return answer

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the service does with a message that no fault stands in the way of."""
        raise NotImplementedError

    def refuse(self, status: int) -> Answer:
        """The answer of a fault that is a status."""
        if status in {429, 503}:
            return status, {"Retry-After": self.retry_after}, b""
        return status, {"Location": "http://127.0.0.1/elsewhere"} if status == 302 else {}, b""

    def count(self, path: str, what: str) -> None:
        with self.lock:
            self.happened[path, what] += 1


@contextmanager
def serving(stand_in: Faulty, *, port: int = 0) -> Iterator[str]:
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
    stand_in: Faulty
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        answer_post(self, self.stand_in)

    def log_message(self, format: str, *args: Any) -> None:
        """Thousands of messages would fill the log."""


def answer_post(handler: BaseHTTPRequestHandler, stand_in: Faulty) -> None:
    """Have a stand-in answer the request that a handler has just read the head of."""
    body = handler.rfile.read(min(int(handler.headers.get("Content-Length", 0)), BODY_LIMIT))
    try:
        status, headers, content = stand_in.post(handler.path, handler.headers, body)  # type: ignore[arg-type]
    except DropTheLine:
        handler.close_connection = True
        with suppress(OSError):
            handler.connection.shutdown(SHUT_RDWR)
        return
    handler.send_response_only(status)
    for name, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
