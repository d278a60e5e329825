"""The rows of a run: read into an engine, and written back when it has moved. The caller has entered the lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from incidents.models import Incident, Playbook, Task
from incidents.named import to_call
from incidents.running.conditions import Value
from incidents.running.engine import Answer, Ask, Engine, Facts, Id, Row, Tally, choices_of
from incidents.running.graph import Document, Graph, linked

SETTLED = sorted(Task.SETTLED)
_ROWS = """
SELECT key, turn, parent_key, parent_turn, lap, state, outcome, due_at, began_at, ended_at, open, rounds
  FROM incidents_runstep WHERE incident_id = %s
"""
_KEEP_ROWS = """
INSERT INTO incidents_runstep (id, incident_id, key, turn, name, kind, parent_key, parent_turn, lap, state, outcome,
       due_at, began_at, ended_at, open, rounds)
SELECT gen_random_uuid(), %s, r.key, r.turn, r.name, r.kind, r.parent_key, r.parent_turn, r.lap, r.state, r.outcome,
       r.due_at, r.began_at, r.ended_at, r.open, r.rounds
  FROM jsonb_to_recordset(%s::jsonb) AS r(key text, turn int, name text, kind text, parent_key text, parent_turn int,
       lap int, state text, outcome text, due_at timestamptz, began_at timestamptz, ended_at timestamptz, open int,
       rounds int)
ON CONFLICT (incident_id, key, turn) DO UPDATE
   SET state = excluded.state, outcome = excluded.outcome, due_at = excluded.due_at, began_at = excluded.began_at,
       ended_at = excluded.ended_at, open = excluded.open, rounds = excluded.rounds
RETURNING 1
"""
_TALLIES = """
SELECT t.path || s.cacao_step_id, t.turn,
       count(*) FILTER (WHERE t.status <> ALL (%(settled)s)),
       count(*) FILTER (WHERE t.status IN ('done', 'verified')),
       count(*) FILTER (WHERE t.status = 'declined'),
       count(*) FILTER (WHERE t.status IN ('not_affected', 'cancelled')),
       min(t.status) FILTER (WHERE t.organisation_id = %(lead)s)
  FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id
 WHERE t.incident_id = %(incident)s GROUP BY 1, 2
"""
_ANSWERS = """
SELECT t.path || s.cacao_step_id, t.turn, t.path, a.name, a.kind, a.value, t.organisation_id = %(lead)s
  FROM incidents_runanswer a JOIN incidents_task t ON t.id = a.task_id JOIN incidents_step s ON s.id = t.step_id
 WHERE a.incident_id = %(incident)s AND t.status IN ('done', 'verified')
"""
_CHOSEN = "SELECT key, turn, kind, lap, chosen FROM incidents_decision WHERE incident_id = %s AND chosen IS NOT NULL"
_ASK = """
INSERT INTO incidents_decision (id, incident_id, key, turn, lap, kind, name, condition, choices, asked_at, why)
SELECT gen_random_uuid(), %s, a.key, a.turn, a.lap, a.kind, a.name, a.condition, a.choices, now(), ''
  FROM jsonb_to_recordset(%s::jsonb) AS a(key text, turn int, lap int, kind text, name text, condition text,
       choices jsonb)
ON CONFLICT (incident_id, key, turn, kind, lap) DO UPDATE SET withdrawn_at = NULL
   WHERE incidents_decision.withdrawn_at IS NOT NULL AND incidents_decision.chosen IS NULL
RETURNING id, name
"""
_WITHDRAW = """
UPDATE incidents_decision d SET withdrawn_at = now()
 WHERE d.incident_id = %s AND d.chosen IS NULL AND d.withdrawn_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(%s::jsonb) AS a(key text, turn int, lap int, kind text)
                    WHERE (a.key, a.turn, a.lap, a.kind) = (d.key, d.turn, d.lap, d.kind))
RETURNING 1
"""
OF_LEAD = {"done": "done", "verified": "done", "declined": "declined", "not_affected": "passed", "cancelled": "passed"}


def graph_of(playbook_id: UUID, called: Mapping[str, str]) -> Graph:
    """The graph that a run is pinned to; `called` as `Run.called`. A version never changes, so it is kept in memory."""
    return _graph(playbook_id, tuple(sorted(called.items())))


@lru_cache(maxsize=64)
def _graph(playbook_id: UUID, called: tuple[tuple[str, str], ...]) -> Graph:
    pinned = dict(called)
    documents = {
        str(pk): document
        for pk, document in Playbook.objects.filter(pk__in=[playbook_id, *pinned.values()]).values_list(
            "pk", "document"
        )
    }

    def find(path: str, wanted: str, version: str | None) -> tuple[str, Document] | None:
        return (pinned[path], documents[pinned[path]]) if pinned.get(path) in documents else None

    return linked(str(playbook_id), documents[str(playbook_id)], find)


def newest_of(playbook: Playbook) -> Graph:
    """The graph of a playbook about to be run, with the newest versions that may be run of what it runs within itself.

    They are held to the rule of the plan itself: kept by whoever kept that id first, not revoked, within their days.

    Raises:
        CannotLink: something that it runs is not kept here or may not be run, or runs itself.
    """

    def find(path: str, wanted: str, version: str | None) -> tuple[str, Document] | None:
        found = to_call(wanted, version).first()
        return (str(found.pk), found.document) if found else None

    return linked(str(playbook.pk), playbook.document, find)


def engine_of(incident_id: UUID, graph: Graph, *, ended: bool) -> Engine:
    rows = [
        Row(
            key=key,
            turn=turn,
            parent=(parent_key, parent_turn) if parent_key else None,
            lap=lap,
            state=state,
            outcome=outcome,
            due=due,
            began=began,
            ended=at,
            open=branches,
            rounds=rounds,
        )
        for key, turn, parent_key, parent_turn, lap, state, outcome, due, began, at, branches, rounds in fetched(
            _ROWS, [incident_id]
        )
    ]
    return Engine(graph, rows, ended=ended)


def facts_of(incident: Incident, engine: Engine, *, now: datetime, written: Iterable[Id]) -> Facts:
    """What is known by now. `written`: actions whose tasks have been written: without any, nobody has one."""
    parameters = {"incident": incident.pk, "lead": incident.lead_id, "settled": SETTLED}
    tallies = {
        (key, turn): Tally(
            still_open,
            done,
            declined,
            passed,
            (OF_LEAD.get(lead, "open") if lead else ""),  # type: ignore[arg-type]
        )
        for key, turn, still_open, done, declined, passed, lead in fetched(_TALLIES, parameters)
    }
    suspected = incident.status == Incident.Status.SUSPECTED
    for each in written:
        tallies.setdefault(each, Tally(waits=suspected))
    chosen = {Ask(key, turn, kind, lap): pick for key, turn, kind, lap, pick in fetched(_CHOSEN, [incident.pk])}
    answers = [
        Answer((key, turn), path, name, Value(kind, value), leads)
        for key, turn, path, name, kind, value, leads in (
            fetched(_ANSWERS, parameters) if engine.graph.deciding else ()
        )
    ]
    return Facts(now, tallies, chosen, answers, suspected)


def keep_rows(incident_id: UUID, graph: Graph, rows: Iterable[Row]) -> None:
    document = [
        {
            "key": row.key,
            "turn": row.turn,
            "name": graph.nodes[row.key].name,
            "kind": graph.nodes[row.key].kind,
            "parent_key": row.parent[0] if row.parent else "",
            "parent_turn": row.parent[1] if row.parent else 0,
            "lap": row.lap,
            "state": row.state,
            "outcome": row.outcome,
            "due_at": row.due,
            "began_at": row.began,
            "ended_at": row.ended,
            "open": row.open,
            "rounds": row.rounds,
        }
        for row in rows
    ]
    fetched(_KEEP_ROWS, [incident_id, orjson.dumps(document).decode()])


def keep_asks(incident_id: UUID, graph: Graph, asks: Iterable[Ask]) -> list[tuple[UUID, str]]:
    """Write the questions that are new or come again, withdraw those that are moot; the former's ids and steps."""
    document = orjson.dumps(
        [
            {
                "key": ask.key,
                "turn": ask.turn,
                "lap": ask.lap,
                "kind": ask.kind,
                "name": graph.nodes[ask.key].name,
                "condition": graph.nodes[ask.key].condition,
                "choices": choices_of(graph.nodes[ask.key], ask.kind),
            }
            for ask in sorted(asks, key=lambda ask: (ask.key, ask.turn, ask.kind, ask.lap))
        ]
    ).decode()
    fetched(_WITHDRAW, [incident_id, document])
    return [(pk, name) for pk, name in fetched(_ASK, [incident_id, document])]


def fetched(sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
