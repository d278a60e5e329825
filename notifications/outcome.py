"""What an answered attempt means for the incident. Runs inside the delivery's organisation, in the transaction that
settles it."""

from __future__ import annotations

from typing import Any

from django.db import connections

from incidents.models import Incident, Participant
from incidents.participants import mark_lost, mark_reached
from notifications.deliveries import BETWEEN_TWO, FIRST_MESSAGES, Held, New, write
from notifications.models import Delivery
from notifications.recipients import BESIDE, Way
from partners import work
from partners.models import ContactPoint, Organisation
from portal.ledger.record import Actor, record
from portal.reasons import reason, reason_in_words

DEAD_LETTERS = "dead_letters"  # one item of work for all of an organisation's
_HOW_FAR = """
SELECT count(DISTINCT coalesce(person_id, contact_point_id, organisation_id)) FILTER (WHERE state = ANY (%(told)s)),
       count(*) FILTER (WHERE state = ANY (%(under_way)s))
  FROM notifications_delivery
 WHERE incident_id = %(incident)s AND organisation_id = %(organisation)s AND message = ANY (%(messages)s)
   AND NOT way = ANY (%(beside)s)
"""


# The first message that has told somebody and has not died since.
_STILL_TOLD = """
SELECT accepted_at, way FROM notifications_delivery
 WHERE incident_id = %(incident)s AND organisation_id = %(organisation)s
   AND (message = ANY (%(messages)s) OR way = 'phone' AND message <> 'stood_down')  -- a call says everything
   AND NOT way = ANY (%(beside)s) AND state = ANY (%(told)s) ORDER BY accepted_at LIMIT 1
"""


KINDS = {
    ContactPoint.Kind.EMAIL: reason("E-mail"), ContactPoint.Kind.PHONE: reason("Telephone"),
    ContactPoint.Kind.SMS: reason("Text message"), ContactPoint.Kind.TEAMS: reason("Microsoft Teams"),
    ContactPoint.Kind.SLACK: reason("Slack"), ContactPoint.Kind.PUSH: reason("Notice in a browser"),
}  # fmt: skip


def way_in_words(way: str) -> str:
    """A kind of contact point in the reader's language."""
    return reason_in_words(KINDS.get(way, way))  # type: ignore[call-overload]


def note_accepted(held: Held) -> None:
    """Somebody is told: the participant's row says so. The first and the last of a round are events."""
    if held.message not in FIRST_MESSAGES:
        return
    incident = _incident(held)
    if held.way in BESIDE:  # nobody counts as told by it
        if incident.status == Incident.Status.CLOSED:
            _stand_down_too(held, incident)
        return
    # Locked before counting: of two workers that settle at once the second must count the first one's message.
    side = (
        Participant.objects.select_for_update()
        .only("slug")
        .get(incident=incident, organisation_id=held.organisation_id)
    )
    people, under_way = _how_far(held)
    first = mark_reached(
        incident_id=incident.pk,
        organisation_id=held.organisation_id,
        told_by=KINDS[ContactPoint.Kind(held.way)],
        people_told=people,
    )
    if first or not under_way:
        _record("organisation.told", held, incident, side.slug, by=held.way, people=people)
    if incident.status == Incident.Status.CLOSED:
        _stand_down_too(held, incident)


def note_delivered(held: Held) -> None:
    """A service says that it arrived: pages that show the message are told so."""
    _happened("delivery.delivered", held)


def note_dead(held: Held, because: str) -> None:
    """A message that will not arrive is an event: somebody has to be told another way. And it is work for its own."""
    _count_again(held)
    _happened("delivery.dead", held, because=because)
    if held.message != Delivery.Message.CONTACT_TEST:  # its round says itself what came of it
        work.raise_own(
            "dead_letter",
            DEAD_LETTERS,
            "Messages of yours could not be delivered",
            detail="Mend the contact, then send them again. Who has another way was told by that one.",
            page="/deliveries/",
        )


def hold_side(held: Held) -> None:
    """Hold the participant before the delivery, as whoever settles an answer does; before counting, in any case."""
    if held.message in FIRST_MESSAGES and held.incident_id is not None:
        Participant.objects.select_for_update().only("slug").get(
            incident_id=held.incident_id, organisation_id=held.organisation_id
        )


def _count_again(held: Held) -> None:
    """A message that a service took and did not deliver has told nobody: the board says who is told by what is left."""
    if held.message not in FIRST_MESSAGES or held.incident_id is None:
        return
    hold_side(held)
    people, _under_way = _how_far(held)
    with connections["default"].cursor() as cursor:
        cursor.execute(_STILL_TOLD, _asked_of(held))
        at, way = cursor.fetchone() or (None, "")
    mark_lost(
        incident_id=held.incident_id,
        organisation_id=held.organisation_id,
        told_at=at,
        told_by=KINDS[ContactPoint.Kind(way)] if way else "",
        people=people,
    )


def note_gone(held: Held) -> None:
    """A channel or a browser takes nothing any more: a browser is forgotten, a channel is somebody's to mend."""
    point = Delivery.objects.values_list("contact_point_id", flat=True).get(pk=held.id)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.contact_gone(%s)", [point])
    if held.way != ContactPoint.Kind.PUSH:
        work.raise_own(
            "contact_gone",
            f"contact_gone:{point}",
            "A channel of yours takes no messages any more",
            detail="Make a new address for it there and put that in here, or take the contact out of use.",
            page=f"/partners/contacts/{point}/",
        )


def note_sent_again(held: Held, actor: Actor) -> None:
    """A person drove a dead message again; the work is done when there is no other."""
    _happened("delivery.sent_again", held, actor=actor)
    if not Delivery.objects.filter(organisation_id=held.organisation_id, state=Delivery.State.DEAD).exists():
        work.clear(DEAD_LETTERS)


def _happened(kind: str, held: Held, *, actor: Actor | None = None, **more: str) -> None:
    """An event about one message. Of an incident's its overseers hear; an organisation's own notice stays at home."""
    said: dict[str, Any] = {"message": held.message, "by": held.way, **more}
    if held.incident_id is not None:
        incident = _incident(held)
        sides = Participant.objects.filter(incident=incident, organisation_id=held.organisation_id)
        _record(kind, held, incident, sides.values_list("slug", flat=True).get(), actor=actor, **said)
        return
    record(
        kind,
        actor=actor or Actor(held.organisation_id),
        audience=[held.organisation_id],
        subject_id=held.id,
        organisation=Organisation.objects.values_list("slug", flat=True).get(pk=held.organisation_id),
        **said,
    )


def _incident(held: Held) -> Incident:
    assert held.incident_id is not None
    return Incident.objects.only("id", "reference", "status", "exercise", "overseers").get(pk=held.incident_id)


def _stand_down_too(held: Held, incident: Incident) -> None:
    """The incident was closed while this message was on its way: the stand-down went to those told before it."""
    values = Delivery.objects.values_list("contact_point_id", "person_id", "way", "state", "incident_id")
    point, person, way, _, _ = values.get(pk=held.id)
    new = New(incident, held.organisation_id, held.id, Delivery.Message.STOOD_DOWN)
    write(new, [Way(point, person, way)])


def _how_far(held: Held) -> tuple[int, int]:
    """How many people of the organisation are told, and how many messages to them are still under way."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_HOW_FAR, _asked_of(held))
        people, under_way = cursor.fetchone()
    return people, under_way


def _asked_of(held: Held) -> dict[str, Any]:
    return {
        "incident": held.incident_id,
        "organisation": held.organisation_id,
        "messages": list(FIRST_MESSAGES),
        "beside": list(BESIDE),
        "told": list(Delivery.TOLD),
        "under_way": list(Delivery.UNDER_WAY),
    }


def _record(
    kind: str, held: Held, incident: Incident, slug: str, *, actor: Actor | None = None, **data: str | int
) -> None:
    record(
        kind,
        actor=actor or Actor(held.organisation_id),
        audience=(held.organisation_id, *(() if held.message in BETWEEN_TWO else incident.overseers)),
        subject_id=held.id,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        organisation=slug,
        **data,
    )
