"""Telling an organisation that somebody else has written an answer down in its name: it says whether it is so.

What was answered, and who is said to have said it, stands in the portal alone.
"""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import choose
from notifications.rungs import ladder_now
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Rung


def tell_of_report(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> int:
    """To whoever is on duty there, over trusted ways, at night too: steps go on by it. How many messages."""
    new = New(incident, organisation_id, event_id, Delivery.Message.ANSWERED_FOR)
    if incident.status == Incident.Status.SUSPECTED and organisation_id == incident.lead_id:
        # As the suspicion itself: to the people whom its opener has named and the desk, and to nobody else there.
        choice = choose(active_ways(), doubts=mark_doubtful(incident), people=set(incident.tell_people))
        return write(new, choice.use, choice.skip)
    call = ladder_now(incident).call(Rung.DUTY, 1)
    return write(new, call.use, call.skip)
