"""Telling of what a plan brings later: steps that have become ready, and a question that the lead has to decide."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connections

from incidents.models import Decision, Incident, Participant
from notifications.deliveries import New, write
from notifications.lead_offered import tell_managers
from notifications.models import Delivery, LadderStep
from notifications.rungs import QUIET, ladder_now
from partners.models import Rung

# A key is nobody: what a tool has done, nobody there may have read.
_AT_IT = """
SELECT EXISTS (SELECT 1 FROM incidents_task t JOIN partners_person p ON p.id = t.changed_by_id
                WHERE t.incident_id = %s AND t.organisation_id = %s AND t.changed_at > now() - interval '10 minutes')
"""


def never_called(incident: Incident, organisation_id: UUID) -> bool:
    """Whether these are its first steps: nobody there was called, and nobody has answered."""
    side = Participant.objects.get(incident=incident, organisation_id=organisation_id)
    begun = LadderStep.objects.filter(incident=incident, organisation_id=organisation_id).exists()
    return side.tasks_total > 0 and side.acknowledged_at is None and not begun


def tell_of_steps(incident: Incident, *, organisation_id: UUID, event_id: UUID) -> int:
    """One message to whoever is on duty, unless somebody there is at it and reads it in the page; how many.

    Not at night when it is not urgent. Who had a message within ten minutes reads it in the page: the database sees to
    that.
    """
    if _somebody_is_at_it(incident.pk, organisation_id):
        return 0
    ladder = ladder_now(incident)
    if ladder.band in QUIET and not by_day(organisation_id, ladder.now):
        return 0
    call = ladder.call(Rung.DUTY, 1)
    return write(New(incident, organisation_id, event_id, Delivery.Message.STEPS_READY), call.use, call.skip)


def tell_of_question(incident: Incident, *, organisation_id: UUID, event_id: UUID, decision_id: UUID) -> None:
    """To everybody of the lead who may decide it, unless it is settled: the plan stands still until they do."""
    waits = Decision.objects.filter(pk=decision_id, chosen__isnull=True, withdrawn_at__isnull=True).exists()
    if incident.lead_id == organisation_id and waits:
        tell_managers(New(incident, organisation_id, event_id, Delivery.Message.DECISION_ASKED))


def by_day(organisation_id: UUID, now: datetime) -> bool:
    """By the same hours as planned work, and by the database's clock."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.quiet_from(%s, %s) <= %s", [organisation_id, now, now])
        return bool(cursor.fetchone()[0])


def _somebody_is_at_it(incident_id: UUID, organisation_id: UUID) -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute(_AT_IT, [incident_id, organisation_id])
        return bool(cursor.fetchone()[0])
