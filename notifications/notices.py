"""An organisation's own notices: what its people are told of outside any incident. Runs inside the organisation.

A break-glass account was used, or somebody was let in by emergency enrolment: whoever looks after the organisation must
hear of it by ways that do not ride on what may be attacked.
"""

from __future__ import annotations

from uuid import UUID

from notifications.contact_tests import begin_wanted
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.planned_work import KINDS as PLANNED_KINDS
from notifications.planned_work import MESSAGES as PLANNED
from notifications.planned_work import tell_next, tell_planned
from notifications.recipients import BESIDE, Way, choose, why_nobody
from notifications.ways import active_ways
from partners.duty import person_on_duty
from partners.models import ContactPoint, Organisation, Person
from portal import clock
from portal.ledger.models import Event
from portal.ledger.record import Actor, record
from portal.reasons import reason

Message = Delivery.Message
ALL_FAILED = reason("Every message failed.")
PAGED = (Person.Role.ADMINISTRATOR, Person.Role.INCIDENT_MANAGER)
# By the kind of the event: what the organisation itself is told, and what its partner liaison is.
MESSAGES = {
    "break_glass.used": (Message.BREAK_GLASS, Message.THEIR_BREAK_GLASS),
    "break_glass.drilled": (Message.BREAK_GLASS_DRILL, Message.THEIR_BREAK_GLASS_DRILL),
    "emergency_access.given": (Message.EMERGENCY_ACCESS, Message.EMERGENCY_ACCESS),
    "organisation.isolated": (Message.ACCESS_CHANGED, Message.ACCESS_CHANGED),
    "organisation.reconnected": (Message.ACCESS_CHANGED, Message.ACCESS_CHANGED),
    "mail.distrusted": (Message.MAIL_TRUST_CHANGED, Message.MAIL_TRUST_CHANGED),
    "mail.trusted": (Message.MAIL_TRUST_CHANGED, Message.MAIL_TRUST_CHANGED),
    "advisory.matched": (Message.ADVISORIES, Message.ADVISORIES),
}
HEADS_UPS = {"headsup.received": Message.HEADS_UP, "headsup.ended": Message.HEADS_UP_OVER}
# Everybody hears of these: it may be anybody's name that was used, anybody whose tasks go by telephone now, or anybody
# whose mailbox is not written to.
FOR_EVERYBODY = {
    "emergency_access.given", "organisation.isolated", "organisation.reconnected", "mail.distrusted", "mail.trusted",
}  # fmt: skip


def plan_notice(event_id: UUID, *, organisation_id: UUID, kind: str, subject_id: UUID | None) -> None:
    """Write the messages of one event for one organisation. Safe to repeat."""
    if kind == "register.test_wanted" and subject_id is not None:
        begin_wanted(subject_id, clock.now())
    elif kind == "delivery.dead" and subject_id is not None:
        _go_round(organisation_id, subject_id)
    elif kind in HEADS_UPS:
        _tell_outside(event_id, organisation_id, kind, subject_id)
    elif kind in PLANNED_KINDS:
        tell_planned(event_id, organisation_id=organisation_id, kind=kind)
    elif kind in MESSAGES:
        _tell(event_id, organisation_id, kind)


def _tell(event_id: UUID, organisation_id: UUID, kind: str) -> None:
    """One message to each administrator and incident manager but whoever did it, and to the duty desk.

    Everybody hears of an emergency enrolment, and when the organisation's access or the trust in its mail changes.
    """
    actor, data = Event.objects.values_list("actor_person_id", "data").get(pk=event_id)
    own = Organisation.objects.values_list("slug", flat=True).get(pk=organisation_id) == data["organisation"]
    people = Person.objects.filter(is_active=True)
    if actor is not None:
        people = people.exclude(pk=actor)
    if kind not in FOR_EVERYBODY:
        people = people.filter(role__in=PAGED)
    choice = choose(_ways(), doubts={}, people=set(people.values_list("pk", flat=True)))
    write(New(None, organisation_id, event_id, MESSAGES[kind][0 if own else 1]), choice.use, choice.skip)
    if because := why_nobody(choice):
        _say_nobody_was_told(organisation_id, event_id, because)


def _tell_outside(event_id: UUID, organisation_id: UUID, kind: str, subject_id: UUID | None) -> None:
    """A word to members outside goes to who is on duty and the duty desk; that it is over, to who was told of it."""
    ways = active_ways()
    if kind == "headsup.received":
        on_duty = person_on_duty(clock.now())
        choice = choose(ways, doubts={}, people={on_duty} if on_duty else set())
        if not choice.counts:
            choice = choose(ways, doubts={})
    else:
        first = Event.objects.filter(subject_id=subject_id, kind="headsup.received").values_list("pk", flat=True)
        written = Delivery.objects.filter(event_id__in=list(first))
        written.filter(state=Delivery.State.PENDING).update(state=Delivery.State.SUPERSEDED)
        told = written.filter(state__in={Delivery.State.CLAIMED, *Delivery.TOLD})
        choice = choose(
            [way for way in ways if way.id in set(told.values_list("contact_point_id", flat=True))], doubts={}
        )
    exercise = Event.objects.values_list("data", flat=True).get(pk=event_id).get("exercise", False)
    write(New(None, organisation_id, event_id, HEADS_UPS[kind], exercise=exercise), choice.use, choice.skip)
    if kind == "headsup.received" and (because := why_nobody(choice)):
        _say_nobody_was_told(organisation_id, event_id, because)


def _ways() -> list[Way]:
    """The ways of the organisation, those that ride on nothing shared before the others: nobody knows yet what is
    attacked."""
    alone = set(ContactPoint.objects.filter(rides_on=None).values_list("pk", flat=True))
    return sorted(active_ways(), key=lambda way: (way.is_beside, way.id not in alone))


def _go_round(organisation_id: UUID, delivery_id: UUID) -> None:
    """A way has failed for good: take that person's next one, or say that nobody here could be told."""
    dead = Delivery.objects.values("person_id", "message", "event_id", "way").get(pk=delivery_id)
    event_id, message = dead["event_id"], dead["message"]
    if message == Message.CONTACT_TEST or dead["way"] in BESIDE:
        return  # that nobody answers is what the test is for
    if message in PLANNED:
        tell_next(event_id, organisation_id=organisation_id, message=message)
        return
    if not tell_by_next_way(delivery_id, organisation_id=organisation_id):
        _say_nobody_was_told(organisation_id, event_id, ALL_FAILED)


def tell_by_next_way(delivery_id: UUID, *, organisation_id: UUID) -> bool:
    """Write a notice to the next trusted way of whoever it went to, unless they are told by another one.

    For one that has failed for good, or waits too long. False: nothing of it has told anybody, or is under way.
    """
    names = ("person_id", "message", "event_id", "exercise")
    person, message, event_id, exercise = Delivery.objects.values_list(*names).get(pk=delivery_id)
    about = Delivery.objects.filter(event_id=event_id, organisation_id=organisation_id, message=message)
    written = list(
        about.exclude(way__in=BESIDE).values_list("id", "contact_point_id", "person_id", "state", "next_way")
    )
    served = any(
        state in Delivery.TOLD or (state in Delivery.UNDER_WAY and next_way != "taken")
        for each, _point, whose, state, next_way in written
        if whose == person and each != delivery_id
    )
    use: list[Way] = []
    if person is not None and not served:
        tried = {point for _each, point, *_ in written}
        left = [way for way in _ways() if way.id not in tried and not way.is_beside]
        use = [way for way in choose(left, doubts={}, people={person}).use if way.person_id is not None]
        write(New(None, organisation_id, event_id, message, exercise=exercise), use)
    return bool(use) or any(state in Delivery.UNDER_WAY | Delivery.TOLD for *_, state, _next in written)


def _say_nobody_was_told(organisation_id: UUID, event_id: UUID, because: str) -> None:
    actor = Actor(organisation_id)
    record("notice.not_told", actor=actor, audience=[organisation_id], subject_id=event_id, because=because)
