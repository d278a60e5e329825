"""Which steps of a run have become ready: those before them are settled, so their clocks start.

Whoever's answer woke the job, it works with the rights of the incident's lead. A step waits for the same organisation's
own tasks, and for every task of a step that the provider or the lead does for all.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db import connections

from incidents.models import Incident, Task
from portal.claims import claimant
from portal.ledger.record import Actor, Entry, record_many
from portal.tenancy.scope import queue_scope

LEASE_SECONDS = 60
PATIENCE_SECONDS = 2.0
AT_MOST = 100
SETTLED = sorted(Task.SETTLED)

_DUE = "r.due_at <= now() OR (r.claimed_by <> '' AND r.due_at IS NULL)"  # the latter: a worker died over it
_READY = """
UPDATE incidents_task t
   SET ready = true,
       acknowledge_by = now() + make_interval(mins => s.acknowledge_minutes),
       finish_by = now() + make_interval(mins => coalesce(%(due)s, s.finish_minutes))
  FROM incidents_step s
 WHERE t.incident_id = %(incident)s AND s.id = t.step_id AND NOT t.ready AND t.status <> ALL (%(settled)s)
   AND NOT EXISTS (
       SELECT 1 FROM incidents_task before JOIN incidents_step b ON b.id = before.step_id
        WHERE before.incident_id = t.incident_id AND b.playbook_id = s.playbook_id AND b.cacao_step_id = ANY (s.after)
          AND (before.organisation_id = t.organisation_id OR b.audience IN ('provider', 'lead'))
          AND before.status <> ALL (%(settled)s))
RETURNING t.organisation_id, t.id, t.position
"""


def advance_due() -> int:
    """Look at every run in which a task has been settled since the last look; how many tasks became ready."""
    with queue_scope():
        rows = _all(
            f"SELECT r.incident_id FROM incidents_run r WHERE ({_DUE})"  # noqa: S608
            " AND (r.claimed_until IS NULL OR r.claimed_until < now()) ORDER BY r.due_at LIMIT %s",
            [AT_MOST],
        )
    return sum(advance(incident_id, worker=claimant()) for (incident_id,) in rows)


def advance(incident_id: UUID, *, worker: str) -> int:
    """Start the clocks of the tasks whose steps before are settled; how many. Safe to repeat and to run twice at once.

    Records one `tasks.ready` per organisation, for it and the overseers.
    """
    with queue_scope():
        claimed = _all(
            "UPDATE incidents_run r SET due_at = NULL, claimed_by = %s,"  # noqa: S608
            " claimed_until = now() + make_interval(secs => %s)"
            f" WHERE r.incident_id = %s AND ({_DUE}) AND (r.claimed_until IS NULL OR r.claimed_until < now())"
            " RETURNING 1",
            [worker, LEASE_SECONDS, incident_id],
        )
    if not claimed:
        return 0
    answered = _earlier_answers_are_in()
    with queue_scope():
        _all("SELECT sec.enter_run(%s, %s)", [incident_id, worker])
        ready = _make_ready(Incident.objects.get(pk=incident_id))
        # Whoever settled a task meanwhile has set `due_at` again; it stays.
        _all(
            "UPDATE incidents_run SET claimed_by = '', claimed_until = NULL,"
            " due_at = coalesce(due_at, CASE WHEN %s THEN NULL ELSE now() + interval '1 second' END)"
            " WHERE incident_id = %s AND claimed_by = %s RETURNING 1",
            [answered, incident_id, worker],
        )
    return ready


def _make_ready(incident: Incident) -> int:
    if incident.status == Incident.Status.CLOSED:
        return 0
    parameters = {"incident": incident.pk, "due": incident.tasks_due_minutes, "settled": SETTLED}
    tasks: dict[UUID, list[tuple[int, UUID]]] = defaultdict(list)
    for organisation_id, task_id, position in _all(_READY, parameters):
        tasks[organisation_id].append((position, task_id))
    slugs = dict(incident.sides.filter(organisation_id__in=tasks).values_list("organisation_id", "slug"))
    record_many(
        [
            Entry(
                "tasks.ready",
                (organisation_id, *incident.overseers),
                None,
                {"organisation": slugs[organisation_id], "tasks": [str(task_id) for _, task_id in sorted(ready)]},
            )
            for organisation_id, ready in tasks.items()
        ],
        actor=Actor(incident.lead_id),
        incident_id=incident.pk,
        incident_reference=incident.reference,
    )
    return sum(map(len, tasks.values()))


def _earlier_answers_are_in() -> bool:
    """Wait until every transaction that was open when the run was claimed has ended; False when one takes too long.

    The trigger that makes a run due leaves a run alone that is due already. An answer that found it so, and is not
    committed yet, would be missed both by that claim and by the trigger.
    """
    with queue_scope():
        ((opened_before,),) = _all("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint", [])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with queue_scope():
            ((oldest_open,),) = _all("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", [])
        if oldest_open >= opened_before:
            return True
        time.sleep(0.01)
    return False


def _all(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
