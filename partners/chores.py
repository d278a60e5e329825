"""What is done by the clock, for each organisation by itself: reminders, tests, cards, quarterly snapshots.

A chore's row says when it is due for one organisation. The scheduler claims what is due, enters that organisation with
the claim, does the chore in one transaction and writes the next due time in the same one, so that a chore killed
half-way has done nothing and is done again. Chores run late rather than twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections

from portal import clock
from portal.claims import claimant
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

LEASE_SECONDS = 120
AT_MOST = 200
AGAIN_AFTER = timedelta(minutes=10)  # a chore that failed


@dataclass(frozen=True, slots=True)
class Chore:
    """`do(now)` runs inside one organisation's scope as the worker, and answers when to run next; None: after `every`.

    `now` is the portal's clock, and the only time that a chore goes by, so that a test can move it.
    """

    name: str
    do: Callable[[datetime], datetime | None]
    every: timedelta = timedelta(days=1)


_CHORES: dict[str, Chore] = {}


def register(chore: Chore) -> Chore:
    """Make a chore known; a room does so in a module that its `AppConfig.ready` imports."""
    _CHORES[chore.name] = chore
    return chore


def do_chores() -> int:
    """Do what is due for every organisation; how many were done. Safe to run twice at once."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.ensure_chores(%s, %s)", [sorted(_CHORES), clock.now()])
    done = 0
    worker = claimant()
    for chore_id, name in _claim(clock.now(), worker):
        try:
            done += _do(chore_id, _CHORES[name], worker)
        except Exception:  # one organisation's trouble is nobody else's
            log.exception("the chore %s failed and is tried again", name)
            _put_off(chore_id, worker)
    return done


def _claim(now: datetime, worker: str) -> list[tuple[UUID, str]]:
    """What is due; also what ran in a future that the clock has since been taken back from."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE partners_chore c SET claimed_by = %s, claimed_until = now() + make_interval(secs => %s)"
            " WHERE c.id IN (SELECT d.id FROM partners_chore d"
            " WHERE (d.due_at <= %s OR d.ran_at > %s) AND d.name = ANY (%s)"
            " AND (d.claimed_until IS NULL OR d.claimed_until < now()) ORDER BY d.due_at LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING c.id, c.name",
            [worker, LEASE_SECONDS, now, now, sorted(_CHORES), AT_MOST],
        )
        return cursor.fetchall()


def _do(chore_id: UUID, chore: Chore, worker: str) -> bool:
    now = clock.now()
    with queue_scope(), connections["default"].cursor() as cursor:
        # Renewed: those claimed with it may have taken their time.
        cursor.execute(
            "UPDATE partners_chore SET claimed_until = now() + make_interval(secs => %s)"
            " WHERE id = %s AND claimed_by = %s AND claimed_until IS NOT NULL RETURNING 1",
            [LEASE_SECONDS, chore_id, worker],
        )
        if cursor.fetchone() is None:
            return False  # its lease ran out, and somebody else has it
        cursor.execute("SELECT sec.enter_chore(%s, %s)", [chore_id, worker])
        after = chore.do(now) or now + chore.every
        cursor.execute(
            "UPDATE partners_chore SET due_at = %s, ran_at = %s, claimed_by = '', claimed_until = NULL WHERE id = %s",
            [after, now, chore_id],
        )
    return True


def _put_off(chore_id: UUID, worker: str) -> None:
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE partners_chore SET due_at = %s, claimed_by = '', claimed_until = NULL"
            " WHERE id = %s AND claimed_by = %s",
            [clock.now() + AGAIN_AFTER, chore_id, worker],
        )
