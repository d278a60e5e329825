"""The worker is killed in the middle of 500 messages: none is lost, hardly any comes twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from portal.mail_sink import Mailbox
from tests.notifications.processes import Processes, kill, seconds_since_beat
from tests.notifications.stage import Stage
from tests.running import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

PEOPLE = 500
LEASE_SECONDS = 3


def let_dunmere_have(stage: Stage, people: int) -> None:
    """Dunmere alone can be told, and has this many people with a mailbox each."""
    stage.owner("UPDATE partners_contactpoint SET is_active = false")
    stage.owner(
        "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)"
        " SELECT gen_random_uuid(), %s, 'Person ' || n, 'p' || n || '@people.example', 'responder', '', true, false"
        " FROM generate_series(1, %s) n",
        [stage.ids["dunmere"], people],
    )
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust, trust_because,"
        " \"order\", is_active) SELECT gen_random_uuid(), organisation_id, id, 'email', name, email, 'trusted', '',"
        " 1, true FROM partners_person WHERE email LIKE '%%@people.example'"
    )


def test_all_arrive_and_at_most_five_twice(stage: Stage, mail: Mailbox, tmp_path: Path):
    let_dunmere_have(stage, PEOPLE)
    with Processes(tmp_path / "log", lease_seconds=LEASE_SECONDS) as processes:
        processes.start("scheduler")
        worker = processes.start("worker")
        wait_for(lambda: seconds_since_beat(stage, "worker") < 2, seconds=30)
        incident = stage.opens()

        wait_for(lambda: len(mail.messages()) >= 150, seconds=30, every=0.005)
        kill(worker)
        at_the_kill = len({message["to"][0] for message in mail.messages()})
        assert 150 <= at_the_kill < PEOPLE, "it was killed in the middle"
        ((held,),) = stage.owner("SELECT count(*) FROM notifications_delivery WHERE state = 'claimed'")
        assert held > 0, "and had work in its hands"

        processes.start("worker")
        wait_for(lambda: set(stage.deliveries(incident, "dunmere", "d.state")) == {("accepted",)}, seconds=45)
        ((longest,),) = stage.owner("SELECT max(attempts) FROM notifications_delivery")
        assert longest > 1, "what it held was taken over"

    received = Counter(message["to"][0] for message in mail.messages())
    assert set(received) == {f"p{n}@people.example" for n in range(1, PEOPLE + 1)}
    assert received.total() - PEOPLE <= 5
    again = Counter(message["headers"]["Message-ID"] for message in mail.messages())
    assert len(again) == PEOPLE, "what came twice carries the same Message-ID"
    assert stage.side(incident, "dunmere")["people_told"] == PEOPLE
