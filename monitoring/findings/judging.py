"""The job that makes findings of what nobody has looked at yet, a batch a transaction."""

from __future__ import annotations

from django.db import connections

from portal.tenancy.scope import queue_scope

BATCH = 2000  # sights, and as many changes


def judge_due() -> int:
    """Judge until nothing is left; how many sights and changes. Safe to run twice at once, and to be killed."""
    judged = 0
    while taken := _judge():
        judged += taken
        if taken < BATCH:
            break
    return judged


def _judge() -> int:
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.judge_access(%s)", [BATCH])
        taken: int = cursor.fetchone()[0]
    return taken
