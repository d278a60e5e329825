"""Telling an organisation that a legal or contractual clock of its own runs out, or goes on after the incident.

Nobody else hears of it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connections

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.lead_offered import MAY_ANSWER
from notifications.models import Delivery
from notifications.recipients import choose
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Person
from portal.ledger.signals import announce
from portal.tenancy.scope import queue_scope

REMINDED, OVERDUE, GOES_ON = "duty.reminded", "duty.overdue", "duty.goes_on"
KINDS = frozenset({REMINDED, OVERDUE, GOES_ON})


def remind_of_duties() -> int:
    """Say of each running duty that it is due: a day and four hours before, and when it is over. Safe to repeat.

    Returns how many were said. A clock of less than two days has no first reminder, one of less than eight hours no
    second. Also for incidents that are closed: standing down ends no legal clock.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.remind_of_duties()")
        count: int = cursor.fetchone()[0]
        if count:
            announce(connections["default"], {REMINDED})
        return count


def tell_of_duty(incident: Incident, *, organisation_id: UUID, event_id: UUID, duty_id: UUID | None, kind: str) -> int:
    """To whoever judges the duty, with the desk; and when it is over to everybody who may answer for us. How many.

    Nobody when it was settled meanwhile. At night too: the law's clock does not stop. While an incident is suspected,
    at its lead to those alone who know of it.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.judge_of_running(%s)", [duty_id])
        (judge,) = cursor.fetchone()
    if judge is None:
        return 0
    roles = {judge, *MAY_ANSWER} if kind == OVERDUE else {judge}
    people = set(Person.objects.filter(is_active=True, role__in=roles).values_list("pk", flat=True))
    if incident.status == Incident.Status.SUSPECTED and organisation_id == incident.lead_id:
        people = set(incident.tell_people)
    doubts = mark_doubtful(incident)
    choice = choose(active_ways(), doubts=doubts, people=people)
    if not any(way.person_id and not way.is_beside for way in choice.use) and incident.status != "suspected":
        managers = Person.objects.filter(is_active=True, role__in=MAY_ANSWER).values_list("pk", flat=True)
        choice = choose(active_ways(), doubts=doubts, people=set(managers))
    return write(New(incident, organisation_id, event_id, Delivery.Message.DUTY_DUE), choice.use, choice.skip)
