"""TLP:GREEN: what the lead lets members know whom its incident does not reach, and what they read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections

from incidents.models import HeadsUp, Incident
from partners import approvals
from portal import clock

SHOWN_FOR = timedelta(days=7)  # on the first page, once it is over


@dataclass(frozen=True, slots=True)
class Sent:
    id: UUID
    text: str
    sent_at: datetime
    organisations: int


def send(incident: Incident, *, words: str) -> int:
    """Send it; to how many organisations. Raises approvals.NotAllowed: not theirs, too often, or it names somebody."""
    count: int = approvals.call("SELECT sec.send_heads_up(%s, %s)", [incident.pk, words])
    return count


def sent_of(incident: Incident) -> list[Sent]:
    """What was sent of an incident, for its overseers, the newest first. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.heads_ups(%s)", [incident.pk])
        return [Sent(*row) for row in cursor.fetchall()]


def outside_of(incident: Incident) -> int:
    """How many members it would go to."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.outside_of(%s)", [incident.pk])
        count: int = cursor.fetchone()[0]
        return count


def received(*, newest: int = 50) -> Sequence[HeadsUp]:
    """What the reader's organisation was let know, the newest first. One query."""
    return list(HeadsUp.objects.only("text", "exercise", "sent_at", "ended_at")[:newest])


def current() -> Sequence[HeadsUp]:
    """What still goes on, or ended within a week."""
    since = clock.now() - SHOWN_FOR
    return [each for each in received(newest=5) if each.ended_at is None or each.ended_at > since]
