"""Celery's way in to the notifications room. Every job is safe to run twice and takes its work from the database."""

from __future__ import annotations

from celery import shared_task
from django.db import connections

from notifications.deliveries import BATCH
from notifications.kinds import BEAT, DELIVER, PLAN
from notifications.planning import plan_due
from notifications.sending import deliver_due
from notifications.wake import wake
from portal.tenancy.scope import queue_scope


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
    beat()
    sent = deliver_due()
    if sent == BATCH:
        wake(DELIVER)
    return sent


@shared_task(name=BEAT)
def beat() -> None:
    """Say that a worker is at work."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.beat('worker')")
