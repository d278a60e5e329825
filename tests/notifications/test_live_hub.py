"""The hub over a real database, with a faster rhythm than the product's: what it does by the clock."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from notifications.live.hub import Hub, Rhythm
from notifications.live.outlet import Outlet
from notifications.live.reading import NOTHING_AFTER, connect, tail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

FAST = Rhythm(poll=0.05, check=0.1, heartbeat=0.05, longest_socket=60, longest_send=60)


class Socket:
    """A socket without a network: what it was sent, and the code it was closed with."""

    def __init__(self, ticket, organisation_id):
        self.heard, self.code = [], None
        self.outlet = Outlet(self.send, ticket=ticket, organisation_id=organisation_id)

    async def send(self, message):
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.heard.append(json.loads(message["text"]))

    async def closed(self):
        async with asyncio.timeout(5):
            while self.code is None:
                await asyncio.sleep(0.01)
        return self.code

    async def hears(self, count=1):
        async with asyncio.timeout(5):
            while len(self.heard) < count:
                await asyncio.sleep(0.01)
        return self.heard

    async def hears_events(self, count=1):
        """Events alone: a beat goes out with the hub's first round, which may come before or after one joins."""
        async with asyncio.timeout(5):
            while len(events := [each for each in self.heard if "beat" not in each]) < count:
                await asyncio.sleep(0.01)
        return events


class Room:
    """A running hub, and sockets that have caught up with it."""

    def __init__(self, hub, ids, tickets):
        self.hub, self.ids, self.tickets = hub, ids, tickets

    async def opens(self, slug, number=0):
        socket = Socket(self.tickets[slug][number], self.ids[slug])
        self.hub.join(socket.outlet)
        async with await connect() as connection:
            (row,) = await tail(connection, [socket.outlet.ticket], [NOTHING_AFTER], 0)
        self.hub.begin(socket.outlet, head=row.head, epoch=row.epoch)
        await socket.outlet.drain()
        return socket


@pytest.fixture
def tickets(stage):
    """Two of Ashbourne's and one of Dunmere's."""
    return {"ashbourne": [stage.ticket("ashbourne"), stage.ticket("ashbourne")], "dunmere": [stage.ticket("dunmere")]}


@asynccontextmanager
async def room(stage, tickets, **rhythm):
    hub = Hub(replace(FAST, **rhythm))
    hub.start()
    try:
        yield Room(hub, stage.ids, tickets)
    finally:
        await hub.stop()


def revoke(stage, ticket):
    stage.owner("SELECT sec.revoke(%s)", [ticket])


async def test_every_sockets_own_ticket_is_looked_at(stage, tickets):
    async with room(stage, tickets) as opened:
        first, second = await opened.opens("ashbourne", 0), await opened.opens("ashbourne", 1)
        revoke(stage, tickets["ashbourne"][1])
        assert await second.closed() == 4401
        revoke(stage, tickets["ashbourne"][0])
        assert await first.closed() == 4401


async def test_the_rest_goes_on_when_the_reading_ticket_ends(stage, tickets):
    async with room(stage, tickets, check=60) as opened:
        first, second = await opened.opens("ashbourne", 0), await opened.opens("ashbourne", 1)
        revoke(stage, tickets["ashbourne"][0])
        assert await first.closed() == 4401
        record_as_owner(stage, "ashbourne")
        (event,) = await second.hears_events()
        assert event["kind"] == "note.written"


async def test_a_beat_says_up_to_where_all_was_sent(stage, tickets):
    async with room(stage, tickets) as opened:
        socket = await opened.opens("dunmere")
        assert "beat" in (await socket.hears())[0]
        seq = record_as_owner(stage, "dunmere")
        async with asyncio.timeout(5):
            while {"beat": seq} not in socket.heard:
                await asyncio.sleep(0.01)
        assert [each.get("seq") for each in socket.heard if "seq" in each] == [seq]


async def test_a_socket_ends_after_its_longest_life(stage, tickets):
    async with room(stage, tickets, longest_socket=0.05) as opened:
        assert await (await opened.opens("dunmere")).closed() == 1012


async def test_a_socket_whose_reader_takes_nothing_is_closed_even_when_nothing_happens(stage, tickets):
    async with room(stage, tickets) as opened:
        stuck, good = await opened.opens("ashbourne", 0), await opened.opens("ashbourne", 1)
        stuck.outlet.busy_since = asyncio.get_running_loop().time() - 61  # a second longer than is allowed
        assert await stuck.closed() == 4008
        assert "beat" in (await good.hears())[0]


async def test_after_a_restore_everybody_comes_again(stage, tickets):
    async with room(stage, tickets) as opened:
        socket = await opened.opens("ashbourne")
        stage.owner("UPDATE ledger_head SET epoch = %s", [uuid.uuid4()])
        assert await socket.closed() == 1012


def record_as_owner(stage, slug):
    """One event of an organisation, sealed like any other; its number."""
    organisation = stage.ids[slug]
    stage.owner(
        "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)"
        " VALUES (gen_random_uuid(), 'note.written', now(), %s, 'system', '', ARRAY[%s::uuid], '{}')",
        [organisation, organisation],
    )
    return stage.owner("SELECT seq FROM ledger_organisationhead WHERE organisation_id = %s", [organisation])[0][0]
