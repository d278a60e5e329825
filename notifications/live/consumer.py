"""One socket at `/live/?after=SEQ&epoch=E`: who it is, what it missed, and then whatever the hub pushes to it.

It says `{"epoch","head"}` first, `{"resync":true}` when the reader has to fetch everything afresh, then events in
order, and `{"beat":SEQ}` every 15 s: all up to SEQ has been sent. Closes: 4400 bad parameters, 4401 sign in again,
4403 isolated, 4008 too slow, 1012 come again at once (a restart, or an hour is over), 1013 try later.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError

from notifications.live.door import Asked, BadParameters, WrongOrigin, asked_for, check_origin, ticket_at_the_door
from notifications.live.frames import json_frame
from notifications.live.hub import Hub
from notifications.live.outlet import BAD_PARAMETERS, ISOLATED, LATER, SIGN_IN_AGAIN, UNWANTED, Outlet
from notifications.live.reading import NOTHING_AFTER, TROUBLE, Pool, organisation_of, tail
from notifications.live.turnstile import Busy, Turnstile
from portal.ledger.stream import TailRow, must_resync
from portal.tenancy.headers import plain_headers

log = logging.getLogger(__name__)

BACKLOG_PAGE = 200


class LiveConsumer(AsyncWebsocketConsumer):
    """A Channels consumer without a channel layer: at 2,000 sockets the layer alone costs 13 times this."""

    channel_layer_alias = "none"

    def __init__(self, *, hub: Hub, pool: Pool, turnstile: Turnstile) -> None:
        super().__init__()
        self.hub, self.pool, self.turnstile = hub, pool, turnstile
        self.outlet: Outlet | None = None

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.outlet is not None:
                self.hub.leave(self.outlet)
                self.outlet.abandon()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels has it, less the visit to a thread for Django's connections: none is used outside the door."""
        await getattr(self, get_handler_name(message))(message)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    async def connect(self) -> None:
        try:
            asked = asked_for(self.scope)
            check_origin(self.scope, asked)
            await self.turnstile.enter()
            ticket = await ticket_at_the_door(self.scope, asked)
            who = await self._organisation_or_code(ticket)
        except WrongOrigin:
            await refuse(self.scope, self.base_send, 403)
        except Busy:
            await refuse(self.scope, self.base_send, 503)
        except BadParameters:
            await self._accept_to_close(BAD_PARAMETERS)
        except (DatabaseError, *TROUBLE) as trouble:
            log.warning("socket put off: %s", trouble)
            await self._accept_to_close(LATER)
        else:
            if isinstance(who, int):
                await self._accept_to_close(who)
                return
            await self.accept()
            await self._begin(Outlet(self.base_send, ticket=ticket, organisation_id=who), asked)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        await self.close(code=UNWANTED)

    async def _organisation_or_code(self, ticket: str) -> UUID | int:
        """The organisation that a ticket speaks for, or the code to close with when it speaks for none."""
        if not ticket:
            return SIGN_IN_AGAIN
        async with self.pool.connection() as connection:
            organisation_id = await organisation_of(connection, ticket)
            if organisation_id is not None:
                return organisation_id
            (state,) = await tail(connection, [ticket], [NOTHING_AFTER], 0)
            return ISOLATED if state.isolated else SIGN_IN_AGAIN

    async def _accept_to_close(self, code: int) -> None:
        """Close with a code of ours: a browser learns nothing of a refused handshake."""
        await self.accept()
        await self.close(code=code)

    async def _begin(self, outlet: Outlet, asked: Asked) -> None:
        """Join the hub first and read second: what comes in between then comes both ways, never by none."""
        self.outlet = outlet
        self.hub.join(outlet)
        try:
            await self._catch_up(outlet, asked)
            await outlet.drain()
        except TROUBLE as trouble:
            log.warning("socket put off: %s", trouble)
            outlet.close(LATER)

    async def _catch_up(self, outlet: Outlet, asked: Asked) -> None:
        wants = NOTHING_AFTER if asked.after is None else asked.after
        async with self.pool.connection() as connection:
            rows = await tail(connection, [outlet.ticket], [wants], BACKLOG_PAGE)
        head, epoch = rows[0].head, rows[0].epoch
        if not rows[0].alive:
            outlet.close(ISOLATED if rows[0].isolated else SIGN_IN_AGAIN)
            return
        self.hub.begin(outlet, head=head, epoch=epoch)
        await outlet.send(json_frame({"epoch": str(epoch), "head": head}))
        if asked.after is None or must_resync(after=asked.after, epoch=asked.epoch, head=head, now_epoch=epoch):
            outlet.last = head
            if asked.after is not None:
                await outlet.send(json_frame({"resync": True}))
            return
        outlet.last = asked.after
        while rows and not outlet.closing:
            rows = await self._send_page(outlet, [row for row in rows if row.seq is not None], head)

    async def _send_page(self, outlet: Outlet, rows: list[TailRow], head: int) -> list[TailRow]:
        """Send a page of the backlog; the next one, or nothing when the rest comes from the hub."""
        if not rows:
            return []
        async with self.pool.connection() as connection:
            frames = await self.hub.maker.frames(
                rows, organisation_id=outlet.organisation_id, ticket=outlet.ticket, connection=connection
            )
        for frame in frames:
            await outlet.send(frame)
        if outlet.last >= head:
            return []
        async with self.pool.connection() as connection:
            return await tail(connection, [outlet.ticket], [outlet.last], BACKLOG_PAGE)


async def refuse(scope: dict[str, Any], send: Callable[..., Awaitable[None]], status: int) -> None:
    """Answer a handshake with a status of HTTP where the server can, and with 403 where it cannot."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = [*plain_headers(), *([(b"retry-after", b"5")] if status == 503 else [])]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
