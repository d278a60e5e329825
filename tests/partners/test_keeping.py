"""What keeps the register alive: history by trigger, work items, chores by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connections, transaction

from partners import chores, work
from partners.approvals import NotAllowed
from partners.history import history_of
from partners.models import Change, SharedSystem, WorkItem
from portal import clock
from portal.tenancy.scope import queue_scope
from tests.notifications.stage import as_worker

pytestmark = pytest.mark.django_db


def as_owner(owner_url, *statements):
    with psycopg.connect(owner_url) as owner:
        for each in statements:
            owner.execute(each)


@pytest.mark.django_db(transaction=True)
def test_a_change_is_kept_for_those_on_the_system_and_nobody_else(inside, cast, owner_url):
    as_owner(owner_url, "UPDATE partners_sharedsystem SET hosting = 'Elsewhere' WHERE slug = 'file-services'")
    for slug, seen in [("ashbourne", 1), ("coldharbour", 1), ("northgate", 1), ("brackenfield", 0), ("gravenhurst", 0)]:
        with inside(slug):
            assert Change.objects.filter(what="changed").count() == seen, slug
    with inside("ashbourne"):
        system = SharedSystem.objects.get(slug="file-services")
        (newest, *_) = history_of(system.pk, me=cast.id("ashbourne"), fields={"hosting": "Where it stands"}, names={})
        assert newest["who"] == "the register's operator"
        assert newest["fields"] == [{"name": "Where it stands", "was": "Northgate data centre", "now": "Elsewhere"}]


def test_no_one_writes_history_or_work_by_hand(inside):
    for statement in (
        (
            "INSERT INTO partners_change (id, kind, object_id, what, before, after, at, audience)"
            " VALUES (gen_random_uuid(), 'x', gen_random_uuid(), 'made', '{}', '{}', now(), '{}')"
        ),
        "UPDATE partners_change SET after = '{}'",
        "DELETE FROM partners_change",
        "UPDATE partners_workitem SET state = 'done'",
        "SELECT sec.raise_work(NULL, '', '', '', '', '', NULL, NULL)",
    ):
        with inside("ashbourne"), pytest.raises(Exception, match="permission denied"), transaction.atomic():
            connections["default"].cursor().execute(statement)


def test_work_is_raised_once_settled_with_an_outcome_and_raised_again(inside):
    with inside("dunmere", "responder"):
        first = work.raise_own("wrong_path", "wrong_path:1", "Look at the path through Finance")
        assert work.raise_own("wrong_path", "wrong_path:1", "Look again") == first
        item = WorkItem.objects.get()
        assert item.title == "Look again"
        with pytest.raises(NotAllowed, match="Say what came of it"):
            work.settle(item, outcome=" ")
        work.settle(item, outcome="It was right.")
        item.refresh_from_db()
        assert (item.state, item.outcome, item.settled_by.name) == ("done", "It was right.", "Ben Ashcroft")
        with pytest.raises(NotAllowed, match="Not an open item"):
            work.settle(item, outcome="Twice.")
        assert work.raise_own("wrong_path", "wrong_path:1", "And again") != first
        work.clear("wrong_path:1")
        assert not WorkItem.objects.filter(state="open").exists()
        foreign = item
    with inside("gravenhurst"):
        assert not WorkItem.objects.exists()
        with pytest.raises(NotAllowed, match="Not an open item of yours"):
            work.settle(foreign, outcome="Mine now.")


def test_an_observer_settles_nothing(inside):
    with inside("fernleigh"):
        work.raise_own("x", "x", "Something")
        item = WorkItem.objects.get()
    with inside("fernleigh", "observer"), pytest.raises(NotAllowed, match="A person of the organisation"):
        work.settle(item, outcome="Done.")
    with inside("fernleigh", "observer"):
        work.clear("x")
        item.refresh_from_db()
        assert item.state == "open"


class Clock:
    def __init__(self):
        self.at = datetime.now(UTC)

    def __call__(self):
        return self.at


@pytest.fixture
def moved(monkeypatch):
    moving = Clock()
    monkeypatch.setattr(clock, "now", moving)
    return moving


@pytest.fixture
def nightly(monkeypatch):
    """A chore of our own, alone in the register of chores; what it saw."""
    seen = []

    def do(now):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT slug FROM partners_organisation WHERE id = sec.me()")
            slug = cursor.fetchone()[0]
        if slug == "dunmere" and not seen.count("dunmere failed"):
            seen.append("dunmere failed")
            raise RuntimeError("on purpose")
        work.raise_own("nightly", "nightly", "Look")
        seen.append(slug)

    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("nightly", do, timedelta(days=1)))
    return seen


@pytest.mark.django_db(transaction=True)
def test_chores_enter_each_organisation_and_one_that_fails_stops_no_other(inside, nightly, moved):
    with as_worker():
        assert chores.do_chores() == 7
        assert nightly.count("dunmere failed") == 1
        assert chores.do_chores() == 0  # nobody is due, Dunmere in ten minutes
        moved.at += timedelta(minutes=11)
        assert chores.do_chores() == 1
        assert nightly[-1] == "dunmere"
        moved.at += timedelta(days=1)
        assert chores.do_chores() == 8
        assert sorted(set(nightly) - {"dunmere failed"}) == sorted(nightly[-8:])
    with inside("dunmere"):
        assert WorkItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_enters_a_chore_that_it_does_not_hold(nightly, moved):
    with as_worker():
        chores.do_chores()
        for sql in (
            "SELECT sec.enter_chore((SELECT id FROM partners_chore LIMIT 1), 'me')",
            "SELECT sec.enter_chore((SELECT id FROM partners_chore LIMIT 1), '')",
        ):
            with pytest.raises(Exception, match="no claim on this chore"), queue_scope():
                connections["default"].cursor().execute(sql)
