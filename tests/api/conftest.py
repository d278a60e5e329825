"""The real web process, for what only a server shows."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portal.children import dies_with_parent, free_port
from tests import servers
from tests.cast import Cast
from tests.running import wait_for

NAMES = ("DATABASE_URL", "DATABASE_URL_APP", "DATABASE_URL_AUTH", "DATABASE_URL_WORKER", "DATABASE_URL_SEALER")


@dataclass(frozen=True)
class Web:
    """A web process on a port, over a database of its own."""

    port: int
    database_url: str
    process: subprocess.Popen[bytes]
    var: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
        """One request over a connection of its own: (status, headers, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {}, **more)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="session")
def web(cast: Cast) -> Iterator[Web]:
    database = f"bulkhead_test_web_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    servers.copy_template(database)
    port = free_port()
    with tempfile.TemporaryDirectory() as var:
        Path(var, "static").mkdir()
        Path(var, "static", "plain.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        environment = {
            **os.environ,
            **{name: servers.database_url(name, database) for name in NAMES},
            "BULKHEAD_PROCESS": "web",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "BULKHEAD_VAR": var,
            "PORTAL_URL": f"http://localhost:{port}",
        }
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1", "--port",
                   str(port), "--workers", "1", "--blocking-threads", "4", "portal.wsgi:application"]  # fmt: skip
        log = open(f"{var}/web.log", "wb")  # noqa: SIM115 - open as long as the process
        process = subprocess.Popen(
            command,
            cwd=servers.ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
        server = Web(port, environment["DATABASE_URL"], process, var)
        try:
            wait_for(lambda: _answers(server), seconds=30)
            yield server
        finally:
            process.terminate()
            process.wait(10)
    servers.drop(database)


def _answers(server: Web) -> bool:
    assert server.process.poll() is None, "the web process has ended"
    try:
        return bool(server.ask("GET", "/api/v1/")[0] == 200)
    except OSError:
        return False
