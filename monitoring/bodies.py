"""What a tool sent as an alert is kept as it came for a while and no longer: until when, what is left, the daily chore.

What an alert is called, which tool said it, how bad, how often, and what became of it stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections

from monitoring.incoming import Incoming
from monitoring.models import Alert, AlertRule
from monitoring.rules import Reported
from monitoring.tools import TOOLS
from monitoring.tools.shape import Reading
from partners.chores import AGAIN_AFTER, Chore, register

WAITING_DAYS = 90  # of an alert that nobody has decided on; `sec.drop_alert_bodies` has the same
ROUNDS = 8  # of 5,000 bodies and 15 seconds at most: a run ends within the lease of its chore


def kept_until(alert: Alert) -> datetime | None:
    """Until when its body is kept, the latest time for one that waits for a person; None: it was dropped.

    The chore runs once a day: it may be there for a day longer.
    """
    if alert.body_dropped_at:
        return None
    waits = alert.outcome == Alert.Outcome.QUEUED
    return alert.received_at + timedelta(days=WAITING_DAYS if waits else settings.ALERT_KEEP_DAYS)


def what_is_left(alert: Alert, rule: AlertRule | None) -> Incoming:
    """An alert whose body was dropped, in the form in which others are read: it names no system and no account."""
    return Incoming(
        tool=TOOLS[alert.tool or "generic"],
        body={},
        rule=rule,
        source=alert.source,
        reading=Reading(
            title=alert.title,
            severity=alert.severity_said,
            reference=alert.reference,
            link=alert.link,
            key=alert.key,
            resolved=alert.resolved_at is not None,
        ),
        reported=Reported(
            title=alert.title, systems=(), accounts=(), severity=alert.severity, reference=alert.reference
        ),
        fingerprint=bytes(alert.fingerprint),
        join_key=bytes(alert.join_key) if alert.join_key else None,
        starts=frozenset(),
    )


def drop_old_bodies(now: datetime) -> datetime | None:
    """The chore: bodies of the entered organisation that are older than is said, by the database's clock. Soon again
    where there may be more of them than are dropped in one run."""
    with connections["default"].cursor() as cursor:
        for _ in range(ROUNDS):
            cursor.execute("SELECT sec.drop_alert_bodies(%s)", [settings.ALERT_KEEP_DAYS])
            if cursor.fetchone() == (0,):
                return None
    return now + AGAIN_AFTER


register(Chore("alert-bodies", drop_old_bodies))
