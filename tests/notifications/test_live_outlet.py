"""A socket's way out, over a server that takes its time."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from notifications.live import outlet as outlets
from notifications.live.outlet import QUEUE_LIMIT, Outlet, text_frame
from notifications.live.turnstile import Busy, Turnstile

pytestmark = pytest.mark.asyncio


class Server:
    """Stands for the server's side of a connection: it takes messages while `writable`."""

    def __init__(self) -> None:
        self.taken: list[str | int] = []
        self.writable = asyncio.Event()
        self.writable.set()
        self.transport = self
        self.aborted = False

    async def send(self, message):
        await self.writable.wait()
        if self.aborted:
            raise OSError("gone")
        self.taken.append(message.get("text") or message["code"])

    def abort(self):
        self.aborted = True


@pytest.fixture
def server():
    return Server()


async def drained(server, last=0):
    outlet = Outlet(server.send, ticket="t", organisation_id=uuid.uuid4())
    outlet.last = last
    await outlet.drain()
    return outlet


def push(outlet, *numbers):
    for number in numbers:
        outlet.push(text_frame(str(number), number))


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_frame_is_out_before_push_returns(server):
    outlet = await drained(server)
    push(outlet, 1, 2)
    assert server.taken == ["1", "2"]


async def test_what_was_sent_is_not_sent_again(server):
    outlet = await drained(server, last=2)
    push(outlet, 1, 2, 3, 3)
    assert server.taken == ["3"]


async def test_a_stalled_socket_gets_everything_in_order_when_it_goes_on(server):
    outlet = await drained(server)
    server.writable.clear()
    push(outlet, 1, 2, 3)
    await turns()
    assert server.taken == []
    server.writable.set()
    push(outlet, 4)
    await turns()
    push(outlet, 5)
    assert server.taken == ["1", "2", "3", "4", "5"]
    assert outlet.busy_since is None


async def test_frames_wait_until_the_backlog_is_sent(server):
    outlet = Outlet(server.send, ticket="t", organisation_id=uuid.uuid4())
    push(outlet, 3, 4)
    for number in (1, 2, 3):
        await outlet.send(text_frame(str(number), number))
    await outlet.drain()
    assert server.taken == ["1", "2", "3", "4"]


async def test_a_full_queue_closes_with_4008_and_nothing_follows(server):
    outlet = await drained(server)
    server.writable.clear()
    push(outlet, *range(1, QUEUE_LIMIT + 2))
    assert outlet.closing == 0
    push(outlet, QUEUE_LIMIT + 2)
    assert outlet.closing == 4008
    server.writable.set()
    await turns()
    push(outlet, 999)
    assert server.taken == ["1", 4008]


async def test_a_beat_does_not_wait_in_the_queue(server):
    outlet = await drained(server)
    server.writable.clear()
    push(outlet, 1)
    outlet.push(text_frame("beat"))
    server.writable.set()
    await turns()
    outlet.push(text_frame("next beat"))
    assert server.taken == ["1", "next beat"]


async def test_a_reader_that_takes_not_even_the_close_is_cut(server, monkeypatch):
    monkeypatch.setattr(outlets, "GOODBYE_SECONDS", 0.01)
    outlet = await drained(server)
    server.writable.clear()
    push(outlet, 1)
    outlet.close(4401)
    await asyncio.sleep(0.05)
    assert server.aborted
    server.writable.set()
    await turns()
    assert server.taken == []


async def test_a_socket_that_is_gone_raises_nothing(server):
    outlet = await drained(server)
    server.aborted = True
    push(outlet, 1, 2)
    assert outlet.closing == 1006
    outlet.abandon()


async def test_the_turnstile_keeps_its_rate_and_refuses_when_too_many_wait():
    turnstile = Turnstile(rate=1000, patience=0.01)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(20):
        await turnstile.enter()
    assert loop.time() - began >= 0.019
    turnstile = Turnstile(rate=10, patience=0.5)
    crowd = await asyncio.gather(*(turnstile.enter() for _ in range(20)), return_exceptions=True)
    assert 1 <= sum(isinstance(each, Busy) for each in crowd) <= 19
