"""Typed words before a step is said to be done that stops a service on which somebody's safety hangs.

The register knows which services of an organisation stop with the attacked systems, which are safety-critical, and
which have no recorded fallback. Where a step of such a kind is done, its organisation types the name of one. The
database asks for it too, whatever the way of the answer.
"""

from __future__ import annotations

from django.db import connections

from incidents.errors import Fault, Invalid
from incidents.models import StopConfirmation, Task
from portal import clock
from portal.ledger.record import Actor

LONGEST = 200


def unguarded_services(task: Task) -> list[str]:
    """Names of which one is to be typed, sorted; none for a step that stops nothing, or for another's task."""
    if not task.step.typed_confirmation:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.unguarded_services(%s)", [task.pk])
        return list(cursor.fetchone()[0])


def plain_words(words: str) -> str:
    return " ".join(words.split()).lower()


def confirm_stop(task: Task, words: str, *, actor: Actor) -> bool:
    """Keep what was typed for a task that is about to be done; returns whether anything had to be typed.

    Raises:
        Invalid: a name is wanted, and what was typed is none of them.
    """
    names = unguarded_services(task)
    if not names:
        return False
    if plain_words(words) not in map(plain_words, names):
        wanted = ", ".join(names)
        raise Invalid([Fault("/confirm", f"This stops a service with no recorded fallback. Type its name: {wanted}.")])
    StopConfirmation.objects.create(
        task=task,
        organisation_id=actor.organisation_id,
        words=words[:LONGEST],
        at=clock.now(),
        by_id=actor.person_id or actor.key_id,
    )
    return True
