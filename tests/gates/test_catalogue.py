"""Gate: nothing in the database lets a role past row security, and whoever adds something that does turns it red."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import Connection

from tests.gates import reviewed
from tests.gates.catalogue import findings, tables


@pytest.fixture
def owner(django_db_setup: None, owner_url: str) -> Iterator[Connection]:
    """The owner, in a transaction that is always rolled back."""
    with psycopg.connect(owner_url) as connection:
        yield connection
        connection.rollback()


def test_the_catalogue_holds_nothing_that_walks_past_row_security(
    owner: Connection, reviewed_list: Callable[[str, int], None]
) -> None:
    reviewed_list("tables without row security, granted to nobody", len(reviewed.GRANTED_TO_NOBODY))
    reviewed_list("policies that ask for no ticket", len(reviewed.OPEN_POLICIES))
    reviewed_list("functions that run as the owner", len(reviewed.DEFINER))
    reviewed_list("other functions", len(reviewed.INVOKER))
    lists = (
        reviewed.DOOR_AND_LEDGER, reviewed.REGISTER, reviewed.INCIDENTS, reviewed.MESSAGES, reviewed.ACCESS,
        reviewed.ADVISORIES,
    )  # fmt: skip
    assert len(reviewed.DEFINER) == sum(len(each) for each in lists), "a function is explained once"
    assert findings(owner) == []
    assert len(tables(owner)) > 35  # it looked at something


PLANTED = {
    "a table without row security": (
        "CREATE TABLE planted (id int); GRANT SELECT ON planted TO portal_app",
        "planted has no FORCE row security",
    ),
    "a table that forgets FORCE": (
        "CREATE TABLE planted (id int); ALTER TABLE planted ENABLE ROW LEVEL SECURITY",
        "planted has no FORCE row security",
    ),
    "a grant without a policy": (
        "GRANT UPDATE (name) ON partners_organisation TO portal_worker",
        "portal_worker may update, but no policy",
    ),
    "a partition of its own": (
        "CREATE TABLE planted (id int) PARTITION BY LIST (id); CREATE TABLE planted_1 PARTITION OF planted DEFAULT",
        "planted_1 has no FORCE row security",
    ),
    "a policy for everybody": (
        "CREATE POLICY planted ON incidents_task FOR SELECT USING (true)",
        "policy planted is for PUBLIC",
    ),
    "a policy that asks for no ticket": (
        "CREATE POLICY planted ON incidents_task FOR SELECT TO portal_app USING (status = 'done')",
        "portal_app's policies (r) ask for no ticket",
    ),
    "a policy that has left its role": (
        "ALTER POLICY portal_auth_select ON partners_person TO portal_app",
        "portal_auth may select, but no policy",
    ),
    "a right to empty the ledger": ("GRANT TRUNCATE ON ledger_event TO portal_app", "portal_app has TRUNCATE"),
    "a right to refer to a table": (
        "GRANT REFERENCES (id) ON incidents_task TO portal_app",
        "portal_app has REFERENCES",
    ),
    "a right to hang triggers on a table": ("GRANT TRIGGER ON incidents_task TO portal_worker", "has TRIGGER"),
    "a sequence that tells how much is written": (
        "GRANT SELECT ON SEQUENCE ledger_event_ordinal_seq TO portal_app",
        "sequence public.ledger_event_ordinal_seq: portal_app has SELECT",
    ),
    "a view with its owner's eyes": ("CREATE VIEW planted AS SELECT 1", "planted is a view without security_invoker"),
    "a materialised view": ("CREATE MATERIALIZED VIEW planted AS SELECT 1 AS one", "planted is a materialised view"),
    "a function that runs as the owner": (
        "CREATE FUNCTION sec.planted() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "sec.planted() is a SECURITY DEFINER function that is not on the list",
    ),
    "a search path that a caller chooses": ("ALTER FUNCTION sec.me() RESET search_path", "no fixed search_path"),
    "a function for one more role": (
        "GRANT EXECUTE ON FUNCTION sec.enter(uuid) TO portal_worker",
        "sec.enter(uuid) may be called by ['portal_worker']",
    ),
    "a function for everybody": ("GRANT EXECUTE ON FUNCTION sec.tail TO PUBLIC", "PUBLIC may execute it"),
    "tickets to read": ("GRANT SELECT (org_id) ON sec.grant_token TO portal_app", "granted to nobody, but portal_app"),
    "a schema to build in": ("GRANT CREATE ON SCHEMA public TO portal_app", "portal_app may create objects"),
    "one more schema": ("CREATE SCHEMA planted", "schema planted is not on the list"),
    "a cascade across organisations": (
        "ALTER TABLE incidents_tasknote ADD FOREIGN KEY (task_id) REFERENCES incidents_task ON DELETE CASCADE",
        "deletes or changes rows behind",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_it_turns_red_for(owner: Connection, planted: str) -> None:
    statement, sentence = PLANTED[planted]
    owner.execute(statement)
    assert [finding for finding in findings(owner) if sentence in finding]


def test_it_turns_red_for_a_database_in_which_everybody_may_create(owner: Connection) -> None:
    owner.execute("DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$")
    assert "PUBLIC has TEMP on the database" in findings(owner)
