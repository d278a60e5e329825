"""A database connection: one that lay idle is asked in earnest only when the server has said something meanwhile, and
one whose prepared statements are of no use any more is replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import NotSupportedError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.postgres.prepared import prepared_cursor
from portal.tenancy.scope import at_the_door
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def idle() -> Iterator[BaseDatabaseWrapper]:
    wrapper = connections.create_connection("default")
    wrapper.connect()
    yield wrapper
    wrapper.close()


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """The same role once more: it may look at its own sessions and end them."""
    wrapper = connections.create_connection("default")
    wrapper.connect()
    yield wrapper.connection
    wrapper.close()


def number(wrapper: BaseDatabaseWrapper) -> int:
    return wrapper.connection.info.backend_pid


def asked_last(other: psycopg.Connection, pid: int) -> str:
    row = other.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert row
    return row[0]


@pytest.fixture
def asked(idle: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """One that was asked a moment ago."""
    assert idle.is_usable()
    return idle


def test_one_that_lay_for_long_is_asked(idle, other, monkeypatch):
    idle.connection.execute("SELECT 41 + 1")
    assert idle.is_usable()
    assert asked_last(other, number(idle)) == "SELECT 1"
    idle.connection.execute("SELECT 41 + 1")
    monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + 31)
    assert idle.is_usable()
    assert asked_last(other, number(idle)) == "SELECT 1"


def test_an_idle_connection_is_used_again_without_a_question(asked, other):
    idle = asked
    idle.connection.execute("SELECT 41 + 1")
    assert idle.is_usable()
    assert asked_last(other, number(idle)) == "SELECT 41 + 1"


def test_one_that_the_server_has_ended_is_replaced_before_anybody_is_refused(asked, other):
    idle = asked
    ended = number(idle)
    assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [ended]).fetchone() == (True,)
    assert not idle.is_usable()
    # As at the beginning of a request (`CONN_HEALTH_CHECKS`).
    idle.health_check_enabled, idle.health_check_done = True, False
    idle.close_if_health_check_failed()
    idle.ensure_connection()
    assert number(idle) != ended
    assert idle.connection.execute("SELECT 1").fetchone() == (1,)


def test_one_to_which_the_server_has_said_something_else_is_asked_and_kept(asked, other):
    idle = asked
    idle.connection.execute("LISTEN something")
    pid = number(idle)
    other.execute("NOTIFY something")
    idle.connection.execute("SELECT 41 + 1")  # this one is read with the answer, the next one lies ready
    other.execute("NOTIFY something")
    wait_for(lambda: idle.is_usable() and asked_last(other, pid) == "SELECT 1", seconds=5)
    assert number(idle) == pid


def test_a_wrapper_without_a_connection_has_none_to_use(idle):
    idle.close()
    assert not idle.is_usable()


@pytest.fixture
def changing(owner_url: str) -> Iterator[psycopg.Connection]:
    """Its owner's connection, with a table whose column is to have another type."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE changing AS SELECT 'a word'::text AS said")
        owner.execute("GRANT SELECT ON changing TO portal_app, portal_auth")
        yield owner
        owner.execute("DROP TABLE changing")


def said(using: str) -> str:
    with prepared_cursor(using) as cursor:
        cursor.execute("SELECT said FROM changing WHERE said <> %s", [""])
        return cursor.fetchone()[0]


def test_a_column_of_another_type_costs_a_connection_and_no_answer_at_the_door(changing):
    with at_the_door():
        assert said("auth") == "a word"
        pid = number(connections["auth"])
        changing.execute("ALTER TABLE changing ALTER said TYPE varchar(300)")
        assert said("auth") == "a word", "within the same request"
        connections["auth"].close_if_unusable_or_obsolete()  # as at the end of each
        assert said("auth") == "a word"
        assert number(connections["auth"]) != pid
        connections["auth"].close_if_unusable_or_obsolete()
        assert connections["auth"].connection is not None, "only once"


def test_a_column_of_another_type_costs_one_request_within_a_scope(changing, inside):
    with inside("ashbourne"):
        assert said("default") == "a word"
    changing.execute("ALTER TABLE changing ALTER said TYPE varchar(300)")
    with pytest.raises(NotSupportedError, match="cached plan"), inside("ashbourne"):
        said("default")
    connections["default"].close_if_unusable_or_obsolete()
    with inside("ashbourne"):
        assert said("default") == "a word"
