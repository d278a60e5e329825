from __future__ import annotations

import threading
import time

import pytest
from celery import Celery

from notifications import wake as waking
from notifications.kinds import ADVANCE, PLAN, jobs_for
from notifications.wake import Waker, publish
from portal.children import free_port
from portal.ledger.signals import recorded
from tests.notifications.stage import Stage
from tests.running import wait_for


def test_an_opening_wakes_the_planner_and_an_answer_the_advance_job():
    assert jobs_for({"tasks.assigned"}) == [PLAN]
    assert set(jobs_for({"incident.opened", "tasks.assigned"})) == {PLAN, ADVANCE}  # its plan begins to run
    assert jobs_for({"task.completed", "standing.changed"}) == [ADVANCE]
    assert jobs_for({"organisation.told"}) == []


def test_a_broker_that_is_away_is_an_answer_and_not_an_error(monkeypatch):
    app = Celery("away", broker=f"redis://127.0.0.1:{free_port()}/0", set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 1, "max_retries": 0}
    monkeypatch.setattr(waking, "current_app", app)
    began = time.monotonic()
    assert publish(PLAN) is False
    assert time.monotonic() - began < 2


def test_waking_returns_at_once_however_slow_the_broker_is(monkeypatch):
    gate, published = threading.Event(), []

    def slow(name: str) -> bool:
        published.append(name)
        return gate.wait(5)

    monkeypatch.setattr(waking, "publish", slow)
    waker = Waker()
    began = time.monotonic()
    for _ in range(1000):
        waker.want((PLAN,))
    assert time.monotonic() - began < 1
    gate.set()
    wait_for(lambda: not waker.wanted)
    time.sleep(0.1)
    assert len(published) <= 3, "what is wanted already is not wanted twice"


def test_after_a_failure_the_broker_is_left_alone_for_a_while(monkeypatch):
    published = []
    monkeypatch.setattr(waking, "publish", lambda name: published.append(name) or False)
    monkeypatch.setattr(waking, "QUIET_SECONDS", 60)
    waker = Waker()
    waker.want((PLAN,))
    wait_for(lambda: waker.broker_away)
    waker.want((PLAN,))
    time.sleep(0.1)
    assert published == [PLAN]
    waker.quiet_until = 0.001  # a minute later
    monkeypatch.setattr(waking, "publish", lambda name: True)
    waker.want((PLAN,))
    wait_for(lambda: not waker.broker_away)


@pytest.mark.django_db(transaction=True)
def test_a_commit_announces_its_kinds_once_and_a_rollback_nothing(stage: Stage):
    heard: list[frozenset[str]] = []

    def hear(sender: object, kinds: frozenset[str], **kwargs: object) -> None:
        heard.append(kinds)

    recorded.connect(hear)
    try:
        stage.opens()
        assert heard == [frozenset({"incident.opened", "tasks.assigned"})]
        with pytest.raises(ZeroDivisionError), stage.acting("ashbourne"):
            _ = stage.opens(), 1 / 0
        assert len(heard) == 1
    finally:
        recorded.disconnect(hear)


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_fails_harms_nobody(stage: Stage):
    def fails(sender: object, **kwargs: object) -> None:
        raise RuntimeError("planted")

    recorded.connect(fails)
    try:
        assert stage.opens().pk
    finally:
        recorded.disconnect(fails)
