"""Celery's way in to the notifications room. Every job is safe to run twice and takes its work from the database."""

from __future__ import annotations

import time

from celery import shared_task
from django.db import connections

from notifications.answers import settle_answers
from notifications.canary import send_canaries
from notifications.climbing import escalate_due
from notifications.deliveries import BATCH
from notifications.hook_canary import send_hook_canary
from notifications.hook_queue import BATCH as HOOK_BATCH
from notifications.hook_sending import send_due
from notifications.kinds import (
    ANSWERS,
    BEAT,
    CANARY,
    DELIVER,
    ESCALATE,
    HOOKS,
    HOOKS_BEAT,
    HOOKS_CANARY,
    LATE,
    PLAN,
    RECEIPTS,
)
from notifications.late import go_round_late
from notifications.planning import plan_due
from notifications.receipts import settle_receipts
from notifications.sending import deliver_due
from notifications.wake import wake
from portal.tenancy.scope import queue_scope

BEAT_SECONDS = 2.0


@shared_task(name=PLAN)
def plan() -> int:
    """Plan what is due, and have it sent."""
    planned = plan_due()
    if planned:
        wake(DELIVER)
    return planned


@shared_task(name=DELIVER)
def deliver() -> int:
    """Send one batch; a full one wakes the next, so that other jobs get their turn in between."""
    sent = deliver_due(alive=beat_sometimes)
    if sent == BATCH:
        wake(DELIVER)
    return sent


@shared_task(name=RECEIPTS)
def receipts() -> int:
    """Settle what services have reported of messages that they took."""
    return settle_receipts()


@shared_task(name=ANSWERS)
def answers() -> int:
    """Settle what people said to messages by link or by text."""
    return settle_answers()


@shared_task(name=HOOKS)
def hooks() -> int:
    """Send webhooks for some seconds; as long as there are many, the next turn follows at once."""
    sent = send_due(alive=beat_of_hooks_sometimes)
    if sent >= HOOK_BATCH:
        wake(HOOKS)
    return sent


@shared_task(name=ESCALATE)
def escalate() -> int:
    """Climb the ladders that are due, and have what that wrote sent."""
    climbed = escalate_due()
    if climbed:
        wake(DELIVER)
    return climbed


@shared_task(name=LATE)
def late() -> int:
    """Take the next way of whoever waits too long, and have it sent."""
    gone_round = go_round_late()
    if gone_round:
        wake(DELIVER)
    return gone_round


@shared_task(name=CANARY)
def canary() -> int:
    """Send the canaries that are due."""
    return send_canaries()


@shared_task(name=HOOKS_CANARY)
def hooks_canary() -> int:
    """Send the webhooks' canary when it is due, from the process that sends webhooks."""
    return send_hook_canary()


_beaten_at = 0.0


def beat_sometimes() -> None:
    """Beat, unless this process did so just now."""
    if _is_time():
        beat()


def beat_of_hooks_sometimes() -> None:
    """The same for the process that sends webhooks."""
    if _is_time():
        beat_of_hooks()


def _is_time() -> bool:
    global _beaten_at  # noqa: PLW0603 - one number a process
    if time.monotonic() <= _beaten_at + BEAT_SECONDS:
        return False
    _beaten_at = time.monotonic()
    return True


@shared_task(name=BEAT)
def beat() -> None:
    """Say that a worker is at work."""
    _say_so("worker")


@shared_task(name=HOOKS_BEAT)
def beat_of_hooks() -> None:
    """Say that the process for webhooks is at work."""
    _say_so("hooks")


def _say_so(process: str) -> None:
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.beat(%s)", [process])
