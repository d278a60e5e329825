"""Sockets in a process of their own, so that the time at which one closes is the server's and not of the other load.

Stand-alone: takes an address, reads a JSON list of socket tickets from standard input, opens one socket each and says
`open`. At the line `end` it answers with a JSON list of `[monotonic second, close code]`, one for each that was closed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def keep(url: str, ticket: str, gate: asyncio.Semaphore, opened: asyncio.Queue[None]) -> tuple[float, int]:
    """Open one socket and wait for its end."""
    async with gate:
        socket = await connect(f"{url}/live/?ticket={ticket}", compression=None, ping_interval=None)
        await socket.recv()
        opened.put_nowait(None)
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return time.monotonic(), closed.rcvd.code if closed.rcvd else 1006


async def main(url: str) -> None:
    tickets = json.loads(sys.stdin.readline())
    gate, opened = asyncio.Semaphore(20), asyncio.Queue[None]()
    tasks = [asyncio.create_task(keep(url, ticket, gate, opened)) for ticket in tickets]
    for _ in tickets:
        await opened.get()
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    print(json.dumps([task.result() for task in tasks if task.done()]), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
