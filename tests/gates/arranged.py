"""Four incidents with a row of every kind, written by the owner in plain SQL: nothing here is the code that is judged.

    INC-LED      Ashbourne leads, Coldharbour stands in, Brackenfield and Dunmere take part, Northgate provides,
                 Eastwick looks on and has nothing to do
    INC-APART    Gravenhurst leads and Dunmere takes part: the stranger has something to hide, too
    INC-ALONE    Brackenfield has opened it and nobody has joined yet
    INC-TURNED   Northgate leads, Brackenfield stands in, Ashbourne takes part

What an organisation keeps at home holds `secret_of()` that organisation, so that a leak can be read in any answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from tests import servers
from tests.gates.arranged_names import INCIDENTS, ORGANISATIONS, secret_of
from tests.gates.arranging_access import Access
from tests.gates.arranging_advisories import Advisories
from tests.gates.arranging_incidents import Incidents
from tests.gates.arranging_people import People
from tests.gates.arranging_register import Register

VARIABLES = {
    "owner": "DATABASE_URL",
    "portal_app": "DATABASE_URL_APP",
    "portal_auth": "DATABASE_URL_AUTH",
    "portal_worker": "DATABASE_URL_WORKER",
    "portal_sealer": "DATABASE_URL_SEALER",
}


@dataclass
class Arranged:
    """A database of its own; `ids` by slug, reference, or `reference/slug/task/n`. Log-ins are real ones."""

    name: str
    ids: dict[str, UUID] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)

    def log_in(self, role: str) -> Connection:
        """One autocommit connection a role, kept until the end."""
        if role not in self.connections:
            url = servers.database_url(VARIABLES[role], self.name)
            self.connections[role] = psycopg.connect(url, autocommit=True)
        return self.connections[role]

    @contextmanager
    def entered(self, role: str, ticket: str, *, commits: bool = False) -> Iterator[Connection]:
        """A transaction of that role with that ticket, as the scope helper makes it; rolled back unless it commits."""
        connection = self.log_in(role)
        with connection.transaction(force_rollback=not commits):
            connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
            yield connection


@contextmanager
def arranged(name: str) -> Iterator[Arranged]:
    servers.copy_template(name)
    world = Arranged(name)
    try:
        with psycopg.connect(servers.database_url("DATABASE_URL", name)) as owner:
            _Writer(owner, world.ids).write()
        yield world
    finally:
        for connection in world.connections.values():
            connection.close()
        servers.drop(name)


class _Writer(People, Register, Incidents, Access, Advisories):
    def write(self) -> None:
        for pk, slug in self.owner.execute("SELECT id, slug FROM partners_organisation").fetchall():
            self.ids[slug] = pk
        self.tickets()
        for slug in ORGANISATIONS:
            self.at_home(slug)
        self.estate()
        self.owner.execute(
            "INSERT INTO partners_edgemove (id, dependency_id, at_end, what, text, vouched_by, pressed_by,"
            " organisation_id, at)"
            " SELECT gen_random_uuid(), d.id, 'source', 'cut', '', '', gen_random_uuid(), %s, now()"
            " FROM partners_dependency d",
            [self.ids["northgate"]],
        )
        for slug in ORGANISATIONS:
            self.kept(slug)
            self.put("incidents_concentrationsnapshot", id=uuid4(), organisation_id=self.ids[slug],
                     quarter="2026-10-01", taken_at="now", figures=Jsonb({"own": secret_of(slug)}))  # fmt: skip
        self.files()
        self.permissions()
        for slug in ORGANISATIONS:
            self.assured(slug)
        self.access()
        self.advised()
        self.playbook()
        self.signing()
        for slug in ORGANISATIONS:
            self.draft(slug)
        for reference, roles in INCIDENTS.items():
            self.incident(reference, roles)
        self.campaigns()
        self.opened_because()
        self.event("work_order.answered", "northgate", audience=["northgate"])
        self.event("planned.answered", "northgate", audience=["northgate"])
        self.event("signoff.given", "northgate", audience=["northgate"])
        self.event("exercise.suspended", "northgate", audience=["northgate"])
        self.event("mail.trusted", "northgate", audience=["northgate"])
        self.event("webhook.changed", "northgate", audience=["northgate"])
        self.event("access.first_sight", "northgate", audience=["northgate"])
        self.event("advisory.matched", "northgate", audience=["northgate"])
        self.event("answer.given", "northgate", audience=["northgate"])
        self.event("answer.reported", "northgate", audience=["northgate"])
        self.event("update.due", "northgate", audience=["northgate"])
        self.event("signing_key.made", "northgate", audience=["northgate"])
        self.event("technique.changed", "northgate", audience=["northgate"])
        for kind in (
            "data_position.said",
            "data_notice.sent",
            "outside_report.written",
            "decision.written",
            "known_card.revised",
            "statement.asked",
            "cut.moved",
            "service.said",
            "situation_report.shared",
        ):
            self.event(kind, "northgate", audience=["northgate"])
        self.event("duty.changed", "northgate", audience=["northgate"])
        self.planned("PLN-222222", "northgate", ["ashbourne", "dunmere"])
        self.planned("PLN-333333", "gravenhurst", ["brackenfield", "dunmere"])
        self.planned("PLN-444444", "ashbourne", [])
