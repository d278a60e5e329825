"""Gate: whoever is limited to own tasks reaches those by SQL and nothing else; a wall screen's ticket reaches no table.

Two ways lead there: a ticket of that reach, and step 3 of isolation, which makes every ticket of an organisation so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import psycopg
import pytest

from tests.gates.arranged import Arranged, arranged
from tests.gates.arranged_names import ORGANISATIONS, own_tasks, ticket
from tests.gates.comparing import COMMANDS, Comparison
from tests.gates.matrix import MATRIX
from tests.gates.matrix_rules import ANYBODY, IN_IT, LEADS, MINE, RECORDS, Can, takes_part

# No board (others' standings and sides), no feed (events, updates), no reach (systems, links, radius), no contacts. The
# agreed playbooks and the names of organisations are everybody's, and needed to read one's own task.
OWN_TASKS: dict[str, Can] = {
    "partners_organisation": Can(ANYBODY),
    "partners_person": Can(MINE),
    "partners_isolation": Can(MINE),
    "incidents_playbook": Can(ANYBODY),
    "incidents_step": Can(ANYBODY),
    "incidents_incident": Can(takes_part("x.id")),
    "incidents_participant": Can(f"{MINE} AND {IN_IT}", update=MINE),
    "incidents_standing": Can(f"{MINE} AND {IN_IT}"),
    "incidents_task": Can(f"{MINE} AND {IN_IT}", update=f"{MINE} AND {IN_IT}"),
    "incidents_tasknote": Can(MINE, MATRIX["incidents_tasknote"].app.insert),
    "incidents_stopconfirmation": Can(MINE, MATRIX["incidents_stopconfirmation"].app.insert),
    "incidents_workorder": MATRIX["incidents_workorder"].app,
    "incidents_orderagain": Can(MINE),
    "incidents_ownreference": MATRIX["incidents_ownreference"].app,
    "incidents_duty": Can(MINE),
    "incidents_runanswer": Can(
        MINE, MATRIX["incidents_runanswer"].app.insert, MATRIX["incidents_runanswer"].app.update
    ),
    "incidents_signedatopening": Can(MINE),
    "incidents_reportedanswer": Can(MINE),  # what was written in its name, to be put right
    "incidents_reportedvoice": Can(MINE),  # and who is said to have said it: to know whether it is right
    "api_replay": Can(MINE, MINE, delete=MINE),
    # It records what it does, and no longer speaks as the lead of an incident, from which messages are planned.
    "ledger_event": Can(
        insert=f"{RECORDS} AND split_part(x.kind, '.', 1) NOT IN ('answer', 'ladder')"
        " AND (x.incident_id IS NULL OR split_part(x.kind, '.', 1) NOT IN ('incident', 'tasks', 'update'))"
        " AND (x.kind <> 'work_order.ready' OR x.audience = ARRAY[%(me)s])"
    ),
}


@pytest.fixture(scope="module")
def arrangement() -> Iterator[Arranged]:
    with arranged(f"bulkhead_test_narrow_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as arrangement:
        yield arrangement


@pytest.fixture(scope="module")
def comparison(arrangement: Arranged) -> Comparison:
    return Comparison(arrangement)


def wrong(comparison: Comparison, slug: str, held: str) -> Iterator[str]:
    for table in MATRIX:
        for command in COMMANDS:
            rule = getattr(OWN_TASKS.get(table, Can()), command)
            expected = comparison.by_rule(table, rule, comparison.world.ids[slug]) if rule else set()
            found = comparison.reached(table, "portal_app", held, command) or set()
            if found != expected:
                yield f"{command} {table}: {len(found - expected)} leaked, {len(expected - found)} missing"


@pytest.mark.parametrize("slug", ORGANISATIONS)
def test_a_ticket_for_own_tasks_reaches_them_alone(comparison: Comparison, slug: str) -> None:
    assert list(wrong(comparison, slug, own_tasks(slug))) == []


@pytest.mark.parametrize("slug", ["dunmere", "ashbourne", "northgate"])
def test_under_step_three_every_ticket_is_one_of_those(arrangement: Arranged, comparison: Comparison, slug) -> None:
    owner = arrangement.log_in("owner")
    owner.execute("UPDATE sec.org_state SET own_tasks_at = now() WHERE org_id = %s", [arrangement.ids[slug]])
    try:
        assert list(wrong(comparison, slug, ticket(slug))) == []
        other = "brackenfield"
        assert comparison.reached("incidents_standing", "portal_app", ticket(other), "select")
    finally:
        owner.execute("UPDATE sec.org_state SET own_tasks_at = NULL WHERE org_id = %s", [arrangement.ids[slug]])
    assert list(wrong(comparison, slug, ticket(slug))) != []


def test_a_wall_screen_reaches_no_table(comparison: Comparison, reviewed_list: Callable[[str, int], None]) -> None:
    reached = [
        f"{command} {table}"
        for table in MATRIX
        for command in COMMANDS
        if comparison.reached(table, "portal_app", "display", command)
    ]
    assert reached == []
    reviewed_list("tables open to whoever is limited to own tasks", len(OWN_TASKS))


@pytest.mark.parametrize("starts", ["'{}'", "NULL"])
@pytest.mark.parametrize("held", ["display", own_tasks("dunmere")])
def test_a_walk_from_nowhere_shows_nothing(arrangement: Arranged, held: str, starts: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), arrangement.entered("portal_app", held) as connection:
        connection.execute(f"SELECT sec.edges_from({starts}, 'x')")


def test_the_lead_under_step_three_leads_nothing(arrangement: Arranged, comparison: Comparison) -> None:
    """What only a lead may do is refused to it, also where it may name the incident."""
    for table in ("incidents_participant", "incidents_update", "incidents_incidentsystem", "incidents_run"):
        assert not comparison.reached(table, "portal_app", own_tasks("ashbourne"), "insert")
    assert comparison.by_rule("incidents_update", LEADS, arrangement.ids["ashbourne"])
    assert not comparison.reached("incidents_incident", "portal_app", own_tasks("ashbourne"), "update")


def test_a_snapshot_that_would_not_see_an_isolation_is_refused(arrangement: Arranged) -> None:
    connection = arrangement.log_in("portal_app")
    for level, answer in (("READ COMMITTED", True), ("REPEATABLE READ", False), ("SERIALIZABLE", False)):
        with connection.transaction(force_rollback=True):
            connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket("dunmere")])
            with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction():
                found = connection.execute("SELECT count(*) FROM incidents_task").fetchone()
                assert (found is not None and found[0] > 0) is answer
                continue
            assert answer is False


def test_with_a_session_its_sockets_are_narrowed_too(arrangement: Arranged) -> None:
    """A ticket of a socket, which reaches everything, ends when its session is limited to own tasks."""
    door, org = arrangement.log_in("portal_auth"), arrangement.ids["dunmere"]
    mint = "SELECT sec.mint(%s, %s, %s, NULL, NULL, interval '1 hour', 'all', 'passkey', %s)"
    with door.transaction(force_rollback=True):
        session = arrangement.ids["dunmere/person"]
        for name, kind in (("whole", "session"), ("waiting", "socket")):
            door.execute(mint, [name, org, kind, session])
        door.execute("SELECT sec.narrow('whole', interval '1 hour')")
        assert door.execute("SELECT sec.spend('waiting', interval '1 hour')").fetchone() == (False,)


def test_a_socket_lives_no_longer_than_the_session_that_it_came_from(arrangement: Arranged) -> None:
    owner, session = arrangement.log_in("owner"), uuid4()
    mint = "SELECT sec.mint(%s, %s, %s, NULL, NULL, %s::interval, 'all', 'passkey', %s)"
    for name, kind, lasts in (("brief", "session", "10 minutes"), ("its socket", "socket", "30 seconds")):
        owner.execute(mint, [name, arrangement.ids["dunmere"], kind, lasts, session])
    alone = [uuid4(), arrangement.ids["dunmere"], "socket", "30 seconds", None]
    owner.execute(mint, [f"{alone[0]}", *alone[1:]])
    door = arrangement.log_in("portal_auth")
    for name, minutes in (("its socket", 10), (f"{alone[0]}", 65)):
        assert door.execute("SELECT sec.spend(%s, interval '65 minutes')", [name]).fetchone() == (True,)
        left = owner.execute(
            "SELECT extract(epoch FROM expires_at - now()) / 60 FROM sec.grant_token WHERE token_hash = sha256(%s)",
            [name.encode()],
        ).fetchone()
        assert left is not None
        assert minutes - 1 < left[0] <= minutes
