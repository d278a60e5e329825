"""The job that moves a run: it claims the run, enters the incident's lead, and goes as far as answers and time lead.

Whoever's answer woke the job, it works with the rights of the incident's lead. The rules stand in `incidents.running`.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from incidents.models import Incident
from incidents.running.ahead import ahead_of
from incidents.running.engine import Engine, Id, Row
from incidents.running.kept import engine_of, facts_of, graph_of, keep_asks, keep_rows
from incidents.running.tasks import call_off_unreached, database_now, make_ready, tell, write_tasks
from incidents.work_order_told import tell_ready
from portal.claims import claimant
from portal.ledger.record import Actor, Entry, record_many
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)
LEASE_SECONDS = 60
AGAIN_SECONDS = 30  # after a look that failed
PATIENCE_SECONDS = 2.0
AT_MOST = 100
_DUE = "r.due_at <= now() OR (r.claimed_by <> '' AND r.due_at IS NULL)"  # the latter: a worker died over it


class ClaimLost(Exception):
    """Another worker has taken the run over meanwhile: nothing of this look stays."""


def advance_due() -> int:
    """Move every run in which something was settled or decided, or a time has come; how many tasks became ready.

    One that cannot be moved is logged and left for a while; the others go on.
    """
    with queue_scope():
        rows = _all(
            f"SELECT r.incident_id FROM incidents_run r WHERE ({_DUE})"  # noqa: S608
            " AND (r.claimed_until IS NULL OR r.claimed_until < now()) ORDER BY r.due_at LIMIT %s",
            [AT_MOST],
        )
    ready = 0
    for (incident_id,) in rows:
        worker = claimant()
        try:
            ready += advance(incident_id, worker=worker)
        except ClaimLost:
            log.warning("the run of incident %s was taken over by another worker", incident_id)
        except Exception:
            log.exception("the run of incident %s could not be moved", incident_id)
            _later(incident_id, worker)
    return ready


def _later(incident_id: UUID, worker: str) -> None:
    with queue_scope():
        _all(
            "UPDATE incidents_run SET claimed_by = '', claimed_until = NULL,"
            " due_at = now() + make_interval(secs => %s) WHERE incident_id = %s AND claimed_by = %s RETURNING 1",
            [AGAIN_SECONDS, incident_id, worker],
        )


def advance(incident_id: UUID, *, worker: str) -> int:
    """Move a run as far as it goes; how many tasks became ready. Safe to repeat, to be killed, and to run twice.

    Records one `tasks.ready` per organisation, for it and the overseers, and one `incident.asked` per decision wanted.

    Raises:
        ClaimLost: it took so long that somebody else has the run; everything is rolled back.
    """
    with queue_scope():
        claimed = _all(
            "UPDATE incidents_run r SET due_at = NULL, claimed_by = %s,"  # noqa: S608
            " claimed_until = now() + make_interval(secs => %s)"
            f" WHERE r.incident_id = %s AND ({_DUE}) AND (r.claimed_until IS NULL OR r.claimed_until < now())"
            " RETURNING called, ended_at",
            [worker, LEASE_SECONDS, incident_id],
        )
    if not claimed:
        return 0
    answered = _earlier_answers_are_in()
    ((called, ended_at),) = claimed
    with queue_scope():
        _all("SELECT sec.enter_run(%s, %s)", [incident_id, worker])  # from here on nobody closes it or puts it aside
        incident = Incident.objects.get(pk=incident_id)
        ready, due_at, ended = 0, None, ended_at is not None
        if incident.status != Incident.Status.CLOSED and incident.suspended_at is None:
            engine = engine_of(incident_id, graph_of(incident.playbook_id, orjson.loads(called)), ended=ended)
            ready = _move(incident, engine)
            due_at, ended = engine.due(), engine.ended
        # Whoever settled a task meanwhile has set `due_at` again; it stays.
        kept = _all(
            "UPDATE incidents_run SET claimed_by = '', claimed_until = NULL,"
            " ended_at = CASE WHEN %s THEN coalesce(ended_at, now()) END,"
            " due_at = coalesce(due_at, CASE WHEN %s THEN %s::timestamptz ELSE now() + interval '1 second' END)"
            " WHERE incident_id = %s AND claimed_by = %s RETURNING 1",
            [ended, answered, due_at, incident_id, worker],
        )
        if not kept:
            raise ClaimLost
    return ready


def _move(incident: Incident, engine: Engine) -> int:
    """Move, write tasks, look again at what they changed, until nothing moves; how many tasks became ready."""
    now, before = database_now(), _state_of(engine)
    written = {row.id for row in engine.rows.values()}
    ready = []
    while True:
        moved = engine.move(facts_of(incident, engine, now=now, written=written))
        changed = [row for row in engine.rows.values() if before.get(row.id) != row]
        if changed:
            keep_rows(incident.pk, engine.graph, changed)
            before = _state_of(engine)
        ahead = ahead_of(engine)
        ready += write_tasks(incident, engine, ahead)
        ready += make_ready(incident, engine, ahead)
        new = {row.id for row in engine.rows.values()} - written
        if not moved and not new:
            break
        written |= new
    count = tell(incident, "tasks.ready", ready)
    if ready:
        tell_ready(incident, actor=Actor(incident.lead_id), tasks=[task_id for _, task_id, _ in ready])
    _tell_asked(incident, keep_asks(incident.pk, engine.graph, engine.asks))
    if engine.ended:  # every time: whoever joins after it has steps that never come
        call_off_unreached(incident)
    return count


def _state_of(engine: Engine) -> dict[Id, Row]:
    return {row.id: replace(row) for row in engine.rows.values()}


def _tell_asked(incident: Incident, asked: list[tuple[UUID, str]]) -> None:
    entries = [Entry("incident.asked", incident.overseers, pk, {"step": name}) for pk, name in asked]
    if entries:
        record_many(
            entries,
            actor=Actor(incident.lead_id),
            incident_id=incident.pk,
            incident_reference=incident.reference,
        )


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
