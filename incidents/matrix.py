"""The matrix of a board, organisations by steps: read with one query, and each cell written once for each sign.

A board of 33 organisations with twelve steps is 400 cells. What a cell looks like depends on its sign alone, so the
template is asked once for each sign, and what differs, the task's id and how late it is, is put between its parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from incidents.models import Incident, Step
from incidents.words import STATE_OF_STATUS, span, state, state_key_in_time
from portal.postgres.prepared import Prepared, prepared_cursor

Place = tuple[str, str]  # the playbook actions before a step, for a playbook may be run twice within another; the step
Column = tuple[Place, int, Mapping[str, Any]]
# The last turn of a step that is repeated stands for it. Times come as seconds: 800 of them as such would be a tenth of
# the page.
_READ = """
SELECT t.organisation_id, t.path, t.step_id::text, t.position, t.id::text, t.status,
       extract(epoch FROM %(now)s - CASE t.status WHEN 'waiting' THEN least(t.acknowledge_by, t.finish_by)
           WHEN 'acknowledged' THEN t.finish_by WHEN 'in_progress' THEN t.finish_by END)::float8,
       extract(epoch FROM t.acknowledge_by)::float8
  FROM incidents_task t WHERE t.incident_id = %(incident)s ORDER BY t.position, t.turn
"""
_STEPS = Prepared(Step, "id = ANY (%s::uuid[])", columns=("id", "playbook_id", "position", "title", "short_title"))
NO_TASK, NO_TIME = UUID(int=0), "00:00"


class Held(NamedTuple):
    """A task as the matrix needs it. `late`: seconds past its time, below zero when there is still time."""

    position: int
    id: str
    status: str
    late: float | None
    accept_by: float | None


Own = Mapping[Place, Held]


def tasks_in(incident: Incident, *, now: datetime) -> dict[UUID, dict[Place, Held]]:
    """The tasks that may be seen, by organisation and place. One query."""
    with prepared_cursor() as cursor:
        cursor.execute(_READ, {"incident": incident.pk, "now": now})
        found: defaultdict[UUID, dict[Place, Held]] = defaultdict(dict)
        for organisation_id, path, step_id, *rest in cursor.fetchall():
            found[organisation_id][path, step_id] = Held(*rest)
    return dict(found)


def columns_of(tasks: Iterable[Own]) -> list[Column]:
    """Steps that somebody has a task for, in the order of the run, with their number in it. One query."""
    used = {place: task.position for own in tasks for place, task in own.items()}
    wanted = {step for _path, step in used}
    steps = {str(step["id"]): step for step in _STEPS.values(list(wanted))}
    columns = [(place, position, steps[place[1]]) for place, position in used.items() if place[1] in steps]
    return sorted(columns, key=lambda column: (column[1], column[0]))


def cells_of(own: Own, side: Mapping[str, Any], columns: Iterable[Column]) -> SafeString:
    """The cells of one organisation's row. `side` needs told_at and seen_at."""
    language = get_language() or ""
    none_here = _parts("", language)[0]
    waiting = state_key_in_time({"status": "waiting"}, side)
    written = []
    for place, _position, _step in columns:
        task = own.get(place)
        if task is None:
            written.append(none_here)
        elif task.late is not None and task.late > 0:
            before, between, after = _parts("overdue", language)
            written += [before, task.id, between, escape(span(timedelta(seconds=task.late))), after]
        else:
            key = waiting if task.status == "waiting" else STATE_OF_STATUS[task.status]
            before, _between, after = _parts(key, language)
            written += [before, task.id, after]
    return mark_safe("".join(written))  # noqa: S308 - template's own text, ids from the database, escaped words


@lru_cache(maxsize=256)
def _parts(key: str, language: str) -> tuple[str, str, str]:
    """What stands before the task's id, between it and the time of one that is overdue, and at the end. Without a `key`
    the cell of an organisation that has no such step. `language` is for the cache: the words are of the active one."""
    cell = {**state(key), "href": reverse("task-detail", args=[NO_TASK])} if key else None
    if cell and key == "overdue":
        cell["overdue_by"] = NO_TIME
    text = get_template("incidents/_cell.html").render({"cell": cell})
    before, _, rest = text.partition(str(NO_TASK))
    between, _, after = rest.partition(NO_TIME)
    return (before, between, after) if key == "overdue" else (before, "", rest)


def first_due(own: Own) -> datetime | None:
    """By when the first of these is to be accepted."""
    times = [task.accept_by for task in own.values() if task.accept_by is not None]
    return datetime.fromtimestamp(min(times), UTC) if times else None
