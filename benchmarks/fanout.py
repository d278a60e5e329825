"""`fanout`: a branch that the lead has decided brings one step to 400 organisations, from the job's start to its end.

Ours is the job that moves a run (`incidents.advance`), as the worker's role with row security on: it claims the run,
reads its state, writes the tasks and tells each organisation in the ledger. The limit writes the same rows, tasks,
events and the steps of the run, by INSERT … SELECT as the owner of the tables, with constraints, indexes and triggers.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import Request, urlopen
from uuid import UUID

import django
import psycopg
from psycopg.sql import SQL, Composed, Identifier

django.setup()

from benchmarks.data import BRANCHED, LEAD, SYSTEM, write_partnership
from benchmarks.j1 import OF_EARLIER_DAYS, start_web
from benchmarks.result import report, take_turns
from incidents.advance import advance
from partners.keys import make_key
from partners.models import Organisation
from portal.claims import claimant
from portal.tenancy.scope import at_the_door
from portal.var_folder import root

ORGANISATIONS, ROUNDS, WARM_UP = 400, 21, 4
# What one look of the job wrote: the tasks of the branch's step, one event each, and that step of the run.
WROTE = {
    "incidents_runstep": "x.incident_id = %(incident)s AND x.kind = 'action'",
    "incidents_task": "x.incident_id = %(incident)s AND x.ready",
    "ledger_event": "x.incident_id = %(incident)s AND x.kind = 'tasks.ready'",
}
FRESH = {
    "id": "gen_random_uuid()", "turn": "x.turn + 1000", "pos": "NULL", "text": "NULL", "leaf": "NULL",
    "nonce": "NULL",
}  # fmt: skip


def statements(owner: psycopg.Connection) -> list[Composed]:
    """`INSERT … SELECT` of what the job wrote for one incident, with the columns from the catalogue."""
    made = []
    for table, where in WROTE.items():
        found = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND attidentity = '' AND attgenerated = '' ORDER BY attnum",
            [table],
        ).fetchall()
        columns = [name for (name,) in found]
        values = [SQL(FRESH.get(name, f'x."{name}"')) for name in columns]
        insert = SQL("INSERT INTO {} ({}) SELECT {} FROM {} x WHERE {}")
        names = SQL(", ").join(map(Identifier, columns))
        made.append(insert.format(Identifier(table), names, SQL(", ").join(values), Identifier(table), SQL(where)))
    return made


def load_partnership() -> str:
    """The partnership, loaded by its owner; returns a key of its lead."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_partnership(Path(folder), organisations=ORGANISATIONS, branch=True)
        command = [sys.executable, "manage.py", "load_partnership", str(path)]
        subprocess.run(command, cwd=root(), stdout=subprocess.DEVNULL, check=True)
    with at_the_door():
        return make_key(Organisation.objects.get(slug=LEAD), label="fanout", scopes=["open", "read"])[1]


def opened(port: int, key: str) -> str:
    """A new incident for everybody, over HTTP; its reference.

    Raises:
        RuntimeError: it was not opened.
    """
    body = json.dumps({"title": "Intruder", "systems": [SYSTEM], "severity": 2, "playbook": BRANCHED}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{port}/api/v1/incidents/", body, headers)
    with urlopen(request, timeout=60) as response:
        shown = json.load(response)
    if shown["status"] != "open":
        raise RuntimeError(f"the incident is {shown['status']}")
    return str(shown["reference"])


def decided(owner: psycopg.Connection, incident: UUID) -> None:
    """The run asks its question, and the lead has answered it."""
    advance(incident, worker=claimant())
    asked = owner.execute(
        "UPDATE incidents_decision SET chosen = 'true', chosen_at = now() WHERE incident_id = %s RETURNING 1",
        [incident],
    ).fetchall()
    if len(asked) != 1:
        raise RuntimeError(f"the run asked {len(asked)} questions instead of one")
    owner.execute("UPDATE incidents_run SET due_at = now() WHERE incident_id = %s", [incident])


def brought(incident: UUID) -> float:
    """Milliseconds of the job that brings the branch's step to everybody."""
    began = time.perf_counter()
    ready = advance(incident, worker=claimant())
    took = (time.perf_counter() - began) * 1000
    if ready != ORGANISATIONS:
        raise RuntimeError(f"the step came to {ready} organisations instead of {ORGANISATIONS}")
    return took


def copied(owner: psycopg.Connection, incident: UUID, inserts: list[Composed]) -> float:
    """Milliseconds of writing the same rows once more."""
    began = time.perf_counter()
    with owner.transaction():
        rows = [owner.execute(each, {"incident": incident}).rowcount for each in inserts]
    took = (time.perf_counter() - began) * 1000
    if rows != [1, ORGANISATIONS, ORGANISATIONS]:
        raise RuntimeError(f"the limit wrote {rows} rows")
    return took


def run(rounds: int = ROUNDS) -> None:
    """Measure product and limit in turn, each on an incident of its own."""
    key = load_partnership()
    with ExitStack() as stack:
        owner = stack.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
        port = start_web(stack)
        inserts = statements(owner)

        def ready_to_go() -> UUID:
            owner.execute(OF_EARLIER_DAYS)
            reference = opened(port, key)
            ((incident,),) = owner.execute(
                "SELECT id FROM incidents_incident WHERE reference = %s", [reference]
            ).fetchall()
            decided(owner, incident)
            return incident

        def ours() -> float:
            return brought(ready_to_go())

        def theirs() -> float:
            incident = ready_to_go()
            brought(incident)
            return copied(owner, incident, inserts)

        take_turns(WARM_UP, ours, theirs)
        owner.execute("VACUUM ANALYZE")
        mine, least = take_turns(rounds, ours, theirs)
    report("fanout", ours=mine, limit=least, unit="ms", better="low")


if __name__ == "__main__":
    run()
