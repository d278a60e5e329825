"""Typed words before a step is said to be done that stops a service on which somebody's safety hangs.

The register knows which services of an organisation stop with the attacked systems, which are safety-critical, and
which have no recorded fallback. Where a step of such a kind is done, its organisation types the name of one. The
database asks for it too, whatever the way of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from django.db import IntegrityError, connections, transaction

from incidents.errors import Fault, Invalid
from incidents.models import StopConfirmation, Task
from portal import clock
from portal.ledger.record import Actor

LONGEST = 2_000  # of what is kept; the first 200 signs are compared
LONGEST_SHOWN = 200


def unguarded_services(task: Task) -> list[str]:
    """Names of which one is to be typed, sorted; none for a step that stops nothing, or for another's task."""
    if not task.step.typed_confirmation:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.unguarded_services(%s)", [task.pk])
        return list(cursor.fetchone()[0])


def unguarded_of(task_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The same of several tasks of one's own, by task, where there are any. One query, none without tasks."""
    ids = list(task_ids)
    if not ids:
        return {}
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT x, sec.unguarded_services(x) FROM unnest(%s::uuid[]) x", [ids])
        return {task: list(names) for task, names in cursor.fetchall() if names}


def says_one_of(words: str, names: list[str]) -> bool:
    """Whether what was typed is one of the names: by `sec.plain_words`, whatever its case, accents and signs."""
    if "\0" in words or any(0xD800 <= ord(sign) < 0xE000 for sign in words):  # no text that PostgreSQL takes
        return False
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.says_one_of(%s, %s)", [words[:LONGEST], names])
        return bool(cursor.fetchone()[0])


def confirm_stop(task: Task, words: str, *, actor: Actor) -> bool:
    """Keep what was typed for a task that is about to be done; returns whether anything had to be typed.

    Raises:
        Invalid: a name is wanted, and what was typed is none of them.
    """
    names = unguarded_services(task)
    if not names:
        return False
    if not says_one_of(words, names):
        raise _not_typed(names)
    StopConfirmation.objects.create(
        task=task,
        organisation_id=actor.organisation_id,
        words=words[:LONGEST],
        at=clock.now(),
        by_id=actor.person_id or actor.key_id,
    )
    return True


@contextmanager
def typed_in_time(task: Task) -> Iterator[None]:
    """Around the change to *done*, which the database refuses when the register has changed since `confirm_stop`.

    Raises:
        Invalid: a name is wanted now.
    """
    try:
        with transaction.atomic(using="default"):
            yield
    except IntegrityError as refused:
        cause = refused.__cause__
        if isinstance(cause, psycopg.errors.CheckViolation) and cause.diag.constraint_name == "stop_confirmed":
            raise _not_typed(unguarded_services(task)) from None
        raise


def _not_typed(names: list[str]) -> Invalid:
    wanted = ", ".join(name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…" for name in names)
    return Invalid([Fault("/confirm", f"This stops a service with no recorded fallback. Type its name: {wanted}.")])
