"""Gate: one call to a registered number lets in one person, also when two approvals rest on it at the same moment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests import servers
from tests.gates.arranged import Arranged, arranged
from tests.gates.arranged_names import ticket

ASKS = "SELECT sec.request_approval('emergency_enrolment', %s, NULL, %s, ARRAY['In.'], 'Locked out', true, %s)"


@pytest.fixture
def world() -> Iterator[Arranged]:
    with arranged(f"bulkhead_test_call_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as world:
        yield world


def as_one(world: Arranged, slug: str, sql: str, *values: Any) -> Any:
    with world.entered("portal_app", ticket(slug), commits=True) as connection:
        return connection.execute(sql, values).fetchone()[0]  # type: ignore[index]


def test_a_call_is_used_once_by_two_at_once(world: Arranged) -> None:
    ids = world.ids
    call = uuid4()
    world.log_in("owner").execute(
        "INSERT INTO partners_callback (id, about_id, purpose, number, outcome, spoke_with, note, called_by,"
        " called_by_name, calling_organisation_id, called_at, audience) SELECT %s, %s, 'emergency', '1', 'reached',"
        " 'x', '', g.person_id, 'n', g.org_id, now(), ARRAY[g.org_id]"
        " FROM sec.grant_token g WHERE g.token_hash = sha256(%s)",
        [call, ids["dunmere"], ticket("coldharbour").encode()],
    )
    approved = []
    for name in ("One", "Two"):
        what = Jsonb({"organisation": str(ids["dunmere"]), "name": name, "call_back": str(call)})
        asked = as_one(world, "coldharbour", ASKS, ids["dunmere"], what, [ids["gravenhurst"]])
        as_one(world, "gravenhurst", "SELECT sec.decide(%s, true, '')", asked)
        approved.append(asked)
    url = servers.database_url("DATABASE_URL_APP", world.name)
    with psycopg.connect(url) as first, psycopg.connect(url) as second, ThreadPoolExecutor(1) as pool:
        for connection in (first, second):
            connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket("gravenhurst")])
        first.execute("SELECT sec.emergency_enrol(%s)", [approved[0]])
        later = pool.submit(second.execute, "SELECT sec.emergency_enrol(%s)", [approved[1]])
        with pytest.raises(TimeoutError):
            later.result(timeout=1)
        first.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="used for nobody else"):
            later.result(timeout=10)
        second.rollback()
