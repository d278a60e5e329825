"""B6 and B7 at small size: workers, the database's connections and the broker are killed while messages go out."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.embedded import EmbeddedServers
from portal.embedded_server import Valkey
from scripts.prove.people import People
from scripts.prove.tools import Tools
from scripts.prove.trial import Harm, Site, judged, run, wrong
from tests.notifications.stage import Stage, address

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
MESSAGES, KILLS = 300, 3
PATIENCE = 75  # seconds: a third try comes after 67 at most (`RETRY_SECONDS`, with its jitter)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Valkey]:
    """One of its own: it is flushed and stopped."""
    with EmbeddedServers(tmp_path / "broker", durable=False, postgres=False) as servers:
        assert servers.valkey is not None
        yield servers.valkey


def site(tmp_path: Path, broker: Valkey, cuts: list[int]) -> Site:
    """Where it runs; `cuts` is told how many of the workers' connections each crash has ended."""

    def cut() -> None:
        with psycopg.connect(os.environ["BULKHEAD_TEST_ADMIN"], autocommit=True) as admin:
            ours = "datname = %s AND pid <> pg_backend_pid()"
            ended = admin.execute(
                f"SELECT usename, pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}", [name]
            ).fetchall()
        cuts.append(ended.count(("portal_worker", True)))

    owner = address("DATABASE_URL")
    name = owner.rpartition("/")[2]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.notifications.job_settings",
        "DATABASE_URL_WORKER": address("DATABASE_URL_WORKER"),
        "DATABASE_URL_AUTH": address("DATABASE_URL_AUTH"),
        "VALKEY_URL": broker.url,
        "TEST_QUEUE": "bulkhead",  # the broker is its own
        "TEST_LEASE_SECONDS": "3",
    }
    return Site(environment, owner, address("DATABASE_URL_WORKER"), tmp_path / "log", cut, broker)


@pytest.mark.skipif("BULKHEAD_TEST_ADMIN" not in os.environ, reason="only a superuser cuts every connection")
def test_through_everything_none_is_lost(stage: Stage, tmp_path: Path, broker: Valkey):
    chance, cuts = random.Random(7), list[int]()
    half = People(MESSAGES, chance, errors=0.02, lost_replies=0.01)
    harm = Harm(
        KILLS, database_crash_at=0.4, broker_flush_at=0.5, broker_stop_at=0.8, broker_away=0.5, kills_until=0.75
    )
    try:
        facts = run("B7", half, site(tmp_path, broker, cuts), harm, messages=MESSAGES, chance=chance, patience=PATIENCE)
    finally:
        half.close()
    assert set(facts) == {"name", "messages", "kills", "harm", "lost", "duplicates", "duplicates_ratio", "seconds"}
    assert (facts["messages"], facts["kills"], facts["lost"]) == (MESSAGES, KILLS, 0)
    done = {"database crashed": 1, "broker flushed": 2, "broker stopped": 1, "broker back": 1}
    assert {what: times for what, times in facts["harm"].items() if what in done} == done
    assert len(cuts) == 1
    assert cuts[0] > 0, "workers were connected"
    assert half.sink.refused > 0
    assert half.sink.dropped > 0
    in_hand = 2 * (KILLS + 1) + 2  # a worker sends two at once; the cut reaches both workers
    assert facts["duplicates"] <= half.sink.dropped + in_hand
    assert wrong(facts, harm, 1.0) == []


@pytest.mark.skipif("BULKHEAD_TEST_ADMIN" not in os.environ, reason="only a superuser cuts every connection")
def test_through_everything_no_webhook_is_lost_and_none_is_left_twice(stage: Stage, tmp_path: Path, broker: Valkey):
    chance, cuts = random.Random(11), list[int]()
    half = Tools(MESSAGES, chance, errors=0.02, lost_replies=0.02)
    harm = Harm(2, database_crash_at=0.4, broker_flush_at=0.5, broker_stop_at=0.8, broker_away=0.5, kills_until=0.75)
    try:
        facts = run(
            "B7-hooks", half, site(tmp_path, broker, cuts), harm, messages=MESSAGES, chance=chance, patience=PATIENCE
        )
    finally:
        half.close()
    assert {"name", "messages", "kills", "lost", "duplicates", "duplicates_ratio", "seconds"} < set(facts)
    assert (facts["messages"], facts["kills"], facts["lost"], facts["duplicates"]) == (MESSAGES, 2, 0, 0)
    assert facts["ids_repeated"] >= half.dropped > 0
    assert half.refused > 0
    assert facts["not_verified"] == 0
    assert cuts[0] > 0, "the sender was connected"
    assert judged(facts, harm, 0.0)["failures"] == 0


def test_a_missed_bound_is_said():
    facts = {"messages": 100, "kills": 1, "harm": {"kill": 1}, "lost": 0, "duplicates": 1, "duplicates_ratio": 0.01}
    assert wrong(facts, Harm(1), 0.01) == []
    assert judged(facts, Harm(1), 0.01) == {**facts, "failures": 0, "wrong": []}
    assert wrong({**facts, "lost": 1}, Harm(1), 0.01) == ["something was lost"]
    assert judged({**facts, "lost": 1}, Harm(1), 0.001)["failures"] == 2
    assert wrong(facts, Harm(2), 0.005) == ["too much came twice", "not every kill was done"]
    stops = Harm(1, broker_flush_at=0.5, broker_stop_at=0.8)
    once = {"kill": 1, "broker flushed": 1, "broker stopped": 1, "broker back": 1}
    assert wrong({**facts, "harm": once}, stops, 0.01) == ["not all harm was done"]
    assert wrong({**facts, "harm": {**once, "broker flushed": 2}}, stops, 0.01) == []


def test_the_sink_counts_for_itself(stage: Stage):
    half = People(20, random.Random(1))
    try:
        assert (half.count(), half.missing(), half.repeated()) == (0, 20, 0)
        half.arrange(address("DATABASE_URL"), address("DATABASE_URL_WORKER"))
        stage.owner("UPDATE notifications_delivery SET state = 'superseded' WHERE state = 'pending' AND way <> 'email'")
        assert stage.owner(
            "SELECT count(*) FROM notifications_delivery d JOIN partners_contactpoint c ON c.id = d.contact_point_id"
            " WHERE d.state = 'pending' AND c.address LIKE '%%@many.example'"
        ) == [(20,)]
    finally:
        half.close()
