"""Telling an organisation's people that they are asked to take the lead. Runs inside the organisation."""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import choose
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Person

MAY_ANSWER = (Person.Role.ADMINISTRATOR, Person.Role.INCIDENT_MANAGER)


def tell_of_offer(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> None:
    """One message to the duty desk and to each person who may say yes; one set an offer. Safe to repeat.

    Where no such person has a trusted way, everybody of the organisation is told: somebody must hear of it.
    """
    doubts = mark_doubtful(incident)
    managers = Person.objects.filter(is_active=True, role__in=MAY_ANSWER).values_list("pk", flat=True)
    choice = choose(active_ways(), doubts=doubts, people=set(managers))
    if not any(way.person_id and not way.is_beside for way in choice.use):
        choice = choose(active_ways(), doubts=doubts)
    write(New(incident, organisation_id, event_id, Delivery.Message.LEAD_OFFERED), choice.use, choice.skip)
