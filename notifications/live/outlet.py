"""One socket's way out: ordered, bounded, and never waited for by whoever has something to send.

A send is driven as far as it goes at once; nearly always that is to its end. When the socket's buffer is full the
rest becomes a task of the socket's own and later frames queue behind it, so that a slow reader delays nobody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, NamedTuple
from uuid import UUID

Message = dict[str, Any]
Send = Callable[[Message], Coroutine[Any, Any, None]]

QUEUE_LIMIT = 200
# How long a close may wait for a reader that takes nothing, before the connection is cut.
GOODBYE_SECONDS = 5.0

BAD_PARAMETERS = 4400
SIGN_IN_AGAIN = 4401
ISOLATED = 4403
SLOW = 4008
UNWANTED = 1008
RESTARTED = 1012
LATER = 1013
REASONS = {
    BAD_PARAMETERS: "after is a number of an event, epoch is what hello said",
    SIGN_IN_AGAIN: "sign in again",
    ISOLATED: "your organisation is isolated",
    SLOW: "too slow: resume after the last number you have",
    UNWANTED: "nothing is read here",
    RESTARTED: "service restart",
    LATER: "try again later",
}


class Frame(NamedTuple):
    """A message for a socket; `seq` 0 is one that has no place in the stream."""

    seq: int
    message: Message


def text_frame(text: str, seq: int = 0) -> Frame:
    return Frame(seq, {"type": "websocket.send", "text": text})


class Outlet:
    """The sending side of one socket. It starts busy: frames queue until `drain()` has been called once."""

    __slots__ = (
        "_queue", "_send", "_tasks", "_unfinished", "busy_since", "closing", "last", "opened_at", "organisation_id",
        "ticket",
    )  # fmt: skip

    def __init__(self, send: Send, *, ticket: str, organisation_id: UUID) -> None:
        self._send = send
        self._queue: deque[Frame] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unfinished: asyncio.Task[None] | None = None
        self.ticket = ticket
        self.organisation_id = organisation_id
        self.last = 0  # the number of the last frame sent; what is not above it was sent already
        self.closing = 0
        self.opened_at = asyncio.get_running_loop().time()
        self.busy_since: float | None = self.opened_at

    def push(self, frame: Frame) -> None:
        """Send a frame without waiting, or queue it behind the unfinished one; a full queue closes with 4008."""
        if self.closing or 0 < frame.seq <= self.last:
            return
        if self.busy_since is not None:
            if len(self._queue) >= QUEUE_LIMIT:
                self.close(SLOW)
            elif frame.seq:  # a beat is worth nothing when it is late
                self._queue.append(frame)
            return
        if frame.seq:
            self.last = frame.seq
        sending = self._send(frame.message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except Exception:  # gone; its consumer hears of it by itself
            self.closing = self.closing or 1006
            return
        self.busy_since = asyncio.get_running_loop().time()
        self._unfinished = self._start(self._finish(sending, waits_for))

    async def send(self, frame: Frame) -> None:
        """Send a frame and wait for it: for the socket's own task, before its first `drain()`."""
        if self.closing or 0 < frame.seq <= self.last:
            return
        if frame.seq:
            self.last = frame.seq
        try:
            await self._send(frame.message)
        except Exception:
            if not self.closing:  # else the close overtook it
                raise
        self.busy_since = asyncio.get_running_loop().time()

    async def drain(self) -> None:
        """Send what has queued up, in order; from then on frames go out as they come."""
        while self._queue:
            await self.send(self._queue.popleft())
        self.busy_since = None

    def close(self, code: int) -> None:
        """Close the socket as soon as its buffer lets the close frame through, and cut it when that takes too long."""
        if not self.closing:
            self.closing = code
            self._queue.clear()
            self._start(self._say_goodbye(code))

    def abandon(self) -> None:
        """The socket is gone: forget what it was to be sent."""
        self.closing = self.closing or 1006
        self._queue.clear()
        for task in self._tasks:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _finish(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        try:
            await _Rest(sending, waits_for)
            await self.drain()
        except Exception:  # as in push()
            self.closing = self.closing or 1006

    async def _say_goodbye(self, code: int) -> None:
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                if self._unfinished is not None:
                    await asyncio.wait({self._unfinished})
                await self._send({"type": "websocket.close", "code": code, "reason": REASONS.get(code, "")})
        except TimeoutError:
            cut(self._send)
        except Exception:  # noqa: S110 - it has closed by itself meanwhile
            pass


class _Rest:
    """The rest of a coroutine that was driven by hand up to `waits_for`, to be awaited."""

    def __init__(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._sending = sending
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    answer = yield waits_for
                except BaseException as thrown:
                    waits_for = self._sending.throw(thrown)
                else:
                    waits_for = self._sending.send(answer)
        except StopIteration:
            return


def cut(send: Send) -> None:
    """Drop a connection whose reader takes nothing. ASGI has no word for it, so ask the server's own transport.

    Without this the server would keep such a connection, and its buffers, for as long as the other side lives.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()
