"""The ladder of an organisation in an incident, for those who begin, stop or move it.

It begins with the opening, climbs while nobody answers (`climbing.py`), and ends with the first answer: the database
sees to that in the transaction of the answer. Whoever hears of an answer that is not a task's says so here.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connections

from incidents.models import Incident, Participant
from notifications.climbing import call_next
from notifications.models import LadderStep
from notifications.rungs import QUIET, Call, Ladder
from partners import approvals


def start(incident: Incident, side: Participant, ladder: Ladder, event_id: UUID) -> Call | None:
    """Call the first rung, unless this ladder has begun before or needs not; whom it called. Inside the organisation.

    A ladder that waits for the day is hurried when the incident has become urgent meanwhile.
    """
    if not side.tasks_total or side.acknowledged_at is not None:
        return None
    if LadderStep.objects.filter(incident=incident, organisation_id=side.organisation_id).exists():
        if ladder.band not in QUIET:
            _hurry(incident, side, ladder)
        return None
    return call_next(incident, side, ladder, event_id)


def stop(incident_id: UUID, organisation_id: UUID, because: str) -> bool:
    """End this organisation's ladder and take back what higher rungs have not been sent yet; False when none climbs.

    For a worker inside the organisation or an overseer, and for people of both who may answer. `because` is read by
    the organisation and the overseers (at most 200 letters, names nobody).

    Raises:
        approvals.NotAllowed: somebody else's, or no reason.
    """
    return bool(approvals.call("SELECT sec.stop_ladder(%s, %s, %s)", [incident_id, organisation_id, because]))


def climb_now(incident_id: UUID, organisation_id: UUID, because: str) -> bool:
    """Give the rung that is called no more time: the next is called within a second; False when none is waiting.

    Raises:
        approvals.NotAllowed: as for `stop`.
    """
    return bool(approvals.call("SELECT sec.climb_ladder(%s, %s, %s)", [incident_id, organisation_id, because]))


def pass_on(incident_id: UUID, colleague_id: UUID) -> str:
    """Have a colleague of one's own called next, with the time of a rung: 'done', or in one word why not.

    'over': nothing waits for an answer; 'not_told': who asks was not told; 'nobody': no such colleague; 'again': this
    rung was passed on before.

    Raises:
        approvals.NotAllowed: no part in the incident, or no passkey used just now.
    """
    return str(approvals.call("SELECT sec.pass_ladder_on(%s, %s)", [incident_id, colleague_id]))


def _hurry(incident: Incident, side: Participant, ladder: Ladder) -> None:
    """Worse than it was: a rung has no longer than it would have had, and no night is waited for."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_ladderstep SET quiet = false,"
            " due_at = least(due_at, now() + make_interval(mins => %s))"
            " WHERE incident_id = %s AND organisation_id = %s AND state = 'waiting' AND quiet RETURNING due_at",
            [ladder.minutes_in(1), incident.pk, side.organisation_id],
        )
        row = cursor.fetchone()
        if row:
            cursor.execute(
                "UPDATE incidents_participant SET next_step_at = %s"
                " WHERE incident_id = %s AND organisation_id = %s AND next_step <> ''",
                [row[0], incident.pk, side.organisation_id],
            )
