"""Sending webhooks: a job claims and settles, and a loop beside it in the same process speaks HTTP.

The loop and its session live as long as the process, so that connections are kept from one batch to the next. No
transaction is open while the network is used, and the network never waits for the database.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import defaultdict
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
GROUP = 100  # settled in one statement
GROUP_SECONDS = 0.25
LOOK_SECONDS = 0.01


class Sender:
    """The loop of this process, in a thread of its own, and its session."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = uvloop.new_event_loop()
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()
        self.session: Session = asyncio.run_coroutine_threadsafe(_new_session(), self.loop).result(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()


async def _new_session() -> Session:
    return Session()


_sender: Sender | None = None
_lock = threading.Lock()


def _of_this_process() -> Sender:
    global _sender  # noqa: PLW0603 - threads do not survive a fork, so each process has its own
    with _lock:
        if _sender is None or _sender.pid != os.getpid():
            _sender = Sender()
        return _sender


class Flight:
    """What is on its way for one job. Results gather in `done`, which the job's thread takes away."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.done: list[Settlement] = []
        self.out = 0  # handed over, and its result not taken yet
        self.open: frozenset[UUID] = frozenset()  # the subscriptions that may still be sent to
        self.over = False
        self._turns: defaultdict[UUID, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOOK))
        self._failed: defaultdict[UUID, int] = defaultdict(int)

    def hand_over(self, batch: Iterable[Held], ready: dict[UUID, Open], ahead: float) -> None:
        """`ahead`: how many seconds the database's clock is ahead of this machine's."""
        batch = [held for held in batch if held.hook in ready]
        self.open = self.open | ready.keys()
        self.out += len(batch)

        def begin() -> None:
            for held in batch:
                self.sender.loop.create_task(self._send(held, ready[held.hook], ahead))

        self.sender.loop.call_soon_threadsafe(begin)

    def take(self) -> list[Settlement]:
        taken, self.done = self.done, []
        self.out -= len(taken)
        return taken

    async def _send(self, held: Held, to: Open, ahead: float) -> None:
        try:
            async with self._turns[held.hook]:
                if self.over or held.hook not in self.open or self._failed[held.hook] >= ENOUGH_FAILURES:
                    result = Settlement(held, "kept")
                else:
                    result = await self._call(held, to, ahead)
                    self._failed[held.hook] = self._failed[held.hook] + 1 if result.down else 0
        except Exception:  # a mistake of ours over one must not hold up the others
            log.exception("webhook %s could not be handed over", held.id)
            result = of_error(held, None)
        self.done.append(result)

    async def _call(self, held: Held, to: Open, ahead: float) -> Settlement:
        now = int(time.time() + ahead)
        headers = {"Content-Type": "application/json", **headers_for(f"msg_{held.id.hex}", now, held.body, to.keys)}
        try:
            answer = await self.sender.session.request(
                "POST", to.address, headers=headers, body=held.body, total_seconds=CALL_SECONDS
            )
        except EgressError as error:
            return of_error(held, error)
        return of_answer(held, answer, now)


def send_due(*, most: int = BATCH, seconds: float = SENDING_SECONDS, alive: Callable[[], None] | None = None) -> int:
    """Send what is due for some seconds; how many were claimed. Safe to run in several processes at once."""
    worker, flight = claimant(), Flight(_of_this_process())
    ends, claimed, more = time.monotonic() + seconds, 0, True
    waiting: list[Settlement] = []
    settle_at = look_at = time.monotonic() + GROUP_SECONDS
    try:
        while True:
            now = time.monotonic()
            flight.over = now >= ends
            if more and not flight.over and flight.out <= most // 2:
                count = _claim(worker, flight, most, waiting)
                claimed, more = claimed + count, count == most
                now = time.monotonic()
            waiting += flight.take()
            if len(waiting) >= GROUP or (waiting and (now >= settle_at or not flight.out)):
                hook_queue.settle(worker, waiting)
                waiting, settle_at = [], now + GROUP_SECONDS
            if not flight.out and not waiting and (flight.over or not more):
                return claimed
            if now >= look_at:
                flight.open, look_at = frozenset(hook_queue.still_open(flight.open)), now + GROUP_SECONDS
            if alive is not None:
                alive()
            time.sleep(LOOK_SECONDS)
    finally:
        flight.over = True


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
