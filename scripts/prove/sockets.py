"""Plain sockets in a process of their own: the time at which one is closed is the server's, and not of the other load.

Stand-alone: takes host and port, reads a JSON list of socket tickets from standard input, opens one WebSocket each and
says `open`. At the line `end` it answers with a JSON list of `[monotonic second, close code]`, one for each that was
sent a close frame, or was cut (1006).
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

HANDSHAKES_A_SECOND = 150
UPGRADE = (
    "GET /live/?ticket={ticket} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CLOSE, PING = 0x88, 0x89


class Reader:
    """One socket and the bytes that are not a whole frame yet (RFC 6455, section 5.2; the server masks nothing)."""

    def __init__(self, host: str, port: int, ticket: str) -> None:
        self.socket = socket.create_connection((host, port), timeout=30)
        self.socket.sendall(UPGRADE.format(ticket=ticket, host=f"{host}:{port}").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096) or sys.exit("a socket was refused")
        head, _, self.rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head:
            sys.exit(f"a socket was refused: {head[:80]!r}")
        self.socket.setblocking(False)

    def read(self) -> int:
        """Take what has come; the close code, 0 while it stays open."""
        try:
            more = self.socket.recv(65536)
        except ConnectionResetError:
            more = b""
        if not more:
            return 1006
        data, at = self.rest + more, 0
        while len(data) - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < start + length:
                break
            if data[at] == CLOSE:
                return int.from_bytes(data[start : start + 2], "big")
            if data[at] == PING:  # an answer is masked; with a mask of zeros the payload stays as it is
                self.socket.sendall(bytes([0x8A, 0x80 | length, 0, 0, 0, 0]) + data[start : start + length])
            at = start + length
        self.rest = data[at:]
        return 0


def main(host: str, port: int) -> None:
    waiting = selectors.DefaultSelector()
    closed: list[tuple[float, int]] = []
    for ticket in json.loads(sys.stdin.readline()):
        reader = Reader(host, port, ticket)
        waiting.register(reader.socket, selectors.EVENT_READ, reader)
        time.sleep(1 / HANDSHAKES_A_SECOND)
    waiting.register(sys.stdin, selectors.EVENT_READ, None)
    print("open", flush=True)
    while True:
        for key, _ in waiting.select():
            if key.data is None:
                print(json.dumps(closed), flush=True)
                return
            code = key.data.read()
            if code:
                closed.append((time.monotonic(), code))
                waiting.unregister(key.fileobj)
                key.data.socket.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
