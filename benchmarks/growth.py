"""`growth`: opening, board and fan-out for 4, 33, 100 and 400 organisations; nothing may grow faster than the rows.

All sizes take turns over one database, one web process and one partnership of 400 organisations, each with a system of
its own that so many of them share. *Opening* is the whole POST that writes 12 tasks an organisation; *board* the whole
page as the lead's incident manager gets it, each organisation having accepted; *fan-out* the job that brings a step to
everybody. `limit` is what the time for 33 would come to if it grew just as the rows do: a ratio above 1 grows faster.

`python -m benchmarks.plot FILE` draws the lines that this prints.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen
from uuid import UUID

import django
import psycopg
from psycopg.sql import SQL, Identifier

django.setup()

from benchmarks.data import BRANCHED, LEAD, PLAYBOOK, system_of, write_partnership
from benchmarks.fanout import decided
from benchmarks.j1 import OF_EARLIER_DAYS, start_web
from benchmarks.j5 import Asker, cookie_of_manager
from benchmarks.result import Result
from incidents.advance import advance
from partners.keys import make_key
from partners.models import Organisation
from portal.claims import claimant
from portal.tenancy.scope import at_the_door
from portal.var_folder import root

SIZES = (4, 33, 100, 400)
BESIDE = 33  # what the others are compared with
STEPS, ROUNDS, WARM_UP = 12, 9, 2
TRIGGERED = ("incidents_task", "incidents_participant")
ACCEPT = """
UPDATE incidents_task t SET status = 'acknowledged', acknowledged_at = now() FROM incidents_incident i
 WHERE i.id = t.incident_id AND i.reference = %s AND t.position = 1
"""
ANSWERED = """
UPDATE incidents_participant p SET acknowledged_at = now() FROM incidents_incident i
 WHERE i.id = p.incident_id AND i.reference = %s
"""
# Rows that an opening writes: those of J1 (`benchmarks.j1.ROWS`), by the number of organisations.
ROWS: dict[str, Callable[[int], int]] = {
    "opening": lambda n: 4 + n + n * STEPS + (n - 1) + (2 + n),
    "board": lambda n: n * STEPS + n,  # tasks and sides that it shows
    "fan-out": lambda n: 1 + 2 * n,
}


@dataclass(frozen=True)
class Stage:
    """Whoever asks: the lead's key and its incident manager, the owner of the tables; and one incident a size."""

    port: int
    key: str
    owner: psycopg.Connection
    boards: dict[int, str]
    manager: Asker


def load_partnership() -> str:
    """The partnership, loaded by its owner; returns a key of its lead."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_partnership(Path(folder), organisations=max(SIZES), steps=STEPS, people=1, shared_by=SIZES)
        command = [sys.executable, "manage.py", "load_partnership", str(path)]
        subprocess.run(command, cwd=root(), stdout=subprocess.DEVNULL, check=True)
    with at_the_door():
        return make_key(Organisation.objects.get(slug=LEAD), label="growth", scopes=["open", "read"])[1]


def opened(port: int, key: str, size: int, playbook: str) -> tuple[float, str]:
    """A new incident of so many organisations, over HTTP: milliseconds and its reference.

    Raises:
        RuntimeError: others than these take part, or it was not opened.
    """
    body = json.dumps({"title": "Intruder", "systems": [system_of(size)], "severity": 2, "playbook": playbook})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"http://127.0.0.1:{port}/api/v1/incidents/", body.encode(), headers)
    began = time.perf_counter()
    with urlopen(request, timeout=120) as response:
        answer = response.read()
    took = (time.perf_counter() - began) * 1000
    shown = json.loads(answer)
    if (shown["status"], len(shown["participants"])) != ("open", size):
        raise RuntimeError(f"{len(shown['participants'])} take part instead of {size}, it is {shown['status']}")
    return took, str(shown["reference"])


def all_accept(owner: psycopg.Connection, reference: str, size: int) -> None:
    """Every organisation has accepted its first step: else it is one line of the board instead of a cell a step.

    Raises:
        RuntimeError: there are more or fewer.
    """
    with owner.transaction():
        for table in TRIGGERED:  # they ask who answers, and the owner of the tables is nobody
            owner.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(table)))
        done = owner.execute(ACCEPT, [reference])
        owner.execute(ANSWERED, [reference])
        for table in TRIGGERED:
            owner.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(table)))
    if done.rowcount != size:
        raise RuntimeError(f"{done.rowcount} accepted instead of {size}")


def opening(stage: Stage, size: int) -> float:
    stage.owner.execute(OF_EARLIER_DAYS + " AND NOT reference = ANY (%s)", [list(stage.boards.values())])
    return opened(stage.port, stage.key, size, PLAYBOOK)[0]


def board(stage: Stage, size: int) -> float:
    return stage.manager.get(f"/incidents/{stage.boards[size]}/")[0]


def fan_out(stage: Stage, size: int) -> float:
    stage.owner.execute(OF_EARLIER_DAYS + " AND NOT reference = ANY (%s)", [list(stage.boards.values())])
    _, reference = opened(stage.port, stage.key, size, BRANCHED)
    ((incident,),) = stage.owner.execute("SELECT id FROM incidents_incident WHERE reference = %s", [reference])
    decided(stage.owner, UUID(str(incident)))
    began = time.perf_counter()
    ready = advance(incident, worker=claimant())
    took = (time.perf_counter() - began) * 1000
    if ready != size:
        raise RuntimeError(f"the step came to {ready} organisations instead of {size}")
    return took


JOBS: dict[str, Callable[[Stage, int], float]] = {"opening": opening, "board": board, "fan-out": fan_out}


def results(name: str, taken: dict[int, list[float]]) -> Iterator[Result]:
    beside = median(taken[BESIDE]) / ROWS[name](BESIDE)
    for size in SIZES:
        ours, limit = median(taken[size]), beside * ROWS[name](size)
        yield {
            "name": f"info {name} {size}", "ours": round(ours, 1), "limit": round(limit, 1),
            "ratio": round(ours / limit, 2), "unit": "ms", "rounds": len(taken[size]), "better": "low",
        }  # fmt: skip


def run() -> Iterator[Result]:
    key = load_partnership()
    with ExitStack() as stack:
        owner = stack.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
        port = start_web(stack)
        boards = {size: opened(port, key, size, PLAYBOOK)[1] for size in SIZES}
        for size, reference in boards.items():
            all_accept(owner, reference, size)
        manager = Asker(port, {"Cookie": cookie_of_manager(), "Host": f"localhost:{port}"})
        stage = Stage(port, key, owner, boards, manager)
        for name, job in JOBS.items():
            for size in SIZES * WARM_UP:
                job(stage, size)
            owner.execute("VACUUM ANALYZE")
            taken: dict[int, list[float]] = {size: [] for size in SIZES}
            for number in range(ROUNDS):
                for size in SIZES if number % 2 else reversed(SIZES):
                    taken[size].append(job(stage, size))
            yield from results(name, taken)


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line), flush=True)
