"""Child processes that die with their parent, and ports for them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
BACK_OFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
STEADY_AFTER_SECONDS = 60


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send `number` to the child when the thread that started it ends.

    Start such children from the main thread. Linux only; elsewhere None.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # the parent died before the question was asked
            os._exit(1)

    return ask


def free_port() -> int:
    """A TCP port of the loopback interface that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


class Child:
    """One process that is kept running: it leads a process group of its own and logs to a file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
        last_will: signal.Signals = signal.SIGTERM,
    ) -> None:
        """`last_will` is the signal that the kernel sends to it when we die."""
        self.name = name
        self.command = [str(part) for part in command]
        self.environment = dict(environment)
        self.log = log
        self.folder = folder
        self.last_will = last_will
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.started_at = 0.0
        self.due_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(self.last_will),  # noqa: PLW1509 - the parent has one thread
            )
        self.started_at, self.due_at = time.monotonic(), None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def revive(self) -> str | None:
        """Start it again when it has died and its turn has come; the sentence to print, if there is news."""
        if self.running or self.process is None:
            return None
        now = time.monotonic()
        if self.due_at is not None:
            if now >= self.due_at:
                self.start()
            return None
        self.signal_group(signal.SIGKILL)  # what it had started must not hold its port
        if now - self.started_at > STEADY_AFTER_SECONDS:
            self.failures = 0
        delay = BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS) - 1)]
        self.failures += 1
        self.due_at = now + delay
        return f"{self.name} {_ending(self.process.returncode)}; starting it again in {delay:g} s (see {self.log})."

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and to everything it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def stop_all(children: Sequence[Child], *, patience: float) -> None:
    """Ask all of them to end at once, and after `patience` seconds insist."""
    for child in children:
        child.signal_group(signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(child.running for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        child.signal_group(signal.SIGKILL)  # to the whole group: a leader may leave workers behind
        if child.process is not None:
            child.process.wait()


def _ending(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
