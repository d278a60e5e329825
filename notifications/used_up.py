"""Services that take nothing more today, because their own daily limit is used up. Their day begins at midnight UTC.

A limit can be raised in the day, which only a message shows. So a canary asks again, once in an hour: one that is taken
opens the road and brings what was held there forward; one that is refused costs no message of anybody's an attempt.

Source: GOV.UK Notify's documentation (2026), "Daily limits" and the error `TooManyRequestsError`; its counters are kept
under a date of UTC (`daily_limit_cache_key` of notifications-utils).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import connections

from notifications import breakers
from notifications.next_words import QUIET
from notifications.service_day import NEXT_DAY
from notifications.transports import Transport, transport_for
from portal.tenancy.scope import queue_scope

ASKED_AGAIN = "interval '1 hour'"


def note_used_up(roads: Iterable[type[Transport]]) -> None:
    """Write down that these take nothing before the next midnight (`NEXT_DAY`); nothing is tried there until then.

    In a transaction of its own, never in another. Safe to repeat.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        for road in roads:
            breakers.begin(road.name, road.host())
            cursor.execute(
                f"UPDATE notifications_wayout SET used_up_until = {NEXT_DAY},"  # noqa: S608
                f" canary_due_at = least(now() + {ASKED_AGAIN}, {NEXT_DAY}) WHERE transport = %s AND host = %s",
                [road.name, road.host()],
            )


def forget_what_cannot_be() -> None:
    """No day is longer than a day: what says so was written while the database's clock stood ahead."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_wayout SET used_up_until = NULL, canary_due_at = NULL"
            " WHERE used_up_until > now() + interval '25 hours'"
        )


def used_up_of(roads: Sequence[type[Transport]]) -> set[type[Transport]]:
    """Those of these roads that take nothing more today, by the database's clock."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT transport, host FROM notifications_wayout WHERE used_up_until > now()")
        found = set(cursor.fetchall())
    return {road for road in roads if (road.name, road.host()) in found}


def to_ask_again(roads: Sequence[type[Transport]]) -> set[type[Transport]]:
    """Those of the used up ones that a canary asks now: this caller alone, and nobody for an hour after it.

    The first hour begins when the road was found used up; after its day has begun it is tried like any other.
    """
    mine = set()
    with queue_scope(), connections["default"].cursor() as cursor:
        for road in roads:
            cursor.execute(
                f"UPDATE notifications_wayout SET canary_due_at = least(now() + {ASKED_AGAIN}, used_up_until),"  # noqa: S608
                " canary_tried_at = CASE WHEN canary_due_at <= now() THEN now() ELSE canary_tried_at END"
                " WHERE transport = %s AND host = %s AND used_up_until > now()"
                " AND coalesce(canary_due_at, now()) <= now() RETURNING canary_tried_at = now()",
                [road.name, road.host()],
            )
            if cursor.fetchone() == (True,):
                mine.add(road)
    return mine


def open_again(roads: Iterable[type[Transport]]) -> None:
    """These take messages again before their day is over: what was held until then goes now, its attempts as they were.

    In a transaction of its own, never in another. What the service refuses again is held again.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        for road in roads:
            cursor.execute(
                "UPDATE notifications_wayout w SET used_up_until = NULL, canary_due_at = now() + interval '1 minute'"
                " FROM (SELECT id, used_up_until FROM notifications_wayout WHERE transport = %s AND host = %s"
                " AND used_up_until > now() FOR UPDATE) was WHERE w.id = was.id RETURNING was.used_up_until",
                [road.name, road.host()],
            )
            if row := cursor.fetchone():
                # As `deliveries.hold_over` left them, which runs just after the road was found used up; of planned work
                # the trigger `kept_quiet` has made the next morning of it, and does again of a night.
                cursor.execute(
                    "UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending' AND way = ANY (%s)"
                    " AND next_way <> '' AND due_at >= %s"
                    " AND (message = ANY (%s) OR due_at < %s::timestamptz + interval '1 minute')",
                    [_ways_of(road), row[0], list(QUIET), row[0]],
                )


def _ways_of(road: type[Transport]) -> list[str]:
    """The kinds of contact points whose messages it carries."""
    return [way for way in settings.SENT_WAYS if road in transport_for(way, exercise=False).roads()]
