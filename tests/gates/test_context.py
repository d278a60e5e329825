"""Gate: whatever shares threads, connections, loops and jobs, a query runs for the scope that is open or not at all.

Interleaved calls of three organisations, each of which also fails, nests and leaves in the middle now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, connections, transaction

from partners.models import Organisation, Person
from portal.celery import app
from portal.tenancy.door import mint, revoke
from portal.tenancy.scope import (
    NoContext,
    at_the_door,
    current_ticket,
    door_is_open,
    organisation_scope,
    queue_scope,
)
from tests import servers
from tests.cast import Cast
from tests.gates.interleaving import Calls

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)  # the scope is then the outermost transaction, as in the product
CALLS = 320  # a way; there are four


@pytest.fixture
def calls(cast: Cast) -> Calls:
    return Calls(cast)


def me() -> UUID:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        return cursor.fetchone()[0]


def in_threads(work: Callable[[int], None], threads: int = 6) -> None:
    """Each thread keeps one connection of its own, as a web process does."""
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, nth) for nth in range(CALLS)]:
            done.result()
        hang_up(pool, threads)


def hang_up(pool: ThreadPoolExecutor, threads: int) -> None:
    """Close the connection of every thread: none may leave before all are there."""
    everybody = Barrier(threads)

    def one() -> None:
        everybody.wait(30)
        connections.close_all()

    for done in [pool.submit(one) for _ in range(threads)]:
        done.result()


def test_threads_with_a_connection_each(calls: Calls) -> None:
    in_threads(calls.one)
    assert (calls.made, calls.wrong) == (CALLS, [])


def test_threads_that_share_two_pooled_connections(calls: Calls, shared_pool: None) -> None:
    def work(nth: int) -> None:
        calls.one(nth)
        connection.close()  # back into the pool, for whoever comes next

    in_threads(work)
    assert (calls.made, calls.wrong) == (CALLS, [])
    assert len(calls.backends) <= 2


def test_coroutines_that_take_turns_on_a_few_threads(calls: Calls) -> None:
    async def everybody(pool: ThreadPoolExecutor) -> None:
        one = sync_to_async(calls.one, thread_sensitive=False, executor=pool)
        await asyncio.gather(*(one(nth) for nth in range(CALLS)))

    with ThreadPoolExecutor(3) as pool:
        asyncio.run(everybody(pool))
        hang_up(pool, 3)
    assert (calls.made, calls.wrong) == (CALLS, [])
    assert len(calls.backends) <= 3


@committed
def test_jobs_one_after_another_in_one_process(calls: Calls) -> None:
    job = app.task(name="gate.call", shared=False)(calls.one)
    try:
        for nth in range(CALLS):
            job.apply(args=[nth], throw=True)
    finally:
        app.tasks.pop("gate.call")
    assert (calls.made, calls.wrong) == (CALLS, [])
    assert len(calls.backends) == 1


@pytest.fixture
def shared_pool() -> Iterator[None]:
    """Two connections for every new thread, which Django hands out and takes back."""
    settings = connections.settings["default"]
    before = settings["CONN_MAX_AGE"], settings["OPTIONS"]
    settings["CONN_MAX_AGE"] = 0
    settings["OPTIONS"] = {**before[1], "pool": {"min_size": 2, "max_size": 2, "timeout": 20}}
    yield
    connection.close_pool()
    settings["CONN_MAX_AGE"], settings["OPTIONS"] = before


def one() -> None:
    connection.cursor().execute("SELECT 1")


@committed
def test_without_a_scope_no_query_leaves_the_process(inside) -> None:
    for query in (Organisation.objects.count, Person.objects.first, me, one):
        with pytest.raises(NoContext):
            query()
    with inside("ashbourne"):
        assert Organisation.objects.count() == 8
    with pytest.raises(NoContext):
        Organisation.objects.count()


def test_the_door_is_shut_unless_it_is_opened(inside) -> None:
    with pytest.raises(NoContext):
        Person.objects.using("auth").count()
    with inside("ashbourne"):
        own = Person.objects.count()
        with at_the_door():
            assert Person.objects.count() > own
        assert not door_is_open()
        assert Person.objects.count() == own
        with pytest.raises(NoContext):
            Person.objects.using("auth").count()


@committed
def test_leaving_takes_the_ticket_off_the_connection(inside) -> None:
    with inside("ashbourne"):
        assert current_ticket() == connection_ticket() != ""
    assert current_ticket() == connection_ticket() == ""


def connection_ticket() -> str:
    """What the connection carries, asked underneath Django's guard."""
    return connection.connection.execute("SELECT current_setting('app.ticket', true)").fetchone()[0]


def test_a_nested_scope_gives_the_outer_ticket_back(cast: Cast, inside) -> None:
    with inside("ashbourne"):
        with inside("dunmere"):
            with inside("northgate"):
                assert me() == cast.id("northgate")
            assert me() == cast.id("dunmere")
        assert me() == cast.id("ashbourne")


def fail(how: type[Exception]) -> None:
    if how is DatabaseError:
        connection.cursor().execute("SELECT 1 / 0")
    raise how


@committed
@pytest.mark.parametrize("broken", [ZeroDivisionError, DatabaseError])
def test_a_nested_scope_that_fails_gives_the_outer_ticket_back(cast: Cast, inside, broken: type[Exception]) -> None:
    with inside("ashbourne"):
        with pytest.raises(broken), inside("dunmere"):
            fail(broken)
        assert me() == cast.id("ashbourne")
        assert current_ticket() == connection_ticket()


@committed
def test_a_scope_that_was_doomed_leaves_nothing(inside) -> None:
    with inside("ashbourne"):
        transaction.set_rollback(True)
    assert connection_ticket() == ""
    with pytest.raises(NoContext):
        Organisation.objects.count()


@committed
def test_a_job_scope_carries_no_ticket(inside) -> None:
    """The worker's queue scope lets statements through to PostgreSQL, which refuses what needs a ticket."""
    with pytest.raises(DatabaseError, match="no valid organisation context"), queue_scope():
        Organisation.objects.count()


ENDS = {
    "revoked": "UPDATE sec.grant_token SET revoked_at = now() WHERE org_id = %s",
    "expired": "UPDATE sec.grant_token SET expires_at = now() - interval '1 hour' WHERE org_id = %s",
    "isolated": "UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s",
}


@committed
@pytest.mark.parametrize("how", [*ENDS, "revoked at the door"])
def test_a_ticket_that_ends_fails_at_its_next_statement(cast: Cast, owner_url: str, how: str) -> None:
    with at_the_door():
        ticket = mint(uuid4().hex, organisation_id=cast.id("dunmere"), kind="session", lifetime_seconds=60)

    def end() -> None:
        if how in ENDS:
            with psycopg.connect(owner_url) as owner:
                owner.execute(ENDS[how], [cast.id("dunmere")])
        else:
            with at_the_door():
                revoke(ticket)

    seen = []

    def look_twice() -> None:
        with organisation_scope(ticket):
            seen.append(me())
            end()
            seen.append(me())

    with pytest.raises(DatabaseError, match="no valid organisation context"):
        look_twice()
    assert seen == [cast.id("dunmere")]


@pytest.mark.parametrize("ticket", ["", " ", "forged", "%", str(UUID(int=0))])
def test_postgresql_itself_refuses_what_is_no_ticket(owner_url: str, ticket: str) -> None:
    url = servers.database_url("DATABASE_URL_APP", owner_url.rpartition("/")[2])
    with psycopg.connect(url) as raw:
        raw.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no valid organisation context"):
            raw.execute("SELECT sec.me()")


@committed
def test_a_setting_of_the_session_does_not_outlive_a_scope(owner_url: str, cast: Cast, inside) -> None:
    """Even where somebody has set a ticket for a whole connection, a scope speaks for its own organisation."""
    with inside("ashbourne"):
        connection.cursor().execute("SELECT set_config('app.ticket', %s, false)", [cast.visitor("dunmere").ticket])
        with inside("northgate"):
            assert me() == cast.id("northgate")
    with pytest.raises(NoContext):
        me()
    with inside("brackenfield"):
        assert me() == cast.id("brackenfield")
