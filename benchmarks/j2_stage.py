"""What `J2` measures over: processes that are spoken to in lines, an incident of many organisations, and sockets."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import transaction

from portal.assets import node_folder
from portal.children import free_port
from portal.ledger.record import Actor, record
from portal.processes import commands, environment_of, plan_from, shared_environment
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door, organisation_scope
from portal.var_folder import root

ORGANISATIONS = 33
LIMITS = Path(__file__).parent / "limits"
FILLER = 300  # letters; with them an event is about 500 bytes long, on both sides
Process = subprocess.Popen[str]


@contextmanager
def running(command: list[str], environment: dict[str, str] | None = None) -> Iterator[Process]:
    """A process that is spoken to in lines, and ended by a signal."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd=root(), text=True, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def tell(process: Process, line: str) -> None:
    assert process.stdin
    print(line, file=process.stdin, flush=True)


def hear(process: Process) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a process of J2 ended with status {process.wait(10)}")
    return line.strip()


class Readers:
    """All sockets on one port, in a process of their own. The first `dead` of them never read."""

    def __init__(self, stack: ExitStack, port: int, paths: Sequence[str], *, dead: int = 0) -> None:
        command = [sys.executable, str(LIMITS / "j2_clients.py"), str(port), str(dead)]
        self.process, self.events, self.sockets = stack.enter_context(running(command)), 0, len(paths) - dead
        tell(self.process, json.dumps(paths))
        assert hear(self.process) == "open"

    def expect_one_more(self) -> None:
        self.events += 1
        tell(self.process, str(self.events * self.sockets))

    def last_at(self) -> float:
        return float(hear(self.process))

    def check(self) -> int:
        """Every socket that reads must have got every event once. How many of the dead ones the server has given up.

        Raises:
            RuntimeError: an event was lost, or came twice.
        """
        tell(self.process, "end")
        fewest, most, given_up = json.loads(hear(self.process))
        if (fewest, most) != (self.events, self.events):
            raise RuntimeError(f"of {self.events} events one socket got {fewest}, another {most}")
        return int(given_up)


@dataclass(frozen=True)
class Incident:
    """An incident that all organisations take part in."""

    id: uuid.UUID
    organisations: list[uuid.UUID]
    reference: str = "INC-7KQ4"


def make_incident() -> Incident:
    """Rows in a fresh database, by its owner. Only the ledger matters here, so it has no tasks and no systems."""
    organisations, playbook, incident = [uuid.uuid4() for _ in range(ORGANISATIONS)], uuid.uuid4(), uuid.uuid4()
    with psycopg.connect(os.environ["DATABASE_URL"]) as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO partners_organisation (id, slug, name, kind, status, mail_domains) "
            "VALUES (%s, %s, %s, 'council', 'current', '{}')",
            [(each, f"council-{each.hex[:8]}", f"Council {number}") for number, each in enumerate(organisations)],
        )
        cursor.execute(
            "INSERT INTO incidents_playbook (id, slug, name, description, cacao_id, version, "
            "created_by_organisation_id, imported_at, document, digest, warnings, blockers) "
            "VALUES (%s, 'none', 'None', '', 'none', '1', %s, now(), "
            """'{"id": "none", "modified": "1", "name": "None"}', '', '[]', '[]')""",
            [playbook, organisations[0]],
        )
        cursor.execute(
            "INSERT INTO incidents_incident (id, reference, title, summary, status, tlp, exercise, lead_id, "
            "participants, overseers, playbook_id, opened_at, outcome, meeting_point, techniques, accounts, "
            "tell_people, lead_phone) VALUES (%s, %s, 'Breach', '', 'open', 'amber', false, %s, %s, %s, %s, now(), '', "
            "'', '{}', '{}', '{}', '')",
            [incident, Incident.reference, organisations[0], organisations, organisations[:1], playbook],
        )
    return Incident(incident, organisations)


def socket_tickets(organisations: Sequence[uuid.UUID], count: int) -> list[str]:
    """A ticket a socket, the organisations in turn; they live long enough for all sockets to open."""
    tickets = [secrets.token_urlsafe(32) for _ in range(count)]
    with at_the_door():
        for number, ticket in enumerate(tickets):
            organisation = organisations[number % ORGANISATIONS]
            mint(ticket, organisation_id=organisation, kind="socket", lifetime_seconds=300)
    return tickets


def start_live(stack: ExitStack) -> int:
    """The live process, by the command of `make run`; its port."""
    port = free_port()
    environ = {**os.environ, "PORT": str(port - 1)}
    plan = plan_from(environ)
    shared = shared_environment(plan, environ, addresses={})
    process = stack.enter_context(running(commands(plan)["live"], environment_of("live", shared)))
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return port
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("the live process did not start")


def start_limit(stack: ExitStack, script: str) -> tuple[Process, int]:
    """A server of `limits/` that broadcasts when it is told to, and its port. JavaScript runs on our own Node."""
    port = free_port()
    runner = str(node_folder() / "node") if script.endswith(".mjs") else sys.executable
    process = stack.enter_context(running([runner, str(LIMITS / script), str(port), str(FILLER)]))
    assert hear(process) == "ready"
    return process, port


def commit_one_event(incident: Incident, ticket: str, *, filler: int = FILLER) -> float:
    """Record one event for everybody; the monotonic second at which COMMIT came back."""
    back: list[float] = []
    with organisation_scope(ticket):
        transaction.on_commit(lambda: back.append(time.monotonic()))
        record(
            "standing.changed",
            actor=Actor(incident.organisations[0]),
            audience=incident.organisations,
            incident_id=incident.id,
            incident_reference=incident.reference,
            word="acting",
            filler="x" * filler,
        )
    return back[0]
