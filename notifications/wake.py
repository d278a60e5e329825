"""Waking a job through the broker, without ever waiting for it.

The rows are the queue; a wake-up only spares the sweep's second. So it is given away to a thread, given up when the
broker does not answer, and forgotten when the process ends.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app

log = logging.getLogger(__name__)

EXPIRES_SECONDS = 10  # a wake-up that waited longer has been overtaken by the sweep's next one
QUIET_SECONDS = 3.0


class Waker:
    """One process's thread that publishes wake-ups; the same name wanted twice is published once."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.wanted: dict[str, None] = {}
        self.condition = threading.Condition()
        self.quiet_until = 0.0
        threading.Thread(target=self._work, name="wake", daemon=True).start()

    def want(self, names: tuple[str, ...]) -> None:
        with self.condition:
            self.wanted |= dict.fromkeys(names)
            self.condition.notify()

    @property
    def broker_away(self) -> bool:
        """The last wake-up failed, and no later one has gone through."""
        return self.quiet_until > 0

    def _work(self) -> None:
        while True:
            with self.condition:
                while not self.wanted:
                    self.condition.wait()
                names, self.wanted = list(self.wanted), {}
            if time.monotonic() >= self.quiet_until:
                self.quiet_until = 0.0 if all(map(publish, names)) else time.monotonic() + QUIET_SECONDS


_waker: Waker | None = None
_lock = threading.Lock()


def wake(*names: str) -> None:
    """Have these jobs run soon. Returns at once whatever the broker does; fails silently but for the log."""
    if names:
        _of_this_process().want(names)


def broker_away() -> bool:
    """Whether this process's last wake-up failed."""
    return _of_this_process().broker_away


def publish(name: str) -> bool:
    """Put one wake-up on the broker; False when that failed. Takes as long as the broker's time-outs."""
    try:
        current_app.send_task(name, expires=EXPIRES_SECONDS, ignore_result=True, retry=False)
    except Exception as error:
        log.warning("no wake-up for %s, the sweep will do it: %s", name, type(error).__name__)
        return False
    return True


def _of_this_process() -> Waker:
    global _waker  # noqa: PLW0603 - threads do not survive a fork, so each process has its own
    with _lock:
        if _waker is None or _waker.pid != os.getpid():
            _waker = Waker()
        return _waker
