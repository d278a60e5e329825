"""What one organisation does all at once while it is cut off: sockets, keys, open database connections, a download.

Each piece of load writes down when something worked and when it was refused, so that a checker can say what happened
before and after an instant. Times are of the monotonic clock.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


@dataclass
class Tally:
    """When tries began that worked, and when tries began that were refused, of all workers of one kind."""

    worked: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def worked_after(self, instant: float) -> int:
        return sum(at > instant for at in self.worked)

    def refused_after(self, instant: float) -> int:
        return sum(at > instant for at in self.refused)

    def worked_before(self, instant: float) -> int:
        return sum(at <= instant for at in self.worked)


class Workers:
    """Threads that each do one thing again and again until they are told to stop."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.threads: list[threading.Thread] = []

    def start(self, count: int, work: Callable[[int], None]) -> None:
        for number in range(count):
            thread = threading.Thread(target=work, args=[number], daemon=True)
            self.threads.append(thread)
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)


class Keys(Workers):
    """Keys that ask the API for incidents, each over a connection of its own that it keeps."""

    def __init__(self, url: str, keys: list[str], pause: float) -> None:
        super().__init__()
        self.host, self.pause, self.keys, self.tally = urlsplit(url).netloc, pause, keys, Tally()
        self.start(len(keys), self._hammer)

    def _hammer(self, number: int) -> None:
        client = http.client.HTTPConnection(self.host, timeout=20)
        headers = {"Authorization": f"Bearer {self.keys[number]}"}
        while not self.stopping.wait(self.pause):
            began = time.monotonic()
            try:
                client.request("GET", "/api/v1/incidents/", headers=headers)
                answer = client.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException):
                client.close()
                continue
            if answer.status == 200:
                self.tally.worked.append(began)
            elif answer.status in {401, 403}:
                self.tally.refused.append(began)
            else:
                self.tally.odd.append(f"{answer.status} {body[:80]!r}")


class Connections(Workers):
    """Database connections of the application's role that hold an organisation's ticket and read with it.

    Every second one keeps its transaction open and asks statement after statement inside it, as a long request would.
    """

    def __init__(self, address: str, tickets: list[str], pause: float) -> None:
        super().__init__()
        self.address, self.tickets, self.pause, self.tally = address, tickets, pause, Tally()
        self.start(len(tickets), self._read)

    def _read(self, number: int) -> None:
        with psycopg.connect(self.address) as connection:
            while not self.stopping.is_set():
                try:
                    connection.execute("SELECT set_config('app.ticket', %s, true)", [self.tickets[number]])
                    for _ in range(50 if number % 2 else 1):
                        began = time.monotonic()
                        connection.execute("SELECT count(*) FROM incidents_incident")
                        self.tally.worked.append(began)
                        if self.stopping.wait(self.pause):
                            break
                    connection.commit()
                except psycopg.errors.InsufficientPrivilege:
                    self.tally.refused.append(began)
                    connection.rollback()
                    self.stopping.wait(self.pause)


class Sockets:
    """Sockets that are kept until the server closes them, each with the instant and the code; see `sockets.py`."""

    def __init__(self, url: str, tickets: list[str]) -> None:
        address = urlsplit(url)
        script = str(Path(__file__).with_name("sockets.py"))
        command = [sys.executable, script, str(address.hostname), str(address.port)]
        self._process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.open = 0
        self._say(json.dumps(tickets))
        if self._hear() != "open":
            raise RuntimeError(f"not all of {len(tickets)} sockets opened")
        self.open = len(tickets)

    def closed(self) -> list[tuple[float, int]]:
        """Instant and code of each that was closed; asked once, in the end."""
        self._say("end")
        return [(at, code) for at, code in json.loads(self._hear())]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        print(line, file=self._process.stdin, flush=True)

    def _hear(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


class _ByOrdinaryNetwork(http.client.HTTPConnection):
    """Segments and buffers as on Ethernet.

    On loopback a segment has 64 KB, from which the system makes buffers of several megabytes at both ends (4 and 32 at
    most, tcp(7)). What lies in them has long left the server, and a slow reader would drain it for seconds after a
    stream that ended at once.
    """

    SEGMENT, RECEIVES = 1460, 8 << 10

    def connect(self) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, self.SEGMENT)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.RECEIVES)
        self.sock.connect((self.host, self.port))


class Download(Workers):
    """The record of an organisation, read over HTTP; `last_line` is what it ended with.

    It is read slowly until `hurry()`: so it is under way, however long anything else takes to begin, and afterwards
    what lies in buffers is soon read.
    """

    SLOW, QUICK = 0.2, 0.005  # seconds between two reads

    def __init__(self, url: str, cookie: str) -> None:
        super().__init__()
        self.host, self.cookie, self.pause = urlsplit(url).netloc, cookie, self.SLOW
        self.read = 0
        self.last_line = b""
        self.ended_at = 0.0
        self.status = 0
        self.start(1, self._download)

    def hurry(self) -> None:
        self.pause = self.QUICK

    def _download(self, _: int) -> None:
        client = _ByOrdinaryNetwork(self.host, timeout=30)
        client.request("GET", "/events/export/", headers={"Cookie": self.cookie})
        page = client.getresponse()
        page.read()
        found = re.search(r"\bcsrf=([^;]+)", page.getheader("Set-Cookie") or "")
        csrf = found[1] if found else ""
        headers = {
            "Cookie": f"{self.cookie}; csrf={csrf}", "X-CSRFToken": csrf, "Origin": f"http://{self.host}",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        client.request("POST", "/events/export/", body="", headers=headers)
        answer = client.getresponse()
        self.status = answer.status
        rest = b""
        while chunk := answer.read(65536):
            self.read += len(chunk)
            rest = (rest + chunk)[-4096:]
            self.stopping.wait(self.pause)
        self.last_line = rest.strip().rpartition(b"\n")[2]
        self.ended_at = time.monotonic()


def opens_a_socket(url: str, ticket: str) -> bool:
    """Whether a socket with this ticket gets its hello."""

    async def attempt() -> bool:
        try:
            async with connect(f"{url}/live/?ticket={ticket}", compression=None, open_timeout=10) as socket:
                await asyncio.wait_for(socket.recv(), 10)
                return True
        except (ConnectionClosed, InvalidStatus, OSError, TimeoutError):
            return False

    return asyncio.run(attempt())


def answer_of(url: str, path: str, *, method: str = "GET", body: str = "", **headers: str) -> tuple[int, bytes]:
    """Status and body of one request, redirects not followed."""
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    client.request(method, path, body or None, headers=headers)
    answer: Any = client.getresponse()
    return answer.status, answer.read()
