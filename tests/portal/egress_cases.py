"""What both clients of `portal.egress` are tried with: addresses that are nobody's, answers that lie or never end."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from portal.egress import Answer
from tests.portal.listening import Serve, listener, read_head

NAME = "hooks.council.example"
PUBLIC = "93.184.216.34"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"

ADDRESSES = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.9.10", "168.63.129.16",
    "169.254.169.254", "172.16.0.1", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::5db8:d822",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::80ff:fffe", "2001:db8::1", "2002:7f00:1::",
    "2002:5db8:d822::1", "2a00:1450::5efe:7f00:1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
SPELLINGS = [
    "2130706433", "0x7f.1", "0x7f000001", "127.1", "127.0.1", "0177.0.0.1", "017700000001", "①27.0.0.1", "127。0。0。1",
    "127.0.0.1.", "%31%32%37.0.0.1", "localhost", "localhost.", "LOCALHOST", "1.0x7f", "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]", "[::1%25lo]", "[fe80::1%25eth0]", "[127.0.0.1]", "", "-", "..", "intranet",
]  # fmt: skip
ADDRESSES_OF_NOBODY = [
    "http://{}/", "http://{}:443/", "https://{}:80/", "https://{}:8443/", "https://{}:22/", "https://{}:0/",
    "https://{}:65536/", "https://{}:x/", "https://u:p@{}/", "https://u@{}/", "https://127.0.0.1@{}/",
    "https://{}/#@127.0.0.1", "https://{}\\@127.0.0.1/", "https://{}\t/", "https://{}/\r\nHost: localhost",
    "https://{}/ x",
    "ftp://{}/", "file:///etc/passwd", "gopher://{}/", "//{}/", "{}", "https:{}", "https:///{}", "javascript:alert(1)",
    "https://{}/é", "https://{}/" + "x" * 2048,
]  # fmt: skip

HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT = 5000  # bytes of a body that a call takes
Calls = Callable[..., Any]


def calling(settings: Any, send: Callable[..., Answer]) -> Calls:
    """Calls of a listener that serves so; `send(url, body=…, total_seconds=…)` is the client that is tried."""

    def ask(serve: Serve, *, total_seconds: float = 5.0, body: bytes | None = None) -> Answer:
        with listener(serve) as there:
            settings.EGRESS_ALLOW = {f"127.0.0.1:{there.port}"}
            try:
                return send(f"http://127.0.0.1:{there.port}/", body=body, total_seconds=total_seconds)
            finally:
                assert there.count == 1

    return ask


def sending(*parts: bytes, every: float = 0.0, forever: bytes = b"") -> Serve:
    """Send the parts after the request's head, then `forever` again and again."""

    def serve(connection: socket.socket) -> None:
        read_head(connection)
        for part in itertools.chain(parts, itertools.repeat(forever) if forever else ()):
            connection.sendall(part)
            time.sleep(every)

    return serve


def silent(connection: socket.socket) -> None:
    time.sleep(4)


SLOW = {
    "never answers": silent,
    "a head in drops": sending(HEAD, every=0.05, forever=b"X"),
    "headers in drops": sending(HEAD, every=0.05, forever=b"a: b\r\n"),
    "a body in drops": sending(HEAD + b"Content-Length: 4000\r\n\r\n", every=0.05, forever=b"x"),
    "a body of unknown length in drops": sending(HEAD + b"\r\n", every=0.05, forever=b"x"),
    "chunks in drops": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", every=0.05, forever=b"1\r\nx\r\n"),
    "patience for ever": sending(every=0.05, forever=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "an empty chunk's line in drops": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", every=0.05, forever=b"0"),
}

ENDLESS = {
    "headers": sending(HEAD, forever=b"a: " + b"b" * 1000 + b"\r\n"),
    "small headers": sending(HEAD, forever=b"a: b\r\n" * 100),
    "one header": sending(HEAD + b"a: ", forever=b"b" * 1000),
    "a status line": sending(b"HTTP/1.1 200 ", forever=b"b" * 1000),
    "interim answers": sending(forever=b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n" * 20),
    "a body": sending(HEAD + b"\r\n", forever=b"x" * 1000),
    "chunks": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"3e8\r\n" + b"x" * 1000 + b"\r\n"),
    "a chunk's extension": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", forever=b"a" * 1000),
    "chunks with long extensions": sending(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", forever=b"1;" + b"a" * 5000 + b"\r\nx\r\n"
    ),
    "trailers": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", forever=b"a: " + b"b" * 1000 + b"\r\n"),
}


class Counting:
    """Serves so, and counts in `sent` what the client, or the kernel for it, has taken."""

    def __init__(self, serve: Serve) -> None:
        self.serve, self.sent = serve, 0

    def __call__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        self.connection = connection
        with suppress(OSError):
            self.serve(self)  # type: ignore[arg-type]

    def recv(self, count: int) -> bytes:
        return self.connection.recv(count)

    def sendall(self, data: bytes) -> None:
        self.connection.sendall(data)
        self.sent += len(data)


LIES = {
    "longer than it is": b"Content-Length: 100\r\n\r\nshort",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nshort",
    "less than nothing": b"Content-Length: -5\r\n\r\nshort",
    "no number": b"Content-Length: 0x5\r\n\r\nshort",
    "a chunk cut short": b"Transfer-Encoding: chunked\r\n\r\n64\r\nshort",
    "no last chunk": b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    "a chunk of less than nothing": b"Transfer-Encoding: chunked\r\n\r\n-5\r\nshort\r\n0\r\n\r\n",
    "a chunk of one less than nothing": b"Transfer-Encoding: chunked\r\n\r\n-1\r\nshort\r\n0\r\n\r\n",
    "a chunk of no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\nshort\r\n0\r\n\r\n",
}


def whole(size: int) -> bytes:
    """An answer with a body of so many bytes."""
    return HEAD + f"Content-Length: {size}\r\n\r\n".encode() + b"x" * size


TOO_LONG = (
    whole(LIMIT + 1), HEAD + b"\r\n" + b"x" * (LIMIT + 1), HEAD + b"Content-Length: 999999999999\r\n\r\n",
)  # fmt: skip
EVIL = [b"", b"EVIL\r\n\r\n", b"HTTP/1.1 EVIL\r\n\r\n", b"\x16\x03\x01EVIL", b"HTTP/9 200 EVIL\r\n\r\n"]
