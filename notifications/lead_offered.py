"""Telling an organisation's people that they are asked to take the lead, or have it. Runs inside the organisation."""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import choose
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Person
from portal.ledger.models import Event

MAY_ANSWER = (Person.Role.ADMINISTRATOR, Person.Role.INCIDENT_MANAGER)


def tell_of_offer(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> None:
    """One message to the duty desk and to each person who may say yes; one set an offer. Safe to repeat.

    Where no such person has a trusted way, everybody of the organisation is told: somebody must hear of it.
    """
    tell_managers(New(incident, organisation_id, event_id, Delivery.Message.LEAD_OFFERED))


def tell_the_heir(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> None:
    """The same to whoever leads now because the lead was cut off; whoever accepted the lead knows. Safe to repeat."""
    acted = Event.objects.values_list("actor_organisation_id", flat=True).get(pk=event_id)
    if acted != organisation_id and incident.lead_id == organisation_id:
        tell_managers(New(incident, organisation_id, event_id, Delivery.Message.LEADS_NOW))


def tell_managers(new: New) -> None:
    """To the duty desk and to whoever may lead; to everybody where none of those has a trusted way."""
    assert new.incident is not None
    doubts = mark_doubtful(new.incident)
    managers = Person.objects.filter(is_active=True, role__in=MAY_ANSWER).values_list("pk", flat=True)
    choice = choose(active_ways(), doubts=doubts, people=set(managers))
    if not any(way.person_id and not way.is_beside for way in choice.use):
        choice = choose(active_ways(), doubts=doubts)
    write(new, choice.use, choice.skip)
