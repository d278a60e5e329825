"""How far an organisation has been reached: columns of its participant row, written for the room that tells people."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connections

from incidents.models import Participant

_MARK = """
UPDATE incidents_participant p
   SET told_at = coalesce(p.told_at, CASE WHEN %(told)s THEN clock_timestamp() END),
       told_by = CASE WHEN p.told_at IS NULL AND %(told)s THEN %(by)s ELSE p.told_by END,
       delivered_at = coalesce(p.delivered_at, CASE WHEN %(delivered)s THEN clock_timestamp() END),
       people_told = coalesce(%(people)s, p.people_told),
       not_told_because = CASE WHEN %(told)s THEN '' WHEN p.told_at IS NOT NULL THEN p.not_told_because
                               ELSE coalesce(%(because)s, p.not_told_because) END
  FROM (SELECT x.id, x.told_at, x.not_told_because FROM incidents_participant x
         WHERE x.incident_id = %(incident)s AND x.organisation_id = %(organisation)s FOR UPDATE) was
 WHERE p.id = was.id
RETURNING was.told_at IS NULL AND (p.told_at IS NOT NULL OR was.not_told_because <> p.not_told_because)
"""


def mark_reached(
    *,
    incident_id: UUID,
    organisation_id: UUID,
    told_by: str = "",
    people_told: int | None = None,
    delivered: bool = False,
    not_told_because: str | None = None,
) -> bool:
    """Write what is known of telling the organisation that the worker has entered; True when that is news.

    `told_by` names the way in words and means that somebody has been told: the first time stays, and a reason for not
    having told anybody goes. `not_told_because` is ignored once somebody was. Safe to repeat; locks the row.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            _MARK,
            {
                "incident": incident_id,
                "organisation": organisation_id,
                "told": bool(told_by),
                "by": told_by,
                "delivered": delivered,
                "people": people_told,
                "because": not_told_because,
            },
        )
        row = cursor.fetchone()
    return bool(row and row[0])


_RECOUNT = """
UPDATE incidents_participant
   SET told_at = %(at)s, told_by = %(by)s, people_told = %(people)s
 WHERE incident_id = %(incident)s AND organisation_id = %(organisation)s
   AND told_at IS NOT NULL AND seen_at IS NULL AND acknowledged_at IS NULL
"""


def mark_lost(*, incident_id: UUID, organisation_id: UUID, told_at: datetime | None, told_by: str, people: int) -> None:
    """Write who has been told now that a message which was taken has died; `told_at` None: nobody has.

    Whoever has seen the incident or answered knows of it all the same, and their row stays as it is.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            _RECOUNT,
            {
                "incident": incident_id,
                "organisation": organisation_id,
                "at": told_at,
                "by": told_by,
                "people": people,
            },
        )


def mark_said(*, incident_id: UUID, organisation_id: UUID, said: str, by: str, at: datetime) -> None:
    """Write what somebody of the organisation that the worker has entered said without signing in; the newest stays."""
    Participant.objects.filter(incident_id=incident_id, organisation_id=organisation_id).exclude(said_at__gt=at).update(
        said=said, said_by=by, said_at=at
    )


def mark_next(*, incident_id: UUID, organisation_id: UUID, words: str, at: datetime | None, times_climbed: int) -> None:
    """Write what the ladder of the organisation that the worker has entered does next; '' when it does nothing more."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE incidents_participant SET next_step = %s, next_step_at = %s, times_climbed = %s"
            " WHERE incident_id = %s AND organisation_id = %s",
            [words, at, times_climbed, incident_id, organisation_id],
        )
