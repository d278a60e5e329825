"""How the live process reads PostgreSQL: as `portal_app`, with each organisation's own ticket, never in a thread.

Four kinds of connection: one that listens, one that reads for the hub, a small pool for the backlogs of sockets that
resume, and (in `door.py`) the one that signs in. Each heals by itself after a crash of PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import connections
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from portal.ledger.stream import LABELS, TAIL_COLUMNS, TailRow

log = logging.getLogger(__name__)

CHANNEL = "bulkhead"
ENDED = "ended"  # what a notification says when tickets were revoked; else it is a number of the ledger
BACKLOG_CONNECTIONS = 4
READ_SECONDS = 10.0
RETRY_SECONDS = 0.2
NOTHING_AFTER = 2**62  # asks for head and ticket without events

TAIL = f"SELECT {TAIL_COLUMNS} FROM sec.tail(%s::text[], %s::bigint[], %s)"  # noqa: S608
# One statement, as every socket that opens asks. `sec.me()` cannot run before the row that sets the ticket is there.
ME = (
    "SELECT CASE WHEN said.ticket IS NOT NULL THEN sec.me() END "
    "FROM (SELECT set_config('app.ticket', %s, true) AS ticket OFFSET 0) said"
)
TROUBLE = (psycopg.Error, OSError, TimeoutError)


def conninfo() -> str:
    """The address of alias `default`, which in this process logs in as `portal_app`."""
    asked = connections["default"].settings_dict
    return make_conninfo(
        dbname=asked["NAME"],
        user=asked["USER"],
        password=asked["PASSWORD"],
        host=asked["HOST"],
        port=asked["PORT"] or None,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        **{name: value for name, value in asked["OPTIONS"].items() if isinstance(value, str)},
    )


async def connect() -> AsyncConnection[Any]:
    connection: AsyncConnection[Any] = await AsyncConnection.connect(conninfo())
    await configure(connection)
    return connection


async def configure(connection: AsyncConnection[Any]) -> None:
    set_json_loads(orjson.loads, connection)
    await connection.set_autocommit(True)


async def tail(
    connection: AsyncConnection[Any], tickets: Sequence[str], afters: Sequence[int], most: int
) -> list[TailRow]:
    """Read what is new for each ticket after its number, at most `most` rows each; see `sec.tail()`."""
    cursor = await connection.execute(TAIL, [list(tickets), list(afters), most])
    return [TailRow._make(row) for row in await cursor.fetchall()]


async def organisation_of(connection: AsyncConnection[Any], ticket: str) -> UUID | None:
    """The organisation that a ticket speaks for, or None when it is not valid (any more)."""
    try:
        row = await (await connection.execute(ME, [ticket])).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    return row[0] if row else None


async def labels_for(connection: AsyncConnection[Any], ticket: str, ids: set[UUID]) -> dict[UUID, str]:
    """Slugs of organisations and names of own people by id; those that the ticket may not read are absent."""
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
            return dict(await (await connection.execute(LABELS, {"ids": list(ids)})).fetchall())
    except psycopg.errors.InsufficientPrivilege:
        return {}  # it lapsed a moment ago: the next read closes its sockets


class Reader:
    """The hub's own connection: made when it is first needed, dropped when anything went wrong."""

    def __init__(self) -> None:
        self._connection: AsyncConnection[Any] | None = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """The connection for some reading of at most ten seconds.

        Raises:
            TROUBLE: PostgreSQL is away, or does not answer in time; the next use connects again.
        """
        try:
            async with asyncio.timeout(READ_SECONDS):
                if self._connection is None:
                    self._connection = await connect()
                yield self._connection
        except TROUBLE:
            await self.close()
            raise

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


Pool = AsyncConnectionPool[AsyncConnection[Any]]


def backlog_pool() -> Pool:
    """The pool for sockets that open: a storm of them waits here, and not in PostgreSQL. Not opened yet."""
    return AsyncConnectionPool(
        conninfo(),
        min_size=1,
        max_size=BACKLOG_CONNECTIONS,
        open=False,
        configure=configure,
        check=AsyncConnectionPool.check_connection,
        timeout=READ_SECONDS,
        reconnect_timeout=4,  # gives up soon and begins afresh, so that the pauses between attempts stay short
    )


async def listen(wake: asyncio.Event, ended: asyncio.Event) -> None:
    """Set `wake` at every commit that recorded something or ended tickets, for the latter `ended` too.

    Never returns; connects again after trouble.
    """
    away = False
    while True:
        try:
            async with await connect() as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                away = False
                ended.set()
                wake.set()  # what was committed while nobody listened
                async for notice in connection.notifies():
                    if notice.payload == ENDED:
                        ended.set()
                    wake.set()
        except TROUBLE as trouble:
            if not away:
                log.warning("not listening to PostgreSQL, polling instead: %s", trouble)
            away = True
        await asyncio.sleep(RETRY_SECONDS)
