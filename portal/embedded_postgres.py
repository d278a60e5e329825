"""The embedded PostgreSQL: its data folder, its passwords, and what a killed predecessor left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import psycopg

from portal.embedded_server import STOP_SECONDS, EmbeddedError, Server, last_line
from portal.unprivileged import Runner, runner_for
from portal.var_folder import secret

SUPERUSER = "postgres"
DEAD_PROCESS = 2**22  # no process has this number: it is the first above Linux's highest


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # TERM would wait for its clients to leave

    settings: ClassVar[dict[str, str]] = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # a base folder may have a path of any length, a socket may not
        "max_connections": "100",
        # A parallel worker needs shared memory of a size that many containers do not offer.
        "max_parallel_workers_per_gather": "0",
        "log_line_prefix": "%m [%p] %u ",
    }
    # For data that nobody misses after a power cut; a killed process still loses nothing.
    careless: ClassVar[dict[str, str]] = {"fsync": "off", "full_page_writes": "off"}

    def __init__(self, base: Path, *, durable: bool) -> None:
        """Raises CannotRun when started by root on a machine that offers no way to be somebody else."""
        super().__init__(base, durable=durable)
        self.runner: Runner = runner_for(base)

    def command(self) -> list[str]:
        settings = {**self.settings, **({} if self.durable else self.careless), "port": str(self.port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return self.runner.command("postgres", "-D", self.runner.data, *options)

    def url(self, user: str, database: str) -> str:
        return f"postgres://{user}:{secret(self.base, user)}@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url(SUPERUSER, SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self, users: Iterable[str]) -> None:
        """Make the data folder, and passwords for `users`, unless they are there.

        Raises:
            EmbeddedError: the folder is of another major version, or its passwords are lost.
        """
        if not (self.runner.data / "PG_VERSION").exists():
            for user in (SUPERUSER, *users):
                secret(self.base, user)
            self._initialise()
        self._refuse_other_version()
        if not (self.base / "secrets" / SUPERUSER).exists():
            raise EmbeddedError(f"{self.runner.data} needs the passwords in {self.base / 'secrets'}, which is gone.")
        _dismiss_predecessor(self.runner.data)

    def _refuse_other_version(self) -> None:
        answer = subprocess.run(
            self.runner.command("postgres", "-V"), capture_output=True, text=True, check=True, cwd="/"
        )
        ours = re.sub(r".*\) (\d+).*", r"\1", answer.stdout.strip())  # "postgres (PostgreSQL) 18.6"
        theirs = (self.runner.data / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise EmbeddedError(
                f"{self.runner.data} holds data of PostgreSQL {theirs}, but this release brings PostgreSQL {ours}: "
                "move the data with pg_dump, or name an empty folder with BULKHEAD_VAR."
            )

    def _initialise(self) -> None:
        data, runner = self.runner.data, self.runner
        unfinished = data.with_name("postgres.new")  # initdb is not atomic, a rename is
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = data.with_name("initdb.password")
        password.touch(mode=0o600)
        password.write_text(secret(self.base, SUPERUSER))
        runner.own(unfinished)
        runner.own(password)
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
        access = ("-U", SUPERUSER, "--pwfile", password, "--auth=scram-sha-256")
        speed = () if self.durable else ("--no-sync",)
        command = runner.command("initdb", "-D", unfinished, *access, *locale, "--data-checksums", *speed)
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        password.unlink()
        if made.returncode:
            raise EmbeddedError(f"PostgreSQL could not make its data folder: {last_line(made.stderr)}")
        unfinished.rename(data)


def _dismiss_predecessor(data: Path) -> None:
    """See off a server that outlived a killed portal, and forget one that is long gone.

    Its process number may belong to somebody else by now (always so after a container's restart), and PostgreSQL
    would take that for a server. The rest of the file stays: by it PostgreSQL finds orphaned shared memory.
    """
    note = data / "postmaster.pid"
    if not note.exists():
        return
    number, *rest = note.read_text().splitlines()
    deadline = time.monotonic() + STOP_SECONDS
    while note.exists() and _is_server_of(int(number), data):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"A PostgreSQL left over from before (process {number}) does not stop.")
        os.kill(int(number), signal.SIGINT)
        time.sleep(0.1)
    if note.exists():
        note.write_text("\n".join([str(DEAD_PROCESS), *rest, ""]))


def _is_server_of(process: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data) in words
