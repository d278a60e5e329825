"""What is there at all of the many things that may stand on a board: one question in place of one for each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from incidents.models import Incident
from incidents.unchecked import CHECK_WITHIN
from portal.postgres.prepared import prepared_cursor

_ASKED = """
SELECT sec.silence(%(incident)s), sec.board_has(%(incident)s, %(me)s) || array_remove(ARRAY[
    CASE WHEN EXISTS (SELECT FROM sec.not_trusted(%(incident)s)) THEN 'suspicions' END,
    CASE WHEN EXISTS (SELECT FROM sec.mail_distrust()) THEN 'mail marks' END,
    CASE WHEN EXISTS (SELECT FROM incidents_updaterequest x WHERE x.incident_id = %(incident)s
                         AND x.answered_at IS NULL) THEN 'questions of others' END,
    CASE WHEN EXISTS (SELECT FROM incidents_task x WHERE x.incident_id = %(incident)s
                         AND x.status = 'done' AND x.done_at <= %(long_ago)s) THEN 'done long ago' END], NULL)
"""


def board_has(incident: Incident, *, me: UUID, now: datetime) -> tuple[int, frozenset[str]]:
    """How many have not answered (`header.silence`), and those of which the reader may see a row: of `handovers`,
    `questions`, `questions of others`, `cuts`, `cuts to answer`, `decisions`, `reported answers`, `data notices`,
    `statements`, `duties`, `own actions`, `planned work`, `reviews`, `signatures`, `untold`, `card`, `suspicions`,
    `mail marks` and `done long ago`. What is named still has to be read; what is not, is not there. One query."""
    with prepared_cursor() as cursor:
        cursor.execute(_ASKED, {"incident": incident.pk, "me": me, "long_ago": now - CHECK_WITHIN})
        silent, named = cursor.fetchone()
        return silent or 0, frozenset(named)
