"""`manage.py scheduler`: the clock. Wakes the jobs that are due, and does their work while no worker does."""

from __future__ import annotations

import logging
import os
import signal
import time
from types import FrameType
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import connections

from notifications.kinds import (
    ACCESS,
    ADVANCE,
    ADVISORIES,
    ANSWERS,
    BEAT,
    CANARY,
    DELIVER,
    ESCALATE,
    HOOKS,
    HOOKS_BEAT,
    HOOKS_CANARY,
    IMPORT,
    JUDGE,
    LATE,
    PLAN,
    REWALK,
)
from notifications.sweep import CHORES, LEADS, SWEEP, OwnHands, waiting
from notifications.wake import broker_away, wake

log = logging.getLogger(__name__)

LOCK = 760530  # one scheduler at work for one database; the lock ends with its connection
TICK_SECONDS = 0.5
WAKE_SECONDS = 1.0
BEAT_SECONDS = 2.0
SWEEP_SECONDS = 3600.0
LEADS_SECONDS = 10.0
CHORES_SECONDS = 15.0
ACCESS_SECONDS = 5.0
ADVISORIES_SECONDS = 60.0  # feeds have a time of their own in their rows; a component that changed waits so long
CANARY_SECONDS = 10.0  # looked at; the row says when one is due
OVERDUE_SECONDS = 1.0  # planning and runs: what a waking worker needs; the portal promises two seconds
SILENT_SECONDS = 5.0  # a worker that has said nothing for so long is taken for dead


class Every:
    """True once per so many seconds, beginning now."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.next_at = seconds, 0.0

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self.next_at:
            return False
        self.next_at = now + self.seconds
        return True


class Command(BaseCommand):
    help = "Wake the jobs that are due, each second. A second instance waits until the first has gone."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)
        hands, hook_hands = OwnHands(), OwnHands()  # a tool that hangs holds up no message to people
        while True:
            try:
                with _connect() as connection:
                    _wait_for_lock(connection)
                    _run(connection, hands, hook_hands)
            except psycopg.OperationalError as error:
                log.warning("the database is away: %s", error)
                time.sleep(TICK_SECONDS)


def _leave(number: int, frame: FrameType | None) -> None:
    # Whatever is under way is a claimed row, or a transaction that rolls back: nothing is worth waiting for.
    os._exit(0)


def _connect() -> psycopg.Connection:
    """A connection of its own, never from a pool and never in a transaction: it carries the lock."""
    parameters = connections["default"].get_connection_params()
    wanted = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    return psycopg.connect(**wanted, application_name="bulkhead-clock", connect_timeout=5, autocommit=True)


def _wait_for_lock(connection: psycopg.Connection) -> None:
    while connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone() != (True,):
        time.sleep(TICK_SECONDS)


def _run(connection: psycopg.Connection, hands: OwnHands, hook_hands: OwnHands) -> None:
    time_to_wake, time_to_beat, time_to_sweep = Every(WAKE_SECONDS), Every(BEAT_SECONDS), Every(SWEEP_SECONDS)
    time_to_look_at_leads, time_for_chores = Every(LEADS_SECONDS), Every(CHORES_SECONDS)
    time_for_canaries, time_for_advisories = Every(CANARY_SECONDS), Every(ADVISORIES_SECONDS)
    time_for_access = Every(ACCESS_SECONDS)
    while True:
        if time_to_beat():
            connection.execute("SELECT sec.beat('scheduler')")
            wake(BEAT, HOOKS_BEAT)
        waits, silent_for, hooks_silent_for = waiting(connection)
        if waits and time_to_wake():
            wake(*waits)
        if time_for_canaries():
            waits[CANARY] = 0.0
            wake(CANARY, HOOKS_CANARY)
            if _nobody(hooks_silent_for):
                hook_hands.do(HOOKS_CANARY)
        if time_for_advisories():
            wake(ADVISORIES)
        if time_for_access():
            wake(ACCESS)
        for job in _left_undone(waits, silent_for):
            hands.do(job)
        if HOOKS in waits and _nobody(hooks_silent_for):
            hook_hands.do(HOOKS)
        if time_to_look_at_leads():
            hands.do(LEADS)
        if time_for_chores():
            hands.do(CHORES)
        if time_to_sweep():
            hands.do(SWEEP)
        time.sleep(TICK_SECONDS)


def _left_undone(waits: dict[str, float], silent_for: float | None) -> list[str]:
    """The due jobs that nobody else seems to do: the broker is away, or no worker answers, or it is simply late."""
    nobody = _nobody(silent_for)
    late = {job for job, waited in waits.items() if waited > OVERDUE_SECONDS}
    due = [
        job for job in (PLAN, ESCALATE, ANSWERS, ADVANCE, REWALK, LATE, DELIVER, IMPORT, CANARY, JUDGE) if job in waits
    ]
    return [job for job in due if nobody or (job in late and job not in {DELIVER, LATE})]


def _nobody(silent_for: float | None) -> bool:
    """Whether nobody takes what is woken: the broker is away, or that process has been silent for so long."""
    return broker_away() or silent_for is None or silent_for > SILENT_SECONDS
