"""The plan that an incident runs, step by step with the ids that each carries and how far it is; and other playbooks
kept here that would answer something. A fixed number of queries, whatever the size of plan and partnership.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident
from incidents.named import all_to_run
from incidents.techniques.coverage import PlanStep, Stands
from incidents.words import STATE_OF_STATUS, STATES

_STEPS = """
SELECT p.path, s.id, s.title, s.position, b.name, s.certain, p.ended,
       coalesce(jsonb_path_query_array(b.document -> 'workflow' -> s.cacao_step_id,
                                       '$.external_references[*].external_id'), '[]')::text
  FROM sec.plan_of(%s) p JOIN incidents_playbook b ON b.id = p.playbook JOIN incidents_step s ON s.playbook_id = b.id
 ORDER BY p.path, s.position
"""
# Of each organisation the last turn of the step counts. Row security leaves a participant its own tasks.
_STATES = """
SELECT path, step_id, count(*), count(*) FILTER (WHERE status IN ('done', 'verified')),
       count(*) FILTER (WHERE status = 'blocked'), count(*) FILTER (WHERE status = 'declined'),
       count(*) FILTER (WHERE status IN ('not_affected', 'cancelled')), min(status)
  FROM (SELECT DISTINCT ON (t.path, t.step_id, t.organisation_id) t.path, t.step_id, t.status
          FROM incidents_task t WHERE t.incident_id = %s
         ORDER BY t.path, t.step_id, t.organisation_id, t.turn DESC) latest
 GROUP BY path, step_id
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """At how many organisations a step stands how; `off`: not needed or called off. `status`: of one of them."""

    all: int
    done: int
    blocked: int
    refused: int
    off: int
    status: str


def plan_steps(incident: Incident, *, oversees: bool) -> list[PlanStep]:
    """Each step of the running plan and of the playbooks within it. Two queries."""
    with connections["default"].cursor() as cursor:
        cursor.execute(_STATES, [incident.pk])
        tallies: dict[tuple[str, UUID], Tally] = {(row[0], row[1]): Tally(*row[2:]) for row in cursor.fetchall()}
        cursor.execute(_STEPS, [incident.pk])
        rows = cursor.fetchall()
    return [
        PlanStep(
            title=title,
            position=position,
            playbook=playbook,
            ids=ids_in(carried),
            state=_everybodys(tally, ended=ended) if oversees else _own(tally),
            stands=stands(tally, certain=certain, ended=ended, oversees=oversees),
        )
        for path, step, title, position, playbook, certain, ended, carried in rows
        for tally in [tallies.get((path, step))]
    ]


def stands(tally: Tally | None, *, certain: bool, ended: bool, oversees: bool) -> Stands:
    """A participant sees its own tasks alone: that it does not do a step, or has none, says nothing of the others."""
    if (certain and not ended) if tally is None else (tally.off + tally.refused < tally.all):
        return "counts"
    return "off" if oversees and (ended or tally is not None) else "may_come"


def ids_in(carried: str) -> frozenset[str]:
    """Ids out of a JSON array of whatever stood as `external_id`."""
    return frozenset(each for each in orjson.loads(carried) if isinstance(each, str))


def _everybodys(tally: Tally | None, *, ended: bool) -> str:
    """`done at 3 of 5 organisations, refused at 1`: of those that have it and need it."""
    if tally is None:
        return _("the plan has ended without it") if ended else _("no organisation has it yet")
    have = tally.all - tally.off
    if not have:
        return _("called off or not needed everywhere")
    if tally.refused == have:
        return _("refused wherever it is needed")
    done = ngettext("done at %(done)s of one organisation", "done at %(done)s of %(n)s organisations", have)
    said = [done % {"done": tally.done, "n": have}]
    said += [_("blocked at %(n)s") % {"n": tally.blocked}] if tally.blocked else []
    said += [_("refused at %(n)s") % {"n": tally.refused}] if tally.refused else []
    said += [_("not needed or called off at %(n)s") % {"n": tally.off}] if tally.off else []
    return ", ".join(said)


def _own(tally: Tally | None) -> str:
    if tally is None:
        return _("not a step of yours")
    if tally.status == "waiting":
        return _("yours: waits for you")
    said = _("yours: %(state)s") % {"state": str(STATES[STATE_OF_STATUS[tally.status]][0]).lower()}
    if tally.off + tally.refused == tally.all:
        said += _("; whether others do it is for lead and deputy lead")
    return said


def others_that_answer(wanted: Mapping[str, frozenset[str]], *, but: UUID) -> dict[str, list[dict[str, Any]]]:
    """Playbooks that an opening could run, apart from the one that runs, by each technique that they answer. One query.

    `wanted`: by technique, the ids that answer it.
    """
    carried = RawSQL(
        "jsonb_path_query_array(incidents_playbook.document, '$.workflow.*.external_references[*].external_id')::text",
        [],
    )
    kept = all_to_run().exclude(pk=but).annotate(carried=carried).values_list("pk", "name", "carried")
    playbooks = [(pk, name, ids_in(ids)) for pk, name, ids in kept]
    return {
        key: [{"id": pk, "name": name} for pk, name, ids in playbooks if ids & answers]
        for key, answers in wanted.items()
    }


def names_of(steps: Iterable[PlanStep]) -> list[str]:
    """The playbooks of a plan by name, each once."""
    return list(dict.fromkeys(step.playbook for step in steps))
