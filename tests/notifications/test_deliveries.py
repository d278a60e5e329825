"""Claims, leases and fencing of deliveries, and what the worker's role may touch."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from notifications import deliveries
from notifications.deliveries import claim, enter, let_go, settle_accepted, settle_dead, settle_failed
from notifications.models import Delivery
from portal.claims import claimant
from portal.tenancy.scope import queue_scope
from tests.notifications.stage import Stage, address, as_worker, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

NOT_FOR_THE_WORKER = [
    "SELECT address FROM partners_contactpoint",
    "SELECT title FROM incidents_incident",
    "UPDATE notifications_delivery SET contact_point_id = id",
    "UPDATE notifications_delivery SET organisation_id = id",
    "DELETE FROM notifications_delivery",
    "INSERT INTO notifications_planning (id) VALUES (gen_random_uuid())",
    "DELETE FROM notifications_planning",
    "SELECT sec.enter('00000000-0000-0000-0000-000000000000')",
    "SELECT sec.mint('x', '00000000-0000-0000-0000-000000000000', 'key', NULL, NULL, interval '1 hour')",
    "SELECT * FROM sec.reached_contact_points()",
]


@pytest.fixture
def planned(stage: Stage) -> Stage:
    """Seven organisations' deliveries, 22 of them to be sent."""
    stage.opens()
    stage.plans()
    return stage


def state_of(stage: Stage, held) -> tuple:
    (row,) = stage.owner("SELECT state, attempts, claimed_by FROM notifications_delivery WHERE id = %s", [held.id])
    return row


def test_a_batch_is_at_most_twenty_and_what_is_held_is_nobody_elses(planned: Stage):
    with as_worker():
        first, second, third = claim("one"), claim("two"), claim("three")
    assert (len(first), len(second), len(third)) == (20, 2, 0)
    assert not {each.id for each in first} & {each.id for each in second}
    assert all(each.address and each.code and each.attempts == 1 for each in first)


def test_claims_at_once_never_overlap(planned: Stage):
    held, lock = Counter(), threading.Lock()

    def take() -> None:
        with as_worker():
            while batch := claim(claimant(), most=3):
                with lock:
                    held.update(each.id for each in batch)

    assert in_threads(take, take, take, take) == []
    assert len(held) == 22
    assert set(held.values()) == {1}


def test_a_dead_workers_claim_is_taken_over_after_its_lease_and_it_cannot_settle_any_more(planned: Stage, monkeypatch):
    monkeypatch.setattr(deliveries, "LEASE_SECONDS", 0)
    with as_worker():
        assert claim("dead", most=1) == [], "nothing is sent after the lease"
        monkeypatch.setattr(deliveries, "LEASE_SECONDS", 60)
        planned.owner("UPDATE notifications_delivery SET due_at = now() + interval '1 day' WHERE state = 'pending'")
        (heir,) = claim("heir")
        assert heir.attempts == 2
        with queue_scope():
            late = deliveries.Held(**{**{name: getattr(heir, name) for name in heir.__slots__}, "attempts": 1})
            assert not settle_accepted(late, "dead", transport="smtp", provider_ref="x")
            assert not settle_accepted(late, "heir", transport="smtp", provider_ref="x"), "the attempt fences too"
            assert settle_accepted(heir, "heir", transport="smtp", provider_ref="x")
            assert not settle_accepted(heir, "heir", transport="smtp", provider_ref="x"), "once"
    assert state_of(planned, heir) == ("accepted", 2, "")


def test_a_worker_enters_an_organisation_only_for_what_it_holds(planned: Stage):
    with as_worker():
        (held,) = claim("mine", most=1)
        with pytest.raises(Exception, match="no claim on this delivery"), queue_scope():
            enter(held, "another")
        with pytest.raises(Exception, match="no claim on this delivery"), queue_scope():
            enter(held, "")
        with queue_scope():
            enter(held, "mine")
    assert planned.worker("SELECT * FROM sec.claimed('another')") == []
    assert planned.worker("SELECT * FROM sec.claimed('')") == []


def test_a_failed_attempt_comes_back_later_each_time(planned: Stage):
    planned.owner(
        "UPDATE notifications_delivery SET state = 'superseded' WHERE state = 'pending' AND person_id IS NOT NULL"
    )
    for nth, seconds in enumerate((5, 15, 45, 120, 300, 600, 900, 900), start=1):
        with as_worker():
            held, *_ = claim(f"w{nth}", most=1)
            assert held.attempts == nth
            with queue_scope():
                assert settle_failed(held, f"w{nth}", because="away") == "pending"
        ((wait,),) = planned.owner(
            "SELECT extract(epoch FROM due_at - now())::float FROM notifications_delivery WHERE id = %s", [held.id]
        )
        assert seconds * 0.5 - 2 <= wait <= seconds * 1.5
        planned.owner("UPDATE notifications_delivery SET due_at = '2020-01-01' WHERE id = %s", [held.id])


@pytest.mark.parametrize(("hours", "tries", "becomes"), [(25, 20, "dead"), (25, 19, "pending"), (23, 60, "pending")])
def test_a_day_after_it_was_written_and_after_many_tries_it_is_given_up(
    planned: Stage, hours: int, tries: int, becomes: str
):
    planned.owner(
        "UPDATE notifications_delivery SET created_at = now() - make_interval(hours => %s) WHERE state = 'pending'",
        [hours],
    )
    planned.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER delivery_moves")
    planned.owner("UPDATE notifications_delivery SET attempts = %s WHERE state = 'pending'", [tries - 1])
    planned.owner("ALTER TABLE notifications_delivery ENABLE TRIGGER delivery_moves")
    with as_worker():
        (held,) = claim("w", most=1)
        with queue_scope():
            assert settle_failed(held, "w", because="away") == becomes


def test_what_was_not_tried_is_due_at_once(planned: Stage):
    with as_worker():
        held = claim("w")
        let_go(held, "w")
        assert len(claim("next")) == 20


def test_the_database_refuses_every_other_arrow(planned: Stage):
    with psycopg.connect(address("DATABASE_URL")) as connection:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a waiting check of a foreign key forbids ALTER TABLE
        for was in Delivery.MOVES:
            connection.execute("ALTER TABLE notifications_delivery DISABLE TRIGGER delivery_moves")
            connection.execute("UPDATE notifications_delivery SET state = %s", [was])
            connection.execute("ALTER TABLE notifications_delivery ENABLE TRIGGER delivery_moves")
            for now in Delivery.MOVES:
                allowed = now in Delivery.MOVES[was] or now == was
                with connection.transaction(force_rollback=True) if allowed else _refused(connection):
                    connection.execute("UPDATE notifications_delivery SET state = %s", [now])


@contextmanager
def _refused(connection: psycopg.Connection) -> Iterator[None]:
    with pytest.raises(psycopg.errors.CheckViolation), connection.transaction():
        yield


def test_the_worker_reads_no_substance_of_a_delivery(planned: Stage):
    for column in ("code", "error", "provider_ref", "incident_reference", "idempotency_key", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            planned.worker(f"SELECT {column} FROM notifications_delivery")


def test_the_worker_without_an_organisation_gets_nowhere(planned: Stage):
    for statement in NOT_FOR_THE_WORKER:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            planned.worker(statement)


def test_a_worker_inside_one_organisation_cannot_write_to_anothers_people(planned: Stage):
    """Foreign keys do not ask policies: the policy itself must."""
    (row,) = planned.owner("SELECT id, person_id FROM partners_contactpoint WHERE address = 'duty@eastwick.example'")
    with as_worker():
        held = next(each for each in claim("w") if each.organisation_id != planned.ids["eastwick"])
    with psycopg.connect(address("DATABASE_URL_WORKER")) as connection:
        connection.execute("SELECT sec.enter_delivery(%s, 'w')", [held.id])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise,"
                " event_id, contact_point_id, way, message, code, state, error, idempotency_key, created_at, due_at)"
                " VALUES (gen_random_uuid(), %s, %s, 'x', false, gen_random_uuid(), %s, 'email', 'opened', 'x',"
                " 'pending', '', 'x', now(), now())",
                [held.organisation_id, held.incident_id, row[0]],
            )


def test_dead_is_settled_once(planned: Stage):
    with as_worker():
        (held,) = claim("w", most=1)
        with queue_scope():
            assert settle_dead(held, "w", because="no such mailbox")
            assert not settle_dead(held, "w", because="no such mailbox")
    assert state_of(planned, held) == ("dead", 1, "")
