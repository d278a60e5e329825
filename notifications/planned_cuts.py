"""Telling whoever a planned cut stops something for: that an answer is asked, and what became of it.

A message never says that something is cut: a mailbox may be read by whom it is cut off from.
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

ASKED, TOLD = "cut.asked", "cut.told"
KINDS = frozenset({ASKED, TOLD})


def tell_of_cut(incident: Incident, *, organisation_id: UUID, event_id: UUID, kind: str) -> int:
    """To whoever is on duty there, over trusted ways, at night too: a service stops. How many messages."""
    message = Delivery.Message.CUT_ASKED if kind == ASKED else Delivery.Message.CUT_CHANGED
    new = New(incident, organisation_id, event_id, message)
    if incident.status == Incident.Status.SUSPECTED and organisation_id == incident.lead_id:
        # As the suspicion itself: to the people whom its opener has named and the desk, and to nobody else there.
        choice = choose(active_ways(), doubts=mark_doubtful(incident), people=set(incident.tell_people))
        return write(new, choice.use, choice.skip)
    call = ladder_now(incident).call(Rung.DUTY, 1)
    return write(new, call.use, call.skip)
