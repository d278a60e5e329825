"""The lead is reminded of the update that it promised, by the rules of its own ladder's first rung."""

from __future__ import annotations

from uuid import UUID

from incidents.models import Incident, UpdateReminder
from notifications.deliveries import New, write
from notifications.later_steps import by_day
from notifications.models import Delivery
from notifications.rungs import QUIET, ladder_now
from partners.models import Rung


def remind(incident: Incident, *, organisation_id: UUID, event_id: UUID, reminder_id: UUID) -> int:
    """Write the messages to whoever is on duty at the lead; how many. The page says the same to everybody there.

    None when it has been overtaken, by an update, another time or another lead; none at night when it is not urgent.
    Who had a message within ten minutes reads it in the page alone: the database sees to that.
    """
    reminder = UpdateReminder.objects.filter(pk=reminder_id).first()
    if (
        reminder is None
        or not reminder.lead_id == incident.lead_id == organisation_id
        or reminder.promised_at != incident.next_update_at
    ):
        return 0
    ladder = ladder_now(incident)
    if ladder.band in QUIET and not by_day(organisation_id, ladder.now):
        return 0
    call = ladder.call(Rung.DUTY, 1)
    new = New(incident, organisation_id, event_id, Delivery.Message.UPDATE_DUE)
    return write(new, call.use, call.skip)
