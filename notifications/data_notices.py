"""Telling an organisation that something between it and another waits: a notice of its data, a statement to agree to.

What it says stands in the portal alone.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connections

from incidents.models import Incident
from notifications.deliveries import New, write
from notifications.lead_offered import tell_managers
from notifications.models import Delivery
from notifications.recipients import BESIDE, choose
from notifications.rungs import ladder_now
from notifications.trust import mark_doubtful
from notifications.ways import active_ways
from partners.models import Rung
from portal.ledger.models import Event

MESSAGES = {"data_notice": Delivery.Message.DATA_NOTICE, "statement": Delivery.Message.STATEMENT_ASKED}
KINDS = frozenset({"data_notice.sent", "data_notice.reminded", "data_notice.overdue"}) | {
    "statement.asked", "statement.reminded", "statement.overdue",
}  # fmt: skip


def tell_of_notice(incident: Incident, *, organisation_id: UUID, event_id: UUID, kind: str) -> None:
    """To whoever is on duty, and again at half of the time; to everybody who may lead when it is over.

    At night too: a clock of the law can start with what a notice says, and words to the press wait for no morning.
    Where nobody has a way that is trusted, the sender of a notice learns that.
    """
    _tell(incident, organisation_id, event_id, kind)
    if kind.startswith("data_notice."):
        say_whether_reached(event_id)


def say_whether_reached(event_id: UUID) -> None:
    """To the sender of a notice, in its page: whether a message about it found anybody of the entered organisation."""
    written = Delivery.objects.filter(event_id=event_id).exclude(way__in=BESIDE)
    reached = written.filter(state__in=Delivery.UNDER_WAY | Delivery.TOLD).exists()
    notice = Event.objects.values_list("subject_id", flat=True).get(pk=event_id)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.data_notice_reached(%s, %s)", [notice, reached])


def _tell(incident: Incident, organisation_id: UUID, event_id: UUID, kind: str) -> None:
    subject, what = kind.split(".")
    new = New(incident, organisation_id, event_id, MESSAGES[subject])
    if incident.status == Incident.Status.SUSPECTED and organisation_id == incident.lead_id:
        # As the suspicion itself: to the people whom its opener has named and the desk, and to nobody else there.
        choice = choose(active_ways(), doubts=mark_doubtful(incident), people=set(incident.tell_people))
        write(new, choice.use, choice.skip)
        return
    if what == "overdue":
        tell_managers(new)
        return
    call = ladder_now(incident).call(Rung.DUTY, 1)
    write(new, call.use, call.skip)
