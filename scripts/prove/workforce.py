"""Real Celery workers and the scheduler on any database, and how they are killed in the middle of their work."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psycopg

from portal.children import dies_with_parent
from portal.processes import environment_of

ROOT = Path(__file__).resolve().parents[2]
WORKER = [
    "-m", "celery", "-A", "portal.celery", "worker", "--concurrency", "2", "--loglevel", "WARNING",
    "--without-gossip", "--without-mingle",
]  # fmt: skip
COMMANDS = {
    "worker": WORKER,
    "hooks": [*WORKER, "--queues", "bulkhead-hooks", "--hostname", "hooks-{nth}@%h"],
    "scheduler": ["manage.py", "scheduler"],
}
HOLDERS = "SELECT DISTINCT claimed_by FROM {} WHERE state = 'claimed' AND claimed_until > now()"


class Workforce:
    """So many workers of two processes each, and one scheduler; leaving the block kills what still runs.

    `environment` is everything that a process of the product gets, with the log-ins of all roles. `process` is the kind
    of worker, `worker` or `hooks`, and `queue` the table that it claims from.
    """

    def __init__(
        self, environment: Mapping[str, str], owner_url: str, log: Path, *, process: str, queue: str, workers: int = 2
    ) -> None:
        self.environment, self.owner_url, self.log = dict(environment), owner_url, log
        self.process, self.holders = process, HOLDERS.format(queue)
        self.scheduler = self._start("scheduler")
        self.workers = [self._start(process, nth) for nth in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in (self.scheduler, *self.workers):
            _kill(process)

    def kill_one(self, chance: random.Random) -> bool:
        """SIGKILL a worker that holds messages, with its processes, and start another; False when none holds any."""
        busy = self._busy()
        if not busy:
            return False
        nth = chance.choice(busy)
        _kill(self.workers[nth])
        self.workers[nth] = self._start(self.process, nth)
        return True

    def revive(self) -> list[str]:
        """Start whoever has ended by itself again, as the supervisor does; their names."""
        ended = [nth for nth, worker in enumerate(self.workers) if worker.poll() is not None]
        for nth in ended:
            self.workers[nth] = self._start(self.process, nth)
        names = [self.process] * len(ended)
        if self.scheduler.poll() is not None:
            self.scheduler = self._start("scheduler")
            names.append("scheduler")
        return names

    def _busy(self) -> list[int]:
        with psycopg.connect(self.owner_url) as connection:
            names = [name for (name,) in connection.execute(self.holders)]
        groups = set()
        for name in names:
            with contextlib.suppress(ProcessLookupError):  # it is dead already, its claim lives on
                groups.add(os.getpgid(int(name.split(":")[1])))
        return [nth for nth, worker in enumerate(self.workers) if worker.pid in groups]

    def _start(self, name: str, nth: int = 0) -> subprocess.Popen[bytes]:
        command = [part.format(nth=nth) for part in COMMANDS[name]]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment_of(name, self.environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - see its docstring
            )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
