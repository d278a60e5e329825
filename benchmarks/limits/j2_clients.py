"""The readers of J2: thousands of plain sockets in one loop, the same for product and limit.

Stand-alone: takes a port, reads a JSON list of addresses (`/live/?…`) from standard input and opens one WebSocket
each; says `open`. Then for every line with a number it waits until that many events have come in all, and answers
with the monotonic second of the last; after the line `end` it answers with the fewest and the most that one socket got.
What is no event (a text that does not begin with `{"seq"`) is not counted. A second argument says how many of the
sockets, the first ones, are opened and never read; the last answer's third number is how many of those were given up.
"""

from __future__ import annotations

import gc
import json
import select
import socket
import sys
import time

HANDSHAKES_A_SECOND = 150
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
EVENT = b'{"seq"'
CLOSE, PING = 0x88, 0x89


class Reader:
    """One socket and the bytes that are not a whole frame yet."""

    __slots__ = ("events", "rest", "socket")

    def __init__(self, port: int, path: str, *, dead: bool = False) -> None:
        self.socket = socket.socket()
        if dead:  # has to be said before connecting: this much the kernel takes for somebody who never reads
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(UPGRADE.format(path=path, port=port).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096) or sys.exit(f"{path} was refused: {answer!r}")
        head, _, self.rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            sys.exit(f"{path} was refused: {head!r}")
        self.socket.setblocking(False)
        self.events = 0

    def read(self) -> int:
        """Take what has come; the number of events in it."""
        data = self.rest + self.socket.recv(65536)
        at, events = 0, 0
        while len(data) - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < start + length:
                break
            if data[at] == CLOSE:
                sys.exit(f"a socket was closed: {data[start : start + length]!r}")
            if data[at] == PING:  # an answer is masked; with a mask of zeros the payload stays as it is
                self.socket.sendall(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + data[start : start + length])
            elif data.startswith(EVENT, start):
                events += 1
            at = start + length
        self.rest = data[at:]
        self.events += events
        return events


def given_up(reader: Reader) -> bool:
    """Whether the server has dropped the connection of somebody who never read."""
    try:
        while reader.socket.recv(65536):
            pass
    except BlockingIOError:
        return False  # it is still open
    except ConnectionError:
        pass
    return True


def main() -> None:
    port, dead, paths = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.stdin.readline())
    never_read: list[Reader] = []
    began = time.monotonic()
    readers: dict[int, Reader] = {}
    poll = select.epoll()
    for number, path in enumerate(paths):
        # Those that are open already answer pings meanwhile.
        for descriptor, _ in poll.poll(0):
            readers[descriptor].read()
        time.sleep(max(0.0, began + number / HANDSHAKES_A_SECOND - time.monotonic()))
        reader = Reader(port, path, dead=number < dead)
        if number < dead:
            never_read.append(reader)
            continue
        readers[reader.socket.fileno()] = reader
        poll.register(reader.socket, select.EPOLLIN)
    print("open", flush=True)
    gc.disable()
    standard_input, total, awaited = sys.stdin.fileno(), 0, 0
    poll.register(standard_input, select.EPOLLIN)
    last = 0.0
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != standard_input:
                events = readers[descriptor].read()
                if events:
                    total += events
                    last = time.monotonic()
                continue
            line = sys.stdin.readline().strip()
            if line in {"end", ""}:
                counts = [reader.events for reader in readers.values()]
                print(json.dumps([min(counts), max(counts), sum(map(given_up, never_read))]), flush=True)
                return
            awaited = int(line)
        if awaited and total >= awaited:
            print(last, flush=True)
            awaited = 0


if __name__ == "__main__":
    main()
