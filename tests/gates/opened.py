"""A committed partnership with two incidents in it, and connections that speak to it as somebody, in plain SQL.

Ashbourne leads one on the identity platform that reaches seven organisations, Gravenhurst another on its planning
search. The product itself does all of it; what reads the result afterwards imports nothing of the product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from psycopg.rows import dict_row

from incidents.decisions.writing import Taken, write_decision
from incidents.models import Incident, Task
from incidents.opening import Opening, open_incident
from incidents.own_references import keep_own_reference
from incidents.personal_data.notices import Notice, send_notice
from incidents.personal_data.reports import Report, write_report
from incidents.planned_cuts.choosing import choices_for
from incidents.planned_cuts.planning import Plan, plan_cut
from incidents.seeing import mark_seen
from incidents.statements.saying import Draft, ask_for_agreement, write_statement
from incidents.transitions import Answer, answer_task, verify_task
from incidents.updates import send_update
from notifications.planning import plan_due
from portal import clock
from portal.ledger.record import Actor
from portal.tenancy.scope import organisation_scope
from tests import servers
from tests.cast import Cast
from tests.notifications.stage import as_worker

DATABASE = f"bulkhead_test_opened_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
ADDRESSES = {
    "portal_app": "DATABASE_URL_APP",
    "portal_auth": "DATABASE_URL_AUTH",
    "portal_worker": "DATABASE_URL_WORKER",
    "portal_sealer": "DATABASE_URL_SEALER",
}
COUNCILS = ("ashbourne", "brackenfield", "dunmere", "northgate", "gravenhurst")
FORGED = "ticket-that-nobody-minted"
Row = dict[str, Any]

# What the two incidents do not bring about: an idempotent answer, a session, a link, addresses.
FURTHER_ROWS = """
INSERT INTO api_replay (id, organisation_id, method, path, key, body_digest, status, body, content_type, location,
    created_at)
SELECT gen_random_uuid(), o.id, 'POST', '/api/v1/incidents/', 'k', '', 201, '', '', '', now()
  FROM partners_organisation o;
INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('s', '', now());
INSERT INTO partners_signinlink (id, person_id, purpose, digest, expires_at)
SELECT gen_random_uuid(), p.id, 'enrolment', uuid_send(p.id), now() FROM partners_person p;
"""


@dataclass(frozen=True)
class World:
    """What the owner sees, table by table, and who everybody is."""

    cast: Cast
    ids: dict[str, UUID]
    tickets: dict[str, str]
    incident: UUID
    other_incident: UUID
    _rows: dict[str, list[Row]] = field(default_factory=dict)

    def rows(self, table: str) -> list[Row]:
        """The whole table, as the owner reads it (once: nothing here stays changed)."""
        if table not in self._rows:
            with self.owner() as connection, connection.cursor(row_factory=dict_row) as cursor:
                self._rows[table] = cursor.execute(f"SELECT * FROM {table}").fetchall()
        return self._rows[table]

    def of_other(self, table: str, slug: str) -> UUID:
        """A row of that organisation's in this table."""
        return next(row["id"] for row in self.rows(table) if row["organisation_id"] == self.ids[slug])

    def task(self, slug: str, status: str = "waiting") -> UUID:
        """A task of that organisation in Ashbourne's incident."""
        return next(row["id"] for row in self.rows("public.incidents_task")
                    if row["incident_id"] == self.incident and row["organisation_id"] == self.ids[slug]
                    and row["status"] == status and row["ready"])  # fmt: skip

    @contextmanager
    def owner(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(servers.database_url("DATABASE_URL", DATABASE)) as connection:
            yield connection

    @contextmanager
    def speaking(self, role: str, who: str) -> Iterator[psycopg.Connection[Any]]:
        """One transaction as that role with that reader's ticket, rolled back."""
        with psycopg.connect(servers.database_url(ADDRESSES[role], DATABASE)) as connection:
            connection.execute("SELECT set_config('app.ticket', %s, true)", [self.tickets[who]])
            yield connection
            connection.rollback()


def arrange(cast: Cast) -> World:
    """Make the database, let everybody act, and read who is who."""
    servers.copy_template(DATABASE)
    before = {alias: str(connections[alias].settings_dict["NAME"]) for alias in connections}
    _point_at(dict.fromkeys(before, DATABASE))
    try:
        incident, other = _act(cast)
    finally:
        _point_at(before)
    url = servers.database_url("DATABASE_URL", DATABASE)
    for slug in COUNCILS:
        cast.make_key(url, slug)
    with psycopg.connect(url) as connection:
        connection.execute(FURTHER_ROWS)
    return World(
        cast=cast,
        ids={slug: member.id for slug, member in cast.members.items()},
        tickets={slug: cast.visitor(slug).ticket for slug in cast.members},
        incident=incident,
        other_incident=other,
    )


def _point_at(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _act(cast: Cast) -> tuple[UUID, UUID]:
    @contextmanager
    def acting(slug: str) -> Iterator[Actor]:
        visitor = cast.visitor(slug)
        with organisation_scope(visitor.ticket):
            yield Actor(cast.id(slug), "person", visitor.person_id)

    with acting("ashbourne") as actor:
        incident = open_incident(Opening(title="Strange sign-ins", systems=("identity-platform",)), actor=actor)
    with acting("gravenhurst") as actor:
        other = open_incident(Opening(title="Planning search", systems=("planning-search",)), actor=actor)
    with as_worker():
        plan_due()
    answers = {
        "brackenfield": ["acknowledged", "done"],
        "dunmere": ["blocked"],
        "northgate": ["done"],
        "ashbourne": ["done"],
    }
    for slug, moves in answers.items():
        with acting(slug) as actor:
            mark_seen(incident, actor=actor)
            tasks = list(Task.objects.filter(organisation_id=actor.organisation_id, incident=incident, ready=True))
            for task, to in zip(tasks, moves, strict=False):
                answer = Answer(reason="Our own people are away" if to == "blocked" else "", note=f"Note of {slug}")
                answer_task(task_id=task.pk, to=to, actor=actor, answer=answer)
            keep_own_reference(incident=incident, task_id=None, text=f"REF-{slug}", actor=actor)
            keep_own_reference(incident=incident, task_id=tasks[0].pk, text=f"TASK-{slug}", actor=actor)
    with acting("ashbourne") as actor:
        done = Task.objects.filter(organisation_id=cast.id("northgate"), incident=incident, status="done").first()
        verify_task(task_id=done.pk, actor=actor)
        send_update(incident_id=incident.pk, text="Reset everything", actor=actor, author_name="Priya")
        keep_own_reference(incident=Incident.objects.get(pk=incident.pk), task_id=None, text="ASH-1", actor=actor)
    # Between two that try nothing: what was sent to another, and what another wrote down.
    with acting("eastwick") as actor:
        since = clock.now() - timedelta(hours=2)
        send_notice(incident, Notice("coldharbour", "Letters of 2024", "The share was read.", since))
        write_decision(incident, Taken("Little", "Wait", "Cut the link", "It is the way back", "Farah", "Gold", since))
        draft = Draft("First words", "press", "We look.", ["coldharbour"])
        ask_for_agreement(write_statement(incident, draft, me=cast.id("eastwick")), version=1)
        write_report(incident, Report("ncsc", since, "Farah Siddiqui", reference="NCSC-1"))
        (own,) = (each for each in choices_for(incident, me=actor.organisation_id) if "Housing off" in each.words)
        plan_cut(incident, Plan(own, how="It is off.", ask="Farah", starts_at=clock.now()))
    return incident.pk, other.pk
