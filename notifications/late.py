"""Whoever waits too long for what is urgent is told by their next way too, while the first one goes on being tried.

Urgent is all but planned work and tests of a contact (`NOT_URGENT`), in an incident or as a notice of one's own.

Late is a minute without being accepted, by the database's clock; at once when the way's breaker is open, or when the
day's text messages of the incident are used up (`next_way` is `wanted`).
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import connections

from incidents.models import Incident
from notifications.breakers import KIND, shut_ways_now
from notifications.deliveries import AFTER_CLOSING, EACH_TIME, New, write
from notifications.models import Delivery
from notifications.models.delivery import NOT_URGENT
from notifications.notices import tell_by_next_way
from notifications.recipients import BESIDE, choose
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

LATE_SECONDS = 60  # `sec.enter_late` says the same
# In the words of the index `delivery_late`.
URGENT = "NOT message IN ('{}')".format("', '".join(NOT_URGENT))


def is_late(shut: str) -> str:
    """The rule in SQL, of a row of `notifications_delivery`; `shut` is the condition that its way's breaker is open."""
    return f"""state IN ('pending', 'claimed') AND next_way IN ('', 'wanted')
   AND NOT way = ANY ('{{phone,{",".join(BESIDE)}}}') AND {URGENT}
   AND NOT (quiet AND due_at > now())
   AND (next_way = 'wanted' OR {shut}
        OR CASE WHEN quiet THEN due_at ELSE created_at END <= now() - interval '{LATE_SECONDS} seconds')"""


FIND = f"""
SELECT id FROM notifications_delivery
 WHERE {is_late(f"(state = 'pending' AND {KIND} = ANY (%s))")}
   AND NOT id = ANY (%s)
 ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608


def go_round_late(*, most: int = 200) -> int:
    """Take the next way of everybody who waits too long; how many were looked at. Safe in several processes at once."""
    left: list[UUID] = []
    done = 0
    while done < most and _next(left):
        done += 1
    return done


def _next(left: list[UUID]) -> bool:
    """One late message. One over which something fails is left out for this time and stops nobody else."""
    late = None
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(FIND, [shut_ways_now(), left])
            row = cursor.fetchone()
            if row is None:
                return False
            late = row[0]
            cursor.execute("SELECT sec.enter_late(%s)", [late])
            # Before the next message: what waits on a way that was given up keeps none back (`sec.one_in_ten_minutes`).
            cursor.execute("UPDATE notifications_delivery SET next_way = 'taken' WHERE id = %s", [late])
            _go_round(late)
    except Exception:
        if late is None:
            raise
        log.exception("the next way beside delivery %s could not be taken", late)
        left.append(late)
    return True


def _go_round(late: UUID) -> None:
    """Write to the next way of the same person, unless they were told meanwhile. A desk is told by all ways anyway."""
    names = ("organisation_id", "incident_id", "event_id", "person_id", "message")
    waiting = Delivery.objects.values(*names).get(pk=late)
    if waiting["incident_id"] is None:
        tell_by_next_way(late, organisation_id=waiting["organisation_id"])
        return
    incident = Incident.objects.filter(pk=waiting["incident_id"]).first()
    person, message = waiting["person_id"], waiting["message"]
    if incident is None or person is None:
        return
    if incident.status == Incident.Status.CLOSED and message not in AFTER_CLOSING:
        return
    about = Delivery.objects.filter(incident=incident, organisation_id=waiting["organisation_id"], message=message)
    if message in EACH_TIME:
        about = about.filter(event_id=waiting["event_id"])
    states = dict(about.filter(person_id=person).exclude(way__in=BESIDE).values_list("contact_point_id", "state"))
    if any(state in Delivery.TOLD for state in states.values()):
        return
    ways = [way for way in active_ways() if way.id not in states]
    choice = choose(ways, doubts=mark_doubtful(incident), people={person})
    new = New(incident, waiting["organisation_id"], waiting["event_id"], message)
    write(new, [way for way in choice.use if way.person_id == person and not way.is_beside])
