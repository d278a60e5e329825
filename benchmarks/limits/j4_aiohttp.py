"""The limit of `J4 aiohttp`: signed webhooks from memory over one aiohttp session with 50 connections, no database.

Stand-alone: `j4_aiohttp.py PORT COUNT BODY_BYTES` sends that many to the sink on the port and prints messages a second.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import sys
import time
import uuid

import aiohttp
import uvloop

CONNECTIONS = 50
KEY = b"k" * 32


async def main() -> None:
    port, count, size = map(int, sys.argv[1:4])
    url, body, left = f"http://127.0.0.1:{port}/hook", b"x" * size, iter(range(count))

    async def send(session: aiohttp.ClientSession) -> None:
        for _ in left:
            name, now = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
            signature = base64.b64encode(hmac.digest(KEY, f"{name}.{now}.".encode() + body, "sha256")).decode()
            headers = {"webhook-id": name, "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
                assert answer.status == 204

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        began = time.perf_counter()
        await asyncio.gather(*(send(session) for _ in range(CONNECTIONS)))
        print(count / (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
