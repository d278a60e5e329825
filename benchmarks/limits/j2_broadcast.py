"""The limit of `J2 websockets`: the websockets library's own broadcast, and nothing else.

Stand-alone: listens on the port that it is given, keeps the sockets of `/live/?group=N` together, and for every line
on standard input sends each group one text of its own, about as long as the product's. No sign-in, no database.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

GROUPS: defaultdict[int, set[ServerConnection]] = defaultdict(set)


async def keep(connection: ServerConnection) -> None:
    assert connection.request
    group = int(parse_qs(urlsplit(connection.request.path).query)["group"][0])
    GROUPS[group].add(connection)
    await connection.wait_closed()


async def main() -> None:
    port, filler = int(sys.argv[1]), "x" * int(sys.argv[2])
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(os.read(sys.stdin.fileno(), 4096)))
    async with serve(keep, "127.0.0.1", port, compression=None, ping_interval=20):
        print("ready", flush=True)
        number = 0
        while await lines.get():
            number += 1
            for group, connections in GROUPS.items():
                broadcast(connections, json.dumps({"seq": number, "group": group, "data": filler}))


if __name__ == "__main__":
    uvloop.run(main())
