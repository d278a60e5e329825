"""Real worker and scheduler processes on a test's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self
from uuid import uuid4

from django.conf import settings

from portal.children import dies_with_parent
from portal.processes import ROLES
from tests.notifications.stage import Stage, address

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "worker": [
        "-m", "celery", "-A", "portal.celery", "worker", "--concurrency", "2", "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle",
    ],
    "hooks": [
        "-m", "celery", "-A", "portal.celery", "worker", "--queues", "{queue}-hooks", "--hostname", "hooks@%h",
        "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
    ],
    "scheduler": ["manage.py", "scheduler"],
}  # fmt: skip


class Processes:
    """Starts jobs' processes; leaving the block kills what still runs."""

    def __init__(self, log: Path, *, broker: str = "", lease_seconds: float = 150) -> None:
        self.log, self.started = log, []
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.notifications.job_settings",
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL_WORKER": address("DATABASE_URL_WORKER"),
            "DATABASE_URL_AUTH": address("DATABASE_URL_AUTH"),
            "VALKEY_URL": broker or os.environ["VALKEY_URL"],
            "EMAIL_URL": f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
            "MAIL_URL": settings.MAIL_URL,
            "TEST_QUEUE": f"test-{uuid4().hex}",
            "TEST_LEASE_SECONDS": str(lease_seconds),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.started:
            if process.poll() is None:
                kill(process)

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """`worker`, `hooks` or `scheduler`, in a process group of its own."""
        command = [part.format(queue=self.environment["TEST_QUEUE"]) for part in COMMANDS[name]]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self.environment, "BULKHEAD_PROCESS": ROLES.get(name, name)},
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        self.started.append(process)
        return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the process and its children, and see that it died of that."""
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(5) == -signal.SIGKILL


def seconds_since_beat(stage: Stage, name: str) -> float:
    """How long ago a process said that it works; far away when never."""
    rows = stage.worker("SELECT seconds_ago FROM sec.beats() WHERE process = %s", [name])
    return rows[0][0] if rows else 1e9
