"""The open message once more, because the lead pressed *Nudge*: over ways that carried none yet, else over the same."""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident, Participant
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import choose, duty_first
from notifications.rungs import ladder_now
from partners import approvals


def nudge(incident: Incident, *, slug: str) -> None:
    """Have it sent again. Raises approvals.NotAllowed: not the lead's, answered, or within ten minutes."""
    approvals.call("SELECT sec.repeat_call(%s, %s)", [incident.pk, slug])


def next_contact(incident: Incident, *, slug: str) -> None:
    """Have the ladder's next step taken at once. Raises approvals.NotAllowed: not the lead's, answered, no ladder."""
    approvals.call("SELECT sec.hurry_call(%s, %s)", [incident.pk, slug])


def tell_again(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> int:
    """Inside the organisation: once an event, to whoever was told so far (else whoever is on duty); how many messages.

    A person gets it over a trusted way that has carried none, when there is one.
    """
    side = Participant.objects.get(incident=incident, organisation_id=organisation_id)
    if side.acknowledged_at is not None:  # answered between the press and now
        return 0
    written = Delivery.objects.filter(
        incident=incident, organisation_id=organisation_id, message=Delivery.Message.OPENED
    ).exclude(state=Delivery.State.SKIPPED)
    carried, people = set(), set()
    for point, person in written.values_list("contact_point_id", "person_id"):
        carried.add(point)
        people.add(person)
    ladder = ladder_now(incident)
    called = {person for person in people if person} or ({ladder.on_duty} if ladder.on_duty else None)
    ways = sorted(duty_first(ladder.ways, ladder.on_duty), key=lambda way: way.id in carried)
    choice = choose(ways, doubts={}, people=called)
    new = New(incident, organisation_id, event_id, Delivery.Message.OPENED, anew=True)
    return write(new, choice.use)
