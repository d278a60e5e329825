"""A receiver of webhooks that does nothing: answers 204 to each request over connections that it keeps.

Stand-alone: listens on the port that it is given. `GET /` answers how many messages came since it was last asked.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

TAKEN = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
count = 0


class Sink(asyncio.Protocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.kept = cast(asyncio.Transport, transport), b""

    def data_received(self, data: bytes) -> None:
        global count  # noqa: PLW0603 - one number a process
        self.kept += data
        while (end := self.kept.find(b"\r\n\r\n")) >= 0:
            head = self.kept[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.kept) < end + 4 + length:
                return
            asked, self.kept = head.startswith(b"get "), self.kept[end + 4 + length :]
            if asked:
                body, count = str(count).encode(), 0
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            else:
                count += 1
                self.transport.write(TAKEN)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", int(sys.argv[1]), backlog=512)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
