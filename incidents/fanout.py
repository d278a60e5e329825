"""From a radius and a playbook to one side per organisation and one task per organisation and step.

A handful of INSERT … SELECT, whatever the number of organisations: this is the work of the first second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from incidents.estate import Organisation
from incidents.models import Incident
from incidents.reach_words import OPENED_THIS
from incidents.work_order_told import tell_ready
from portal.ledger.record import Actor, Entry, record_many


@dataclass(frozen=True, slots=True)
class Joining:
    """One organisation about to take part."""

    organisation_id: UUID
    slug: str
    name: str
    kind: str
    role: str
    is_provider: bool
    exposure: str
    distance: int | None
    because: str
    other_paths: list[str] = field(default_factory=list)


def joining_of(
    document: Mapping[str, Any], *, lead_id: UUID, names: Mapping[UUID, Organisation] | None = None
) -> list[Joining]:
    """Everybody in a frozen radius, the lead first, who takes part in any case. Deputy lead: `choose_deputy`."""
    joining = []
    for each in document["organisations"]:
        organisation_id = UUID(each["id"])
        role = "lead" if organisation_id == lead_id else each["role"]
        joining.append(
            Joining(
                organisation_id=organisation_id,
                slug=each["slug"],
                name=each["name"],
                kind=each["kind"],
                role=role,
                is_provider=each["role"] == "provider",
                exposure=each["exposure"],
                distance=each["distance"],
                because=each["because"],
                other_paths=each["other_paths"],
            )
        )
    if not any(each.organisation_id == lead_id for each in joining) and names is not None:
        lead = names[lead_id]
        joining.append(
            Joining(
                lead_id, lead.slug, lead.name, lead.kind, "lead", False, "none", None, f"{lead.name}: {OPENED_THIS}"
            )
        )
    return sorted(joining, key=lambda each: each.role != "lead")


def choose_deputy(joining: Sequence[Joining], *, lead_id: UUID) -> UUID | None:
    """A deputy lead from another organisation: a provider, else who is nearest to the attack. None when alone."""
    others = [each for each in joining if each.organisation_id != lead_id]
    if not others:
        return None
    nearest = min(others, key=lambda each: (not each.is_provider, each.distance is None, each.distance or 0, each.name))
    return nearest.organisation_id


def add_sides(incident: Incident, joining: Sequence[Joining], *, now: datetime) -> None:
    """Insert participants, their tasks and their duties. The caller leads the incident."""
    deputy = incident.deputy_lead_id
    rows = [
        replace(each, role="deputy_lead") if each.organisation_id == deputy and each.role == "participant" else each
        for each in joining
    ]
    ids = [each.organisation_id for each in joining]
    with connections["default"].cursor() as cursor:
        cursor.execute(_ADD_PARTICIPANTS, [incident.pk, now, orjson.dumps(rows).decode()])
        cursor.execute(
            _ADD_TASKS,
            [now, now, incident.tasks_due_minutes, now, incident.pk, ids, incident.playbook_id],
        )
        cursor.execute(_ADD_DUTIES, [incident.pk, ids])


_ADD_PARTICIPANTS = """
INSERT INTO incidents_participant (id, incident_id, organisation_id, slug, name, kind, role, is_provider, exposure,
    distance, because, other_paths, joined_at, duty_name, duty_phone, tasks_total, tasks_open, tasks_waiting,
    tasks_settled, tasks_blocked, containing_open, told_by, people_told, people_seen, not_told_because)
SELECT gen_random_uuid(), %s, j.organisation_id, j.slug, j.name, j.kind, j.role, j.is_provider, j.exposure, j.distance,
       j.because, j.other_paths, %s, '', '', 0, 0, 0, 0, 0, 0, '', 0, 0, ''
  FROM jsonb_to_recordset(%s::jsonb) AS j(organisation_id uuid, slug text, name text, kind text, role text,
       is_provider boolean, exposure text, distance int, because text, other_paths jsonb)
"""

# Due times count from the moment a step is ready: `advance` sets those of every later step, and writes the tasks of
# steps that a decision leads to, also for whoever joins after it.
_ADD_TASKS = """
INSERT INTO incidents_task (id, incident_id, organisation_id, step_id, position, title, containing, status, ready,
    acknowledge_by, finish_by, reason, version, changed_at, previous_status, previous_reason)
SELECT gen_random_uuid(), p.incident_id, p.organisation_id, s.id, s.position, s.title, s.containing, 'waiting',
       s.at_opening,
       CASE WHEN s.at_opening THEN %s::timestamptz + make_interval(mins => s.acknowledge_minutes) END,
       CASE WHEN s.at_opening THEN %s::timestamptz + make_interval(mins => coalesce(%s, s.finish_minutes)) END,
       '', 1, %s, '', ''
  FROM incidents_participant p JOIN incidents_step s ON
       CASE s.audience WHEN 'all' THEN p.role <> 'observer'
            WHEN 'provider' THEN p.is_provider
            WHEN 'lead' THEN p.role = 'lead'
            WHEN 'deputy_lead' THEN
                p.organisation_id = (SELECT i.deputy_lead_id FROM incidents_incident i WHERE i.id = p.incident_id)
            WHEN 'organisation:' || p.slug THEN p.role <> 'observer'
            ELSE p.role <> 'observer' AND NOT p.is_provider AND p.kind = 'council'
                 AND NOT starts_with(s.audience, 'organisation:') END
 WHERE p.incident_id = %s AND p.organisation_id = ANY (%s) AND s.playbook_id = %s AND s.certain
"""

# What each one's catalogue says; when it became aware is said by a person, never by opening.
_ADD_DUTIES = "SELECT sec.begin_duties(%s, %s::uuid[])"


def announce_opening(
    incident: Incident, joining: Sequence[Joining], *, actor: Actor, systems: Sequence[str], joined_later: bool = False
) -> None:
    """One `incident.opened` (or `incident.joined`) for all, one `tasks.assigned` per organisation and the overseers.

    Reads first who takes part by now, and writes it into `incident`.
    """
    counts = _who_takes_part(incident)
    opened = Entry(
        "incident.joined" if joined_later else "incident.opened",
        incident.participants,
        incident.pk,
        {
            "title": incident.title,
            "status": incident.status,
            "severity": incident.severity,
            "tlp": incident.tlp,
            "exercise": incident.exercise,
            "systems": list(systems),
            "organisations": [each.slug for each in joining],
        },
    )
    assigned = [
        Entry(
            "tasks.assigned",
            [each.organisation_id, *incident.overseers],
            each.organisation_id,
            {"organisation": each.slug, "total": counts[str(each.organisation_id)]},
        )
        for each in joining
    ]
    record_many([opened, *assigned], actor=actor, incident_id=incident.pk, incident_reference=incident.reference)
    tell_ready(incident, actor=actor, organisations=[each.organisation_id for each in joining])


def _who_takes_part(incident: Incident) -> dict[str, int]:
    """Refresh the arrays that the triggers keep; returns how many tasks each organisation has."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.participants, i.overseers, (SELECT jsonb_object_agg(p.organisation_id, p.tasks_total)"
            " FROM incidents_participant p WHERE p.incident_id = i.id)::text FROM incidents_incident i WHERE i.id = %s",
            [incident.pk],
        )
        incident.participants, incident.overseers, counts = cursor.fetchone()
    return orjson.loads(counts)
