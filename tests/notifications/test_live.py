"""Events over real sockets: ordered, complete over every fault, and only one's own."""

from __future__ import annotations

import socket as network
import time
import uuid
from dataclasses import replace

from portal.ledger.record import record
from portal.ledger.stream import events_after
from portal.tenancy.door import revoke, ticket_of
from portal.tenancy.scope import at_the_door
from tests.notifications.stage import ask
from tests.notifications.test_live_process import close_code, hear, hear_numbers, live, live_process

__all__ = ["live", "live_process"]


def test_a_socket_gets_what_polling_answers_in_the_order_of_commits(live):
    before = live.head("brackenfield")
    live.stage.opens("ashbourne")
    socket = live.opens("brackenfield", f"after={before}")
    live.records("brackenfield", 1, 2)
    live.records("brackenfield", 3)
    with live.stage.acting("brackenfield"):
        polled = events_after(before)
    heard = [hear(socket) for _ in polled["results"]]
    assert heard == polled["results"]
    assert [event["seq"] for event in heard] == list(range(before + 1, polled["head"] + 1))
    assert heard[-1]["data"] == {"n": 3}


def test_only_ones_own_people_have_a_name(live):
    (person,) = live.stage.owner(
        "SELECT id, name FROM partners_person WHERE organisation_id = %s LIMIT 1", [live.stage.ids["ashbourne"]]
    )
    incident = live.stage.opens("ashbourne")
    own, other = live.opens("ashbourne"), live.opens("brackenfield")
    with live.stage.acting("ashbourne") as actor:
        both = [live.stage.ids[slug] for slug in ("ashbourne", "brackenfield")]
        named = replace(actor, person_id=person[0])
        about = {"incident_id": incident.pk, "incident_reference": incident.reference}
        record("update.posted", actor=named, audience=both, **about)
    assert hear(own)["actor"] == {"organisation": "ashbourne", "kind": "person", "name": person[1]}
    assert hear(other)["actor"] == {"organisation": "ashbourne", "kind": "person"}


def test_a_stranger_gets_nothing_of_an_incident(live):
    before = live.head("gravenhurst")
    stranger, partner = live.opens("gravenhurst"), live.opens("brackenfield")
    incident = live.stage.opens("ashbourne")
    while hear(partner)["incident"] != incident.reference:
        pass
    live.records("gravenhurst", 7)
    assert hear_numbers(stranger, 1) == [7]
    assert live.head("gravenhurst") == before + 1


def test_killed_and_started_again_nothing_is_missed_and_nothing_comes_twice(live):
    socket = live.opens("ashbourne")
    live.records("ashbourne", 1, 2, 3)
    seen = [hear(socket) for _ in range(2)][-1]["seq"]
    live.stop()
    live.records("ashbourne", 4)
    live.start()
    again = live.opens("ashbourne", f"after={seen}")
    live.records("ashbourne", 5)
    assert hear_numbers(again, 3) == [3, 4, 5]


def test_a_crash_of_its_database_connections_costs_no_event(live):
    socket = live.opens("ashbourne")
    live.records("ashbourne", 1)
    assert hear_numbers(socket, 1) == [1]
    for login in ("DATABASE_URL_APP", "DATABASE_URL_AUTH"):
        ended = ask(
            login,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'bulkhead-live' AND usename = current_user",
        )
        assert len(ended) >= 1
    live.records("ashbourne", 2)
    assert hear_numbers(socket, 1) == [2]
    live.records("ashbourne", 3)
    resumed = live.opens("ashbourne", f"after={live.head('ashbourne') - 1}")
    assert hear_numbers(resumed, 1) == hear_numbers(socket, 1) == [3]


def test_whoever_is_too_far_behind_or_of_another_epoch_is_told_to_fetch_afresh(live):
    before = live.head("ashbourne")
    live.records("ashbourne", *range(1001))
    hello = hear(live.connect(f"ticket={live.socket_ticket('ashbourne')}"))
    assert hello["head"] == before + 1001
    late = live.opens("ashbourne", f"after={before}")
    restored = live.opens("ashbourne", f"after={before + 1001}&epoch={uuid.uuid4()}")
    ahead = live.opens("ashbourne", f"after={before + 1002}")
    just = live.opens("ashbourne", f"after={before + 1}&epoch={hello['epoch']}")
    assert [hear(socket) for socket in (late, restored, ahead)] == [{"resync": True}] * 3
    live.records("ashbourne", 5000)
    assert [hear_numbers(socket, 1) for socket in (late, restored, ahead)] == [[5000]] * 3
    assert hear_numbers(just, 1001) == [*range(1, 1001), 5000]


def test_a_slow_reader_is_closed_and_holds_up_nobody(live):
    narrow = network.socket()
    narrow.setsockopt(network.SOL_SOCKET, network.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", live.port))
    slow, good = live.opens("ashbourne", sock=narrow, max_queue=1), live.opens("ashbourne")
    for start in range(0, 500, 100):
        live.records("ashbourne", *range(start, start + 100), filler="x" * 20_000)
        assert hear_numbers(good, 100) == list(range(start, start + 100))
    assert close_code(slow) == 4008


def test_an_idle_socket_stays_open(live):
    socket = live.opens("ashbourne")
    time.sleep(7)
    live.records("ashbourne", 1)
    assert hear_numbers(socket, 1) == [1]


def test_a_revoked_ticket_ends_its_socket_and_no_other(live):
    secret = live.socket_ticket("ashbourne")
    first = live.connect(f"ticket={secret}")
    second = live.opens("ashbourne")
    with at_the_door():
        revoke(ticket_of(secret))
    live.records("ashbourne", 1)
    assert close_code(first) == 4401
    assert hear_numbers(second, 1) == [1]


def test_an_isolated_organisation_is_closed_and_does_not_come_back(live):
    sockets = [live.opens("dunmere"), live.opens("dunmere")]
    other = live.opens("ashbourne")
    live.stage.owner("UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s", [live.stage.ids["dunmere"]])
    assert [close_code(socket) for socket in sockets] == [4403, 4403]
    assert close_code(live.connect(f"ticket={live.socket_ticket('dunmere')}")) == 4403
    live.records("ashbourne", 1)
    assert hear_numbers(other, 1) == [1]
