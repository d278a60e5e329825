"""Telling an organisation that a notice of its data waits for it. What it says stands in the portal alone."""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.lead_offered import tell_managers
from notifications.models import Delivery
from notifications.recipients import choose
from notifications.rungs import ladder_now
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Rung

SENT, REMINDED, OVERDUE = "data_notice.sent", "data_notice.reminded", "data_notice.overdue"
KINDS = frozenset({SENT, REMINDED, OVERDUE})


def tell_of_notice(incident: Incident, *, organisation_id: UUID, event_id: UUID, kind: str) -> int:
    """To whoever is on duty, and again at half of the time; to everybody who may lead when it is over. How many.

    At night too: a clock of the law can start with what it says.
    """
    new = New(incident, organisation_id, event_id, Delivery.Message.DATA_NOTICE)
    if incident.status == Incident.Status.SUSPECTED and organisation_id == incident.lead_id:
        # As the suspicion itself: to the people whom its opener has named and the desk, and to nobody else there.
        choice = choose(active_ways(), doubts=mark_doubtful(incident), people=set(incident.tell_people))
        return write(new, choice.use, choice.skip)
    if kind == OVERDUE:
        tell_managers(new)
        return 0
    call = ladder_now(incident).call(Rung.DUTY, 1)
    return write(new, call.use, call.skip)
