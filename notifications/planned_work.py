"""Planned work in the quiet form: one message to one person on duty, by day, over the same deliveries as an incident.

It goes round ways that are not trusted and leaves their marks alone; when a way fails it takes the next one, and never
climbs. Silence is shown to whoever announced the work as *not confirmed*. Runs inside the organisation that is told.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connections

from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import Way, choose, duty_first
from notifications.ways import active_ways
from partners.duty import person_on_duty
from partners.models import Person, ToldAlongside
from portal.ledger.models import Event

Message, State = Delivery.Message, Delivery.State
MESSAGES = (Message.PLANNED, Message.PLANNED_CHANGED)
FIRST, OVER = "planned.announced", frozenset({"planned.finished", "planned.cancelled"})
KINDS = frozenset({FIRST, "planned.moved", "planned.extended", *OVER})
# Who is on the ladder: whoever is on duty, the duty desk, then those who do the work. It ends there.
LADDER = (Person.Role.INCIDENT_MANAGER, Person.Role.RESPONDER, Person.Role.ADMINISTRATOR)


def tell_planned(event_id: UUID, *, organisation_id: UUID, kind: str) -> None:
    """Write the one message of this event. Safe to repeat.

    What has not gone out yet is taken back: one message says that there is something to read, whatever happened since.
    Of work that is over nobody is told who had not heard of it, and an event that a later one has overtaken is left
    to the later one.
    """
    work, data, at = Event.objects.values_list("subject_id", "data", "at").get(pk=event_id)
    others = Event.objects.filter(subject_id=work, kind__in=KINDS).exclude(pk=event_id)
    if others.filter(at__gt=at).exists():
        return
    earlier = Delivery.objects.filter(
        event_id__in=list(others.values_list("pk", flat=True)), organisation_id=organisation_id, message__in=MESSAGES
    )
    earlier.filter(state=State.PENDING).update(state=State.SUPERSEDED)
    told = earlier.filter(state__in={State.CLAIMED, *Delivery.TOLD}).exists()
    if kind in OVER and not told:
        return
    message = Message.PLANNED_CHANGED if told else Message.PLANNED
    written = Delivery.objects.filter(event_id=event_id, organisation_id=organisation_id)
    if not written.exists():
        _tell_one(New(None, organisation_id, event_id, message, reference=data["reference"]))


def tell_next(event_id: UUID, *, organisation_id: UUID, message: str) -> None:
    """A way has failed for good: the next one that this event has not tried, if there is still something to tell."""
    work, at = Event.objects.values_list("subject_id", "at").get(pk=event_id)
    if Event.objects.filter(subject_id=work, kind__in=KINDS, at__gt=at).exists():
        return  # the later event tells what there is, and of work that is over there is nothing to tell
    written = Delivery.objects.filter(event_id=event_id, organisation_id=organisation_id)
    if not written.filter(state__in=Delivery.UNDER_WAY | Delivery.TOLD).exists():
        tried = set(written.values_list("contact_point_id", flat=True))
        new = New(None, organisation_id, event_id, message, reference=_reference_of(event_id))
        _tell_one(new, tried=tried)


def _tell_one(new: New, *, tried: Collection[UUID] = ()) -> None:
    """The first trusted way of the ladder, as it stands when the message goes out."""
    ladder = _ladder(_goes_out_at(new.organisation_id))
    choice = choose([way for way in ladder if way.id not in tried], doubts={})
    write(new, choice.use[:1], choice.skip if not choice.use else ())


def _ladder(at: datetime) -> list[Way]:
    on_duty = person_on_duty(at)
    roles = dict(Person.objects.filter(is_active=True).values_list("pk", "role"))
    # Whoever is only told alongside, such as a chief executive, hears of incidents and never of this.
    alongside = set(ToldAlongside.objects.values_list("person_id", flat=True))
    ways = [
        way
        for way in active_ways()
        if not way.is_beside  # nobody counts as told by a channel or a browser, and this is one message
        if way.person_id is None
        or way.person_id == on_duty
        or (way.person_id not in alongside and roles.get(way.person_id) in LADDER)
    ]
    rank = {role: nth for nth, role in enumerate(LADDER, start=1)}
    ways.sort(
        key=lambda way: (
            rank[Person.Role(roles[way.person_id])] if way.person_id in roles and roles[way.person_id] in rank else 0
        )
    )
    return duty_first(ways, on_duty)


def _goes_out_at(organisation_id: UUID) -> datetime:
    """By the database's clock, which the message's due time follows too."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.quiet_from(%s, clock_timestamp())", [organisation_id])
        return cursor.fetchone()[0]


def _reference_of(event_id: UUID) -> str:
    return Event.objects.values_list("data", flat=True).get(pk=event_id)["reference"]
