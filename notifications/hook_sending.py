"""Sending webhooks: a job claims and settles, and between its statements runs the loop that speaks HTTP.

The loop and its session live as long as the process, so that connections are kept from one batch to the next. No
transaction is open while the network is used. Both take turns in one thread: two threads that both compute would wait
for each other's turn at the interpreter at each statement and each answer.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from uuid import UUID

import uvloop

from notifications import hook_queue
from notifications.hook_answers import of_answer, of_error
from notifications.hook_queue import BATCH, Held, Open, Settlement
from portal.claims import claimant
from portal.egress.refusals import EgressError
from portal.egress.session import Session
from portal.signing import headers_for

log = logging.getLogger(__name__)

SENDING_SECONDS = 5.0  # after that nothing is begun: other processes share the queue fairly anew
CALL_SECONDS = 10.0
PER_HOOK = 16  # calls under way to one subscription
ENOUGH_FAILURES = 5  # of one subscription in a row, in one batch: the rest of it is not tried
GROUP = 100  # settled in one statement, about; what a killed process has delivered and not settled is sent once more
GROUP_SECONDS = 0.25
LOOK_SECONDS = 0.001


class Sender:
    """The loop of this process and its session. One job at a time runs it, in whatever thread that job is."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.loop = uvloop.new_event_loop()
        self.session: Session = self.loop.run_until_complete(_new_session())
        atexit.register(self.close)

    def close(self) -> None:
        """At the end of the process; not in a child, which has no part in these connections."""
        if self.pid == os.getpid() and not self.loop.is_running():
            self.loop.run_until_complete(self.session.close())


async def _new_session() -> Session:
    return Session()


_sender: Sender | None = None
_lock = threading.Lock()


def _of_this_process() -> Sender:
    global _sender  # noqa: PLW0603 - a loop does not survive a fork, so each process has its own
    with _lock:
        if _sender is None or _sender.pid != os.getpid():
            _sender = Sender()
        return _sender


class Flight:
    """What is on its way for one job. Results gather in `done`, which the job takes away between two turns."""

    def __init__(self, sender: Sender) -> None:
        self.loop, self.session = sender.loop, sender.session
        self.done: list[Settlement] = []
        self.out = 0  # handed over, and its result not taken yet
        self.open: set[UUID] = set()  # the subscriptions that may still be sent to
        self.over = False
        self._ready: dict[UUID, Open] = {}
        self._ahead = 0.0
        self._waiting: defaultdict[UUID, deque[Held]] = defaultdict(deque)
        self._callers: defaultdict[UUID, set[asyncio.Task[None] | None]] = defaultdict(set)
        self._failed: defaultdict[UUID, int] = defaultdict(int)
        self._enough = 0
        self._landed: asyncio.Future[None] | None = None

    def hand_over(self, batch: Iterable[Held], ready: dict[UUID, Open], ahead: float) -> None:
        """`ahead`: how many seconds the database's clock is ahead of this machine's."""
        self._ahead = ahead
        self._ready |= ready
        self.open = self.open | ready.keys()
        for held in batch:
            if held.hook in ready:
                self._waiting[held.hook].append(held)
                self.out += 1
        for hook in ready:
            callers = self._callers[hook]
            for _ in range(min(PER_HOOK - len(callers), len(self._waiting[hook]))):
                callers.add(self.loop.create_task(self._send_in_turn(hook)))

    def fly(self, seconds: float) -> None:
        """Run the loop until a group has come back, or everything has, or so many seconds have passed."""
        self._enough = min(GROUP, self.out)
        if len(self.done) < self._enough:
            self.loop.run_until_complete(self._fly(seconds))

    async def _fly(self, seconds: float) -> None:
        self._landed = self.loop.create_future()
        timer = self.loop.call_later(seconds, self._land)
        try:
            await self._landed
        finally:
            timer.cancel()
            self._landed = None

    def _land(self) -> None:
        if self._landed is not None and not self._landed.done():
            self._landed.set_result(None)

    def take(self) -> list[Settlement]:
        taken, self.done = self.done, []
        self.out -= len(taken)
        return taken

    def drop(self) -> None:
        """Give up what is on its way, because nobody will settle it: its leases end."""
        self.over = True
        left = [caller for callers in self._callers.values() for caller in callers if caller]
        if left:
            for caller in left:
                caller.cancel()
            self.loop.run_until_complete(asyncio.wait(left))

    async def _send_in_turn(self, hook: UUID) -> None:
        """One of a subscription's callers: one delivery after the other until none waits."""
        waiting = self._waiting[hook]
        while waiting:
            held = waiting.popleft()
            try:
                result = await self._send(held)
            except Exception:  # a mistake of ours over one must not hold up the others
                log.exception("webhook %s could not be handed over", held.id)
                result = of_error(held, None)
            self.done.append(result)
            if len(self.done) >= self._enough:
                self._land()
        # Here and not in a callback, which might come after the next batch was handed over.
        self._callers[hook].discard(asyncio.current_task())

    async def _send(self, held: Held) -> Settlement:
        hook = held.hook
        if self.over or hook not in self.open or self._failed[hook] >= ENOUGH_FAILURES:
            return Settlement(held, "kept")
        result = await self._call(held, self._ready[hook])
        self._failed[hook] = self._failed[hook] + 1 if result.down else 0
        return result

    def send_one(self, held: Held, to: Open, ahead: float) -> Settlement:
        """One that belongs to no subscription, as all others are sent; nobody settles it."""
        self._ahead = ahead
        return self.loop.run_until_complete(self._call(held, to))

    async def _call(self, held: Held, to: Open) -> Settlement:
        now = int(time.time() + self._ahead)
        headers = {"Content-Type": "application/json", **headers_for(f"msg_{held.id.hex}", now, held.body, to.keys)}
        try:
            answer = await self.session.request(
                "POST", to.address, headers=headers, body=held.body, total_seconds=CALL_SECONDS
            )
        except EgressError as error:
            return of_error(held, error)
        return of_answer(held, answer, now)


def send_due(*, most: int = BATCH, seconds: float = SENDING_SECONDS, alive: Callable[[], None] | None = None) -> int:
    """Send what is due for some seconds; how many were claimed. Safe to run in several processes at once."""
    sender = _of_this_process()
    with sender.lock:
        # A server may have closed connections while nobody ran the loop: let it notice before one is used again.
        sender.loop.run_until_complete(asyncio.sleep(LOOK_SECONDS))
        flight = Flight(sender)
        try:
            return _send_for(seconds, flight, most, alive)
        finally:
            flight.drop()


def send_alone(held: Held, to: Open, *, ahead: float) -> Settlement:
    """Send one message that is in no queue, by the client and under the signature of all others.

    `ahead`: how many seconds the database's clock is ahead of this machine's.
    """
    sender = _of_this_process()
    with sender.lock:
        return Flight(sender).send_one(held, to, ahead)


def _send_for(seconds: float, flight: Flight, most: int, alive: Callable[[], None] | None) -> int:
    worker, claimed, more = claimant(), 0, True
    ends = time.monotonic() + seconds
    look_at = time.monotonic() + GROUP_SECONDS
    while True:
        ended: list[Settlement] = []
        flight.over = time.monotonic() >= ends
        if more and not flight.over and flight.out <= most // 2:
            count = _claim(worker, flight, most, ended)
            claimed, more = claimed + count, count == most
        flight.fly(GROUP_SECONDS)
        hook_queue.settle(worker, ended + flight.take())
        if not flight.out and (flight.over or not more):
            return claimed
        if time.monotonic() >= look_at:
            flight.open = hook_queue.still_open(flight.open)
            look_at = time.monotonic() + GROUP_SECONDS
        if alive is not None:
            alive()


def _claim(worker: str, flight: Flight, most: int, settled: list[Settlement]) -> int:
    """Claim a batch and hand it over. What cannot be sent goes to `settled` as it is."""
    batch, clock = hook_queue.claim(worker, most=most)
    if batch:
        ahead = clock - time.time()
        ready, troubled = hook_queue.opened(worker, {held.hook for held in batch})
        flight.hand_over(batch, ready, ahead)
        for held in batch:
            if held.hook in troubled:
                settled.append(of_error(held, None, because=troubled[held.hook]))
            elif held.hook not in ready:
                settled.append(Settlement(held, "kept"))
    return len(batch)
