"""Break-glass accounts: two an organisation, kept in a safe for the day when nothing else works.

Each has passkeys and nothing else (`sec.signs_in`). Whenever one is used, the organisation and whoever looks after it
are paged (`sec.break_glass_used`). A drill every 90 days shows that it works.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections
from django.db.models import QuerySet

from partners import approvals
from partners.models import Person
from portal import clock
from portal.ledger.record import Actor, record
from portal.ledger.signals import announce

HOW_MANY = 2
DRILL_EVERY = timedelta(days=90)
# An announced drill counts for so long.
ANNOUNCED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Drill:
    """How an account stands: when it was last drilled (None: never), and whether that is too long ago."""

    drilled_at: datetime | None
    overdue: bool


def accounts() -> QuerySet[Person]:
    """The break-glass accounts in force of the organisation of the open scope."""
    return Person.objects.filter(break_glass=True, is_active=True).order_by("name")


def drill_of(account: Person) -> Drill:
    at = account.drilled_at
    return Drill(at, at is None or clock.now() - at > DRILL_EVERY)


def announce_drill(account: Person, *, actor: Actor) -> datetime:
    """The next use within the hour counts as a drill; its message begins with that word. Until when.

    Raises:
        approvals.NotAllowed: not an administrator with a passkey used just now.
    """
    until = clock.now() + ANNOUNCED_FOR
    if not accounts().filter(pk=account.pk).update(drill_until=until):
        raise approvals.NotAllowed("This needs an administrator and a passkey used just now.")
    record("break_glass.drill_announced", actor=actor, audience=[actor.organisation_id], subject_id=account.pk)
    return until


def say_it_is_a_drill() -> None:
    """Whoever is signed in with a break-glass account says that it is a drill; everybody paged is told so.

    Raises:
        approvals.NotAllowed: not signed in with one, or its passkey was used too long ago.
    """
    approvals.call("SELECT sec.break_glass_drilled()", [])
    announce(connections["default"], {"break_glass.drilled"})
