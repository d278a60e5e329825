"""Sockets only, in a process of their own. Pages and API are WSGI: under ASGI they would cost several times more."""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("BULKHEAD_PROCESS", "live")

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import django
from django.conf import settings

django.setup()

import portal.celery  # noqa: F401 - a shared task must find our app in every process
from notifications.live.consumer import LiveConsumer, refuse
from notifications.live.hub import Hub
from notifications.live.reading import backlog_pool
from notifications.live.turnstile import Turnstile
from portal.tenancy.headers import plain_headers

if settings.PROCESS != "live":
    raise SystemExit(f"BULKHEAD_PROCESS is {settings.PROCESS!r}: portal.asgi is for the process 'live' alone")

# The server's line for each socket would hold its address, and so its ticket.
logging.getLogger("uvicorn.error").setLevel(logging.WARNING)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """`/live/` for sockets, `/healthz` for whoever watches this process, 404 for everything else."""

    def __init__(self) -> None:
        self.hub: Hub | None = None
        self.sockets: Callable[..., Awaitable[None]] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, send)
        elif scope["path"] == "/live/" and self.sockets is not None:
            await self.sockets(scope, receive, send)
        else:
            await refuse(scope, send, 404)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Run the hub for as long as the server runs. It starts without PostgreSQL too, and finds it later."""
        await receive()
        pool = backlog_pool()
        await pool.open()
        self.hub = Hub()
        self.hub.start()
        self.sockets = LiveConsumer.as_asgi(hub=self.hub, pool=pool, turnstile=Turnstile())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.hub.stop()
        await pool.close(timeout=0.5)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: dict[str, Any], send: Send) -> None:
        status, body = 404, b"Not found\n"
        if scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            runs = self.hub is not None and self.hub.runs
            status, body = (200, b"ok\n") if runs else (503, b"The hub does not run\n")
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *plain_headers()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


application = Application()
