"""`J1`: a whole POST /api/v1/incidents/ that reaches 33 organisations with 12 steps each, from the first byte sent to
the last byte of the answer, over one connection that stays open.

Ours is the web process of `make run` with row security on. The limit writes the same rows by INSERT … SELECT as the
owner of the tables (`limits/j1_insert_select.py`), on the same schema with its constraints, indexes and triggers.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import django
import psycopg

django.setup()

from benchmarks.data import LEAD, PLAYBOOK, SYSTEM, write_partnership
from benchmarks.result import Result, take_turns
from partners.keys import make_key
from partners.models import Organisation
from portal.children import free_port
from portal.processes import commands, environment_of, plan_from, shared_environment
from portal.tenancy.scope import at_the_door
from portal.var_folder import root

ORGANISATIONS, STEPS = 33, 12
ROUNDS, WARM_UP = 31, 6
LIMIT = Path(__file__).parent / "limits" / "j1_insert_select.py"
# incident, system, radius, run, duties, and events: the wide read, opened, assigned to each
ROWS = 4 + ORGANISATIONS + ORGANISATIONS * STEPS + (ORGANISATIONS + 1) + (2 + ORGANISATIONS)
# Beyond twenty an hour an organisation's openings start as suspected, and every open one is named as similar.
OF_EARLIER_DAYS = """
UPDATE incidents_incident SET opened_at = opened_at - interval '2 days', status = 'closed', outcome = 'resolved',
       closed_at = now() WHERE status <> 'closed'
"""
BODY = json.dumps(
    {"title": "Intruder at the shared identity", "systems": [SYSTEM], "playbook": PLAYBOOK, "severity": 2}
).encode()


@contextmanager
def speaking_limit(reference: str) -> Iterator[subprocess.Popen[str]]:
    """The limit in a process of its own, spoken to in lines."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, str(LIMIT), reference], text=True, stdin=pipe, stdout=pipe) as process:
        try:
            assert hear(process) == "ready"
            yield process
        finally:
            process.terminate()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of J1 ended with status {process.wait(10)}")
    return line.strip()


def load_partnership() -> str:
    """The partnership, loaded by its owner; returns a key of its lead."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_partnership(Path(folder), organisations=ORGANISATIONS, steps=STEPS)
        command = [sys.executable, "manage.py", "load_partnership", str(path)]
        subprocess.run(command, cwd=root(), stdout=subprocess.DEVNULL, check=True)
    with at_the_door():
        return make_key(Organisation.objects.get(slug=LEAD), label="J1", scopes=["open", "read"])[1]


def start_web(stack: ExitStack) -> int:
    """The web process, by the command of `make run`; its port."""
    port = free_port()
    environ = {**os.environ, "PORT": str(port)}
    plan = plan_from(environ)
    shared = shared_environment(plan, environ, addresses={})
    web = subprocess.Popen(commands(plan)["web"], env=environment_of("web", shared), cwd=root(), stdout=sys.stderr)
    process = stack.enter_context(web)
    stack.callback(process.terminate)
    for _ in range(300):
        try:
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
            return port
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("the web process did not start")


class Opener:
    """One client with one open connection."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def open(self) -> tuple[float, str]:
        """Milliseconds, and the reference of the incident.

        Raises:
            RuntimeError: it was not opened, or not for everybody.
        """
        began = time.perf_counter()
        self.connection.request("POST", "/api/v1/incidents/", BODY, self.headers)
        response = self.connection.getresponse()
        body = response.read()
        took = (time.perf_counter() - began) * 1000
        shown = json.loads(body)
        if response.status != 201 or shown["tasks"]["total"] != ORGANISATIONS * STEPS or shown["status"] != "open":
            raise RuntimeError(f"the incident was not opened for everybody: {response.status} {body[:400]!r}")
        return took, shown["reference"]


def run(rounds: int = ROUNDS) -> Iterator[Result]:
    """Measure product and limit in turn; yields the line of `make bench`. Milliseconds, medians."""
    key = load_partnership()
    with ExitStack() as stack:
        opener = Opener(start_web(stack), key)
        _, reference = opener.open()
        limit = stack.enter_context(speaking_limit(reference))
        owner = stack.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))

        def ours() -> float:
            owner.execute(OF_EARLIER_DAYS)
            return opener.open()[0]

        def theirs() -> float:
            assert limit.stdin
            print("go", file=limit.stdin, flush=True)
            milliseconds, rows = json.loads(hear(limit))
            if rows != ROWS:
                raise RuntimeError(f"the limit wrote {rows} rows, the product {ROWS}")
            return float(milliseconds)

        take_turns(WARM_UP, ours, theirs)
        owner.execute("VACUUM ANALYZE")
        mine, least = take_turns(rounds, ours, theirs)
    yield {
        "name": "J1",
        "ours": round(median(mine), 2),
        "limit": round(median(least), 2),
        "ratio": round(median(mine) / median(least), 2),
        "unit": "ms",
        "rounds": rounds,
        "better": "low",
    }


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line), flush=True)
