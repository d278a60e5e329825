"""Gate: hostile SQL by every organisation, by a forged ticket and by none, on incidents that the product opened.

Every attempt commits, so that what it did would stay; afterwards every table, grant and policy is as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests import servers
from tests.gates.comparing import digest_of
from tests.gates.hostile import EVERYBODY, MEMBERS, Attempt, attempts
from tests.gates.opened import ADDRESSES, DATABASE, FORGED, World

ATTEMPTS = list(attempts())
# Refused: no right, an arrow that does not exist, row security and COPY, and what the door may not mint.
REFUSALS = {"42501", "23514", "0A000", "22023"}
CATALOGUE = """
SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM (
    SELECT row(c.oid, c.relacl, c.relrowsecurity, c.relforcerowsecurity)::text AS x FROM pg_class c
    UNION ALL SELECT row(p.*)::text FROM pg_policy p
    UNION ALL SELECT row(f.oid, f.proacl, f.prosecdef, f.prosrc)::text FROM pg_proc f
    UNION ALL SELECT row(t.oid, t.tgname, t.tgenabled)::text FROM pg_trigger t) everything
"""


@pytest.fixture(scope="module")
def names(world: World) -> dict[str, dict[str, Any]]:
    """What the statements name, seen from each asker."""
    ids = world.ids
    slugs = {row["slug"]: row["id"] for row in world.rows("public.partners_sharedsystem")}
    finished = [row for row in world.rows("public.incidents_task") if row["status"] == "done"]
    found = {}
    for who in EVERYBODY:
        me = who if who in MEMBERS else "dunmere"
        other = "brackenfield" if me != "brackenfield" else "dunmere"
        found[who] = {
            "me": ids[me],
            "other": ids[other],
            "stranger": ids["gravenhurst"],
            "incident": world.incident,
            "apart": world.incident if me == "gravenhurst" else world.other_incident,
            "task": world.task(other),
            "duty": world.of_other("public.incidents_duty", other),
            "entry": world.of_other("public.partners_dutyentry", other),
            "notice": world.rows("public.incidents_datanotice")[0]["id"],
            "statement": world.rows("public.incidents_statement")[0]["id"],
            "decision": world.rows("public.incidents_logentry")[0]["id"],
            "report": world.rows("public.incidents_outsidereport")[0]["id"],
            "cut": world.rows("public.incidents_plannedcut")[0]["id"],
            "step": world.rows("public.incidents_step")[0]["id"],
            "own": next((row["id"] for row in finished if row["organisation_id"] == ids[me]), uuid4()),
            "done_by": ids["brackenfield"] if me != "brackenfield" else ids["ashbourne"],
            "system": slugs["identity-platform" if me == "gravenhurst" else "planning-search"],
        }
    return found


def outcome(
    connection: psycopg.Connection[Any], world: World, who: str, attempt: Attempt, values: dict[str, Any]
) -> str:
    """'' when it was refused or reached nothing, else what happened."""
    ticket = FORGED if who == "forged" else world.tickets.get(who)
    try:
        with connection.transaction(), psycopg.ClientCursor(connection) as cursor:
            if ticket:
                cursor.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
            cursor.execute(attempt.sql, values if "%(" in attempt.sql else None)
            while cursor.nextset():
                pass
            if attempt.answers or cursor.rowcount == 0:
                return ""
            did = cursor.statusmessage
            raise psycopg.Rollback  # whatever else it did must not help the next attempt
        return f"{who} {attempt.what}: {did}"
    except psycopg.Error as error:
        return "" if error.sqlstate in REFUSALS else f"{who} {attempt.what}: {error.sqlstate} {error}"


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_hostile_succeeds(
    world: World, names: dict[str, dict[str, Any]], who: str, reviewed_list: Callable[[str, int], None]
) -> None:
    tried = [attempt for attempt in ATTEMPTS if who in attempt.by]
    with world.owner() as owner:
        owner.execute("ANALYZE")
        before = digest_of(owner), owner.execute(CATALOGUE).fetchone()
    succeeded = []
    for role, address in ADDRESSES.items():
        with psycopg.connect(servers.database_url(address, DATABASE)) as connection:
            succeeded += [
                outcome(connection, world, who, attempt, names[who]) for attempt in tried if role in attempt.roles
            ]
    with world.owner() as owner:
        after = digest_of(owner), owner.execute(CATALOGUE).fetchone()
    assert [each for each in succeeded if each] == []
    assert after == before
    reviewed_list("hostile statements tried in plain SQL", len(ATTEMPTS))


def test_a_planted_hole_is_noticed(world: World, names: dict[str, dict[str, Any]]) -> None:
    attempt = next(attempt for attempt in ATTEMPTS if attempt.what == "moves due times")
    with psycopg.connect(servers.database_url(ADDRESSES["portal_app"], DATABASE)) as connection:
        assert outcome(connection, world, "dunmere", attempt, names["dunmere"]) == ""
        with world.owner() as owner:
            owner.execute("GRANT UPDATE (finish_by) ON incidents_task TO portal_app")
        try:
            noticed = outcome(connection, world, "dunmere", attempt, names["dunmere"])
        finally:
            with world.owner() as owner:
                owner.execute("REVOKE UPDATE (finish_by) ON incidents_task FROM portal_app")
    assert noticed.startswith("dunmere moves due times: UPDATE")


def test_everybody_tries_enough() -> None:
    assert min(Counter(who for attempt in ATTEMPTS for who in attempt.by).values()) > 100
