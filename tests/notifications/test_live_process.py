"""The live process as `make run` starts it, and what it does besides sockets."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from partners.models import Person, PersonSession
from partners.sessions import start_session
from portal.children import free_port
from portal.ledger.record import Entry, record_many
from portal.processes import commands, environment_of, plan_from
from portal.roles import ALL_ROLES
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door
from portal.var_folder import root
from tests import servers
from tests.gates.access_headers import HEADERS
from tests.notifications.stage import Stage, address
from tests.running import wait_for

PATIENCE = 8.0


class Live:
    """A live process over this test's database, and sockets to it."""

    def __init__(self, stage: Stage, log: Path) -> None:
        self.stage = stage
        self.log = log
        self.port = free_port()
        self.sockets = ExitStack()  # of one test
        self.start()

    def start(self) -> None:
        addresses = {role.variable: address(role.variable) for role in ALL_ROLES}
        plan = plan_from({**os.environ, **addresses, "PORT": str(self.port - 1), "HOST": "", "TLS_CERT": ""})
        wiring = {"SECRET_KEY": settings.SECRET_KEY, "PORTAL_URL": settings.PORTAL_URL}
        shared = {**os.environ, **addresses, **wiring, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                commands(plan)["live"], env=environment_of("live", shared), cwd=root(), stderr=log
            )
        deadline = time.monotonic() + 30
        while self.get("/healthz") != 200:
            assert time.monotonic() < deadline
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.03)

    def stop(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(10)

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except HTTPError as refusal:
            return refusal.code
        except URLError:
            return 0

    def connect(self, query: str = "", **how: Any) -> ClientConnection:
        """A socket, past nothing yet: its hello is still to be read."""
        how = {"compression": None, "ping_interval": None, "close_timeout": 1, **how}
        return self.sockets.enter_context(connect(f"ws://127.0.0.1:{self.port}/live/?{query}", **how))

    def opens(self, slug: str, query: str = "", **how: Any) -> ClientConnection:
        """A socket of that organisation by a socket ticket of its own, past its hello."""
        socket = self.connect(f"ticket={self.socket_ticket(slug)}&{query}", **how)
        assert set(hear(socket)) == {"epoch", "head"}
        return socket

    def socket_ticket(self, slug: str, **who: UUID) -> str:
        secret = secrets.token_urlsafe(32)
        with at_the_door():
            mint(secret, organisation_id=self.stage.ids[slug], kind="socket", lifetime_seconds=30, **who)
        return secret

    def records(self, slug: str, *numbers: int, **data: Any) -> None:
        """Events of an organisation, for itself alone, in one transaction."""
        with self.stage.acting(slug) as actor:
            entries = [Entry("note.written", [actor.organisation_id], None, {"n": n, **data}) for n in numbers]
            record_many(entries, actor=actor)

    def head(self, slug: str) -> int:
        rows = self.stage.owner(
            "SELECT seq FROM ledger_organisationhead WHERE organisation_id = %s", [self.stage.ids[slug]]
        )
        return rows[0][0] if rows else 0


def hear(socket: ClientConnection, timeout: float = PATIENCE) -> dict[str, Any]:
    """The next that is said; a beat, which comes whenever 15 seconds have passed, says nothing."""
    while "beat" in (said := json.loads(socket.recv(timeout=timeout))):
        pass
    return said


def hear_numbers(socket: ClientConnection, count: int) -> list[int]:
    """The `n` of the next events."""
    return [hear(socket)["data"]["n"] for _ in range(count)]


def close_code(socket: ClientConnection, timeout: float = PATIENCE) -> int:
    """Read until the socket is closed; the code."""
    deadline = time.monotonic() + timeout
    try:
        while True:
            socket.recv(timeout=max(0.0, deadline - time.monotonic()))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def session_of(person_email: str, born: str = PersonSession.Born.PASSKEY) -> tuple[str, HttpRequest]:
    """The cookie of somebody who has just signed in."""
    request = HttpRequest()
    with at_the_door():
        request.session = import_module(settings.SESSION_ENGINE).SessionStore()
        start_session(request, Person.objects.get(email=person_email), born=born)
        request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}", request


@pytest.fixture(scope="module")
def live_process(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """One process and one database for a module: its tests commit, and each goes on from where the stream is."""
    database, before = f"{connections['default'].settings_dict['NAME']}_live", {}
    with django_db_blocker.unblock():
        servers.copy_template(database)
        for alias in connections.all():
            alias.close()
            before[alias.alias] = alias.settings_dict["NAME"]
            alias.settings_dict["NAME"] = database
        process = Live(Stage(), tmp_path_factory.mktemp("live") / "live.log")
        yield process
        process.stop()
        for alias in connections.all():
            alias.close()
            alias.settings_dict["NAME"] = before[alias.alias]
        # The owner may not end other roles' connections, and those of a killed process take a moment to go.
        wait_for(lambda: not connected_to(database))
        servers.drop(database)


def connected_to(database: str) -> int:
    with psycopg.connect(servers.database_url("DATABASE_URL", "postgres")) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [database]).fetchone()
    assert row
    return row[0]


@pytest.fixture
def live(live_process: Live) -> Iterator[Live]:
    """The process, running, with this test's sockets closed in the end."""
    if live_process.process.poll() is not None:
        live_process.start()
    with ExitStack() as live_process.sockets:
        yield live_process


def test_it_answers_no_address_of_http_but_its_own_health(live):
    assert live.get("/healthz") == 200
    assert [live.get(path) for path in ("/", "/live/", "/api/v1/", "/healthz/")] == [404] * 4


@pytest.mark.parametrize("path", ["/healthz", "/nothing/"])
def test_its_few_answers_carry_every_header(live, path):
    try:
        headers = urllib.request.urlopen(f"http://127.0.0.1:{live.port}{path}", timeout=5).headers
    except HTTPError as refusal:
        headers = refusal.headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cache-Control"] == "no-store"


def test_it_says_that_it_lives(live):
    wait_for(
        lambda: live.stage.owner(
            "SELECT 1 FROM sec.heartbeat WHERE process = 'live' AND clock_timestamp() - beat_at < '5 s'"
        )
    )


def test_it_stops_within_three_seconds_and_tells_every_socket(live):
    sockets = [live.opens(slug) for slug in ("ashbourne", "dunmere")]
    began = time.monotonic()
    live.stop(signal.SIGTERM)
    assert time.monotonic() - began < 3
    assert [close_code(socket) for socket in sockets] == [1012, 1012]
