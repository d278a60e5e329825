"""The hub: one a process, between the ledger and every socket of the process.

A commit wakes it; it asks `sec.tail()` once for all organisations that listen here, builds each frame once an
organisation and pushes it to that organisation's sockets. What wakes it may be lost: it looks every two seconds
anyway, and a socket resumes by number.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from notifications.live.frames import FrameMaker, json_frame
from notifications.live.outlet import ISOLATED, RESTARTED, SIGN_IN_AGAIN, SLOW, Outlet
from notifications.live.reading import NOTHING_AFTER, RETRY_SECONDS, TROUBLE, Reader, listen, tail
from portal.ledger.stream import TailRow

log = logging.getLogger(__name__)

# After these some tickets are dead: every socket is looked at before anybody is sent more.
ENDING = frozenset({"organisation.isolated", "session.ended"})
MOST_A_READ = 100  # rows an organisation: more would fill healthy sockets' buffers before they can empty


@dataclass(frozen=True)
class Rhythm:
    """How often what happens, in seconds."""

    poll: float = 2.0
    check: float = 15.0  # every socket's ticket, and a beat to every socket
    heartbeat: float = 3.0
    labels: float = 600.0
    longest_socket: float = 3600.0
    longest_send: float = 30.0


@dataclass
class Audience:
    """One organisation's sockets in this process; `cursor` is the last number read for them, None before the first."""

    outlets: dict[Outlet, None] = field(default_factory=dict)  # a set that keeps its order
    cursor: int | None = None

    @property
    def ticket(self) -> str:
        """The ticket that reads for all of them: the oldest socket's."""
        return next(iter(self.outlets)).ticket


class Hub:
    """Reads for everybody from `start()` to `stop()`. A socket joins, begins where it has read up to, and leaves."""

    def __init__(self, rhythm: Rhythm | None = None) -> None:
        self.rhythm = rhythm or Rhythm()
        self.maker = FrameMaker()
        self._audiences: dict[UUID, Audience] = {}
        self._epoch: UUID | None = None
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()  # tickets were revoked
        self._reader = Reader()
        self._tasks: list[asyncio.Task[None]] = []
        self._done_at: dict[str, float] = {}

    def start(self) -> None:
        self._tasks = [asyncio.create_task(listen(self._wake, self._ended)), asyncio.create_task(self._run())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    @property
    def runs(self) -> bool:
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def join(self, outlet: Outlet) -> None:
        """Let a socket have its organisation's frames from now on; before its `begin()` they may start late."""
        self._audiences.setdefault(outlet.organisation_id, Audience()).outlets[outlet] = None

    def begin(self, outlet: Outlet, *, head: int, epoch: UUID) -> None:
        """Say that a joined socket reads up to `head` by itself; for the organisation's first the hub goes on there."""
        self._meet(epoch)
        audience = self._audiences.get(outlet.organisation_id)
        if audience is not None and audience.cursor is None:
            audience.cursor = head
            self._wake.set()  # for what came between that read and now

    def leave(self, outlet: Outlet) -> None:
        """Let a socket have nothing more. Safe to repeat."""
        audience = self._audiences.get(outlet.organisation_id)
        if audience is not None:
            audience.outlets.pop(outlet, None)
            if not audience.outlets:
                del self._audiences[outlet.organisation_id]

    async def _run(self) -> None:
        failing = False
        while True:
            try:
                await self._round()
                failing = False
            except Exception as trouble:  # sockets that stay open and silent would be the worst outcome
                if not failing:
                    log.warning("the stream cannot be read: %s", trouble, exc_info=not isinstance(trouble, TROUBLE))
                failing = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(self.rhythm.poll):
                    await self._wake.wait()

    async def _round(self) -> None:
        self._wake.clear()
        async with self._reader.connection() as connection:
            if self._ended.is_set():
                await self._check(connection)
            while await self._deliver(connection):
                pass
            if self._is_due("heartbeat", self.rhythm.heartbeat):
                await connection.execute("SELECT sec.beat('live')")
            if self._is_due("labels", self.rhythm.labels):
                self.maker.forget()
            if self._is_due("check", self.rhythm.check):
                await self._check(connection)
                self._beat()

    async def _deliver(self, connection: AsyncConnection[Any]) -> bool:
        """Read once for everybody and push; whether there may be more to read at once."""
        reading = [(key, each, each.ticket) for key, each in self._audiences.items() if each.cursor is not None]
        if not reading:
            return False
        tickets = [ticket for _, _, ticket in reading]
        rows = await tail(connection, tickets, [each.cursor or 0 for _, each, _ in reading], MOST_A_READ)
        self._meet(rows[0].epoch)
        grouped: dict[int, list[TailRow]] = defaultdict(list)
        for row in rows:
            grouped[row.nth - 1].append(row)
        if any(row.kind in ENDING for row in rows):
            await self._check(connection)
        again = False
        for nth, found in grouped.items():
            organisation_id, audience, ticket = reading[nth]
            if not found[0].alive:
                isolated = found[0].isolated
                ended = [each for each in audience.outlets if isolated or each.ticket == ticket]
                self._end(ended, ISOLATED if isolated else SIGN_IN_AGAIN)
                again = again or bool(audience.outlets)  # another socket's ticket reads for the rest
            elif found[0].seq is not None:
                frames = await self.maker.frames(
                    found, organisation_id=organisation_id, ticket=ticket, connection=connection
                )
                audience.cursor = found[-1].seq
                for outlet in audience.outlets:
                    for frame in frames:
                        outlet.push(frame)
                await asyncio.sleep(0)  # let these be written before the next organisation's are made
                again = again or len(found) == MOST_A_READ
        return again

    def _end(self, outlets: Iterable[Outlet], code: int) -> None:
        for outlet in outlets:
            outlet.close(code)
            self.leave(outlet)

    def _meet(self, epoch: UUID) -> None:
        """After a restore every number means something else: all sockets come again, and learn it from their hello."""
        if self._epoch not in (None, epoch):
            self._end([each for audience in self._audiences.values() for each in audience.outlets], RESTARTED)
        self._epoch = epoch

    async def _check(self, connection: AsyncConnection[Any]) -> None:
        """Ask for every socket's ticket in one query, and close what has ended."""
        self._ended.clear()
        outlets = [outlet for audience in self._audiences.values() for outlet in audience.outlets]
        tickets = list({outlet.ticket for outlet in outlets})
        if not tickets:
            return
        try:
            rows = await tail(connection, tickets, [NOTHING_AFTER] * len(tickets), 0)
        except TROUBLE:
            self._ended.set()  # nobody was looked at
            raise
        states = {tickets[row.nth - 1]: row for row in rows}
        now = asyncio.get_running_loop().time()
        ended: dict[Outlet, int] = {}
        for outlet in outlets:
            code = self._why_end(outlet, states[outlet.ticket], now)
            if code:
                ended[outlet] = code
        for outlet, code in ended.items():
            self._end([outlet], code)

    def _beat(self) -> None:
        for audience in self._audiences.values():
            beat = json_frame({"beat": audience.cursor})
            for outlet in audience.outlets:
                if audience.cursor is not None:
                    outlet.push(beat)

    def _why_end(self, outlet: Outlet, state: TailRow, now: float) -> int:
        if not state.alive:
            return ISOLATED if state.isolated else SIGN_IN_AGAIN
        if now - outlet.opened_at > self.rhythm.longest_socket:
            return RESTARTED  # whoever is still signed in comes back at once, through the door
        if outlet.busy_since is not None and now - outlet.busy_since > self.rhythm.longest_send:
            return SLOW
        return 0

    def _is_due(self, name: str, every: float) -> bool:
        now = asyncio.get_running_loop().time()
        last = self._done_at.get(name)  # no arithmetic stands in for "never": it can round to "not yet"
        if last is not None and now - last < every:
            return False
        self._done_at[name] = now
        return True
