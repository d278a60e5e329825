"""Gate: the same matrix on incidents that the product itself opened, answered, planned and told people of.

And what is no table's row: copies, notifications, other sessions' statements, the lock of the seal.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from portal.tenancy.scope import organisation_scope
from tests import servers
from tests.cast import Cast
from tests.gates.arranged import Arranged
from tests.gates.arranged_names import ticket
from tests.gates.arranging_people import administers
from tests.gates.comparing import Comparison
from tests.gates.matrix import MATRIX
from tests.gates.opened import ADDRESSES, COUNCILS, DATABASE, World

ROLES = ("portal_app", "portal_auth", "portal_worker")


@pytest.fixture(scope="module")
def comparison(world: World) -> Iterator[Comparison]:
    arrangement = Arranged(DATABASE, dict(world.ids))
    with world.owner() as owner:
        for slug in COUNCILS:
            owner.execute("SELECT sec.mint(%s, %s, 'session', NULL, NULL, '1 day')", [ticket(slug), world.ids[slug]])
        administers(owner)
    yield Comparison(arrangement)
    for connection in arrangement.connections.values():
        connection.close()


@pytest.mark.parametrize("slug", COUNCILS)
@pytest.mark.parametrize("role", ROLES)
def test_each_command_reaches_exactly_the_rows_it_should(comparison: Comparison, role: str, slug: str) -> None:
    """Not UPDATE: setting a column to what it is not meets the triggers here, and `test_raw_sql.py` has it."""
    commands = ("select", "insert", "delete")
    assert [wrong for table in MATRIX for wrong in comparison.differences(table, role, slug, commands)] == []


def test_a_planted_leak_turns_it_red(world: World, comparison: Comparison) -> None:
    """Committed, because the reader is another connection; and put back."""
    with world.owner() as owner:
        (using,) = owner.execute(
            "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy"
            " WHERE polrelid = 'incidents_task'::regclass AND polname = 'portal_app_select'"
        ).fetchone()  # type: ignore[misc]
        owner.execute("ALTER POLICY portal_app_select ON incidents_task USING (true)")
    try:
        found = list(comparison.differences("incidents_task", "portal_app", "gravenhurst", ("select",)))
    finally:
        with world.owner() as owner:
            owner.execute(f"ALTER POLICY portal_app_select ON incidents_task USING ({using})")
    assert [each for each in found if "leaked" in each]
    assert not list(comparison.differences("incidents_task", "portal_app", "gravenhurst", ("select",)))


@pytest.mark.parametrize("slug", COUNCILS)
def test_a_copy_holds_what_a_query_shows(world: World, slug: str) -> None:
    with world.speaking("portal_app", slug) as connection:
        for table in ("incidents_task", "incidents_tasknote", "partners_contactpoint", "incidents_participant"):
            shown = connection.execute(f"SELECT id::text FROM {table}").fetchall()
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} (id) TO STDOUT") as copy:
                assert sorted(copy.rows()) == sorted(shown)


def test_a_stranger_is_not_even_told_what_exists(world: World) -> None:
    """No answer, no error and no count differs between what is hidden and what is absent."""
    refer = "INSERT INTO incidents_ownreference (incident_id, id, organisation_id, text)"
    statements = (
        "SELECT 1 FROM incidents_incident WHERE id = %s",
        "SELECT sec.silence(%s)",
        "UPDATE incidents_incident SET title = 'x' WHERE id = %s",
        f"{refer} VALUES (%s, gen_random_uuid(), (SELECT sec.me()), 'x')",
    )

    def answer(statement: str, incident: str) -> tuple[object, ...]:
        with world.speaking("portal_app", "gravenhurst") as connection:
            try:
                cursor = connection.execute(statement, [incident])
                return cursor.rowcount, cursor.statusmessage, cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                return error.sqlstate, str(error)

    absent = "00000000-0000-4000-8000-000000000000"
    for statement in statements:
        assert answer(statement, str(world.incident)) == answer(statement, absent)


def test_a_notification_is_a_number_only(world: World) -> None:
    """LISTEN knows no rights: whoever listens learns how much is written, and nothing of what."""
    with psycopg.connect(servers.database_url(ADDRESSES["portal_worker"], DATABASE), autocommit=True) as listener:
        listener.execute("LISTEN bulkhead")
        with psycopg.connect(servers.database_url(ADDRESSES["portal_app"], DATABASE)) as writer:
            writer.execute("SELECT set_config('app.ticket', %s, true)", [world.tickets["dunmere"]])
            writer.execute(
                "INSERT INTO ledger_event (id, kind, at, actor_kind, incident_reference, actor_organisation_id,"
                " audience) SELECT gen_random_uuid(), 'contact.changed', now(), 'person', '', m, ARRAY[m]"
                " FROM sec.me() m"
            )
        heard = list(listener.notifies(timeout=5, stop_after=1))
    assert [each.payload for each in heard if not each.payload.isdigit()] == []
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_no_session_reads_anothers_ticket(cast: Cast, owner_url: str) -> None:
    """`pg_stat_activity` shows each role what its own sessions run: a ticket must not be part of a statement."""
    raw = psycopg.connect(servers.database_url("DATABASE_URL_APP", owner_url.rpartition("/")[2]), autocommit=True)
    with raw, organisation_scope(ticket_of_dunmere := cast.visitor("dunmere").ticket):
        running = raw.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    assert [query for (query,) in running if "app.ticket" in query]
    assert [query for (query,) in running if ticket_of_dunmere in query] == []
