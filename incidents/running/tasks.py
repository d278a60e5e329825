"""A run's tasks for all organisations at once: written when a step comes in any case, ready when it begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from incidents.models import Incident
from incidents.running.ahead import Ahead
from incidents.running.engine import Engine, Id
from incidents.running.kept import SETTLED, fetched
from portal.ledger.record import Actor, Entry, record_many

# What is there is read once and looked up: joined row by row, row security would be asked for each pair of rows.
# Lead and deputy lead are offices: what somebody did in one, and a step that is over, is not whoever holds it later's.
_WRITE = """
INSERT INTO incidents_task (id, incident_id, organisation_id, step_id, path, turn, asked_around, position, title,
    containing, status, ready, acknowledge_by, finish_by, reason, version, changed_at, previous_status, previous_reason)
SELECT gen_random_uuid(), p.incident_id, p.organisation_id, s.id, w.path, w.turn, w.asked, w."offset" + s.position,
       s.title, s.containing, 'waiting', w.begun,
       CASE WHEN w.begun THEN now() + make_interval(mins => s.acknowledge_minutes) END,
       CASE WHEN w.begun THEN now() + make_interval(mins => coalesce(%(due)s, s.finish_minutes)) END,
       '', 1, now(), '', ''
  FROM jsonb_to_recordset(%(wanted)s::jsonb)
       AS w(playbook uuid, path text, step text, turn int, asked text[], "offset" int, begun bool, over bool)
  JOIN incidents_step s ON s.playbook_id = w.playbook AND s.cacao_step_id = w.step
  JOIN incidents_participant p ON p.incident_id = %(incident)s AND
       CASE s.audience WHEN 'all' THEN p.role <> 'observer'
            WHEN 'provider' THEN p.is_provider
            WHEN 'lead' THEN p.role = 'lead' AND NOT w.over
            WHEN 'deputy_lead' THEN NOT w.over AND
                p.organisation_id = (SELECT i.deputy_lead_id FROM incidents_incident i WHERE i.id = p.incident_id)
            WHEN 'organisation:' || p.slug THEN p.role <> 'observer'
            ELSE p.role <> 'observer' AND NOT p.is_provider AND p.kind = 'council'
                 AND NOT starts_with(s.audience, 'organisation:') END
 WHERE (p.organisation_id, s.id, w.path, w.turn) NOT IN (
           SELECT t.organisation_id, t.step_id, t.path, t.turn FROM incidents_task t WHERE t.incident_id = %(incident)s)
   AND NOT (s.audience IN ('lead', 'deputy_lead') AND EXISTS (
           SELECT 1 FROM incidents_task t WHERE t.incident_id = %(incident)s AND t.step_id = s.id AND t.path = w.path
              AND t.turn = w.turn AND t.status IN ('done', 'verified')))
ON CONFLICT (incident_id, organisation_id, step_id, path, turn) DO NOTHING
RETURNING organisation_id, id, position, ready
"""
# A step begins for everybody (`befores` null), or for whoever has settled its own tasks of the steps before it. Whoever
# joined late does its own steps in their order, though they have ended for the others; not where the lead has said to
# go on without a step: then nobody is held by it, also not who has taken its refusal back.
_READY = """
UPDATE incidents_task t
   SET ready = true,
       acknowledge_by = now() + make_interval(mins => s.acknowledge_minutes),
       finish_by = now() + make_interval(mins => coalesce(%(due)s, s.finish_minutes))
  FROM incidents_step s, jsonb_to_recordset(%(begun)s::jsonb) AS b(key text, turn int, befores text[])
 WHERE t.incident_id = %(incident)s AND s.id = t.step_id AND NOT t.ready AND t.status <> ALL (%(settled)s)
   AND b.key = t.path || s.cacao_step_id AND b.turn = t.turn
   AND CASE WHEN b.befores IS NULL THEN NOT EXISTS (
           SELECT 1 FROM incidents_task o JOIN incidents_step os ON os.id = o.step_id
             JOIN incidents_runstep r ON r.incident_id = o.incident_id AND r.key = o.path || os.cacao_step_id
              AND r.turn = o.turn AND r.state = 'ended' AND r.outcome <> 'timeout'
            WHERE o.incident_id = t.incident_id AND o.organisation_id = t.organisation_id AND o.path = t.path
              AND o.turn = t.turn AND os.playbook_id = s.playbook_id AND os.cacao_step_id = ANY (s.after)
              AND os.join <> 'lead' AND o.status <> ALL (%(settled)s)
              AND NOT EXISTS (SELECT 1 FROM incidents_decision d WHERE d.incident_id = r.incident_id AND d.key = r.key
                                 AND d.turn = r.turn AND d.kind = 'failed' AND d.chosen IS NOT NULL))
       ELSE cardinality(b.befores) = (
           SELECT count(*) FROM incidents_task o JOIN incidents_step os ON os.id = o.step_id
            WHERE o.incident_id = t.incident_id AND o.organisation_id = t.organisation_id
              AND o.path || os.cacao_step_id || '#' || o.turn = ANY (b.befores) AND o.status = ANY (%(settled)s)) END
RETURNING t.organisation_id, t.id, t.position
"""
Ready = tuple[UUID, UUID, int]  # organisation, task, position


def write_tasks(incident: Incident, engine: Engine, ahead: Ahead) -> list[Ready]:
    """Write what is missing for steps that have begun and that come in any case; those that are ready at once."""
    graph, offsets = engine.graph, engine.graph.offsets
    begun = [row for row in engine.rows.values() if graph.nodes[row.key].kind == "action"]
    wanted = [
        {
            "playbook": graph.playbooks[graph.nodes[key].path],
            "path": graph.nodes[key].path,
            "step": graph.nodes[key].step,
            "turn": turn,
            "asked": graph.asked(graph.nodes[key]) if graph.nodes[key].path else [],
            "offset": offsets[graph.nodes[key].path],
            "begun": state in ("begun", "asked"),
            "over": state in ("ended", "stopped"),
        }
        for key, turn, state in [
            *((row.key, row.turn, row.state) for row in begun),
            *((key, turn, "") for key, turn in ahead.steps),
        ]
    ]
    if not wanted:
        return []
    parameters = {
        "incident": incident.pk,
        "due": incident.tasks_due_minutes,
        "wanted": orjson.dumps(wanted).decode(),
    }
    return [(org, task, position) for org, task, position, ready in fetched(_WRITE, parameters) if ready]


def make_ready(incident: Incident, engine: Engine, ahead: Ahead) -> list[Ready]:
    """Start the clocks of tasks whose step has begun, for everybody or for their organisation."""
    begun: list[dict[str, Any]] = [
        {"key": row.key, "turn": row.turn, "befores": None}
        for row in engine.rows.values()
        if row.began and engine.graph.nodes[row.key].kind == "action"
    ]
    begun += [{"key": key, "turn": turn, "befores": _words(own)} for (key, turn), own in ahead.own.items()]
    parameters = {
        "incident": incident.pk,
        "due": incident.tasks_due_minutes,
        "settled": SETTLED,
        "begun": orjson.dumps(begun).decode(),
    }
    return [(org, task, position) for org, task, position in fetched(_READY, parameters)]


def _words(ids: Iterable[Id]) -> list[str]:
    return sorted(f"{key}#{turn}" for key, turn in ids)


def call_off_unreached(incident: Incident) -> None:
    """The run has ended: what it never came to is called off."""
    rows = fetched("SELECT * FROM sec.call_off_unreached(%s)", [incident.pk])
    tell(incident, "tasks.called_off", [(org, task, position) for org, task, position, _ in rows])


def tell(incident: Incident, kind: str, tasks: Iterable[Ready]) -> int:
    """One event per organisation, for it and the overseers; how many tasks."""
    by_organisation: dict[UUID, list[tuple[int, UUID]]] = defaultdict(list)
    for organisation_id, task_id, position in tasks:
        by_organisation[organisation_id].append((position, task_id))
    if not by_organisation:
        return 0
    slugs = dict(incident.sides.filter(organisation_id__in=by_organisation).values_list("organisation_id", "slug"))
    record_many(
        [
            Entry(
                kind,
                (organisation_id, *incident.overseers),
                None,
                {"organisation": slugs[organisation_id], "tasks": [str(task_id) for _, task_id in sorted(found)]},
            )
            for organisation_id, found in by_organisation.items()
        ],
        actor=Actor(incident.lead_id),
        incident_id=incident.pk,
        incident_reference=incident.reference,
    )
    return sum(map(len, by_organisation.values()))


def database_now() -> datetime:
    ((now,),) = fetched("SELECT now()", [])
    return now
