"""Acts of two persons that are committed, by real log-ins of the application's role, on any database of the tests."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import psycopg

from tests import servers


class Committed:
    """People are named by name, organisations by slug; each act is a transaction of its own."""

    def __init__(self, database: str) -> None:
        self.database = database
        with psycopg.connect(servers.database_url("DATABASE_URL", database)) as owner:
            self.people: dict[str, UUID] = dict(owner.execute("SELECT name, id FROM partners_person").fetchall())
            self.ids: dict[str, UUID] = dict(owner.execute("SELECT slug, id FROM partners_organisation").fetchall())

    def act(self, person: str, statement: str, *parameters: Any) -> Any:
        """One statement with the fresh ticket of that person; its one value."""
        with psycopg.connect(servers.database_url("DATABASE_URL_APP", self.database)) as connection:
            connection.execute("SELECT set_config('app.ticket', %s, true)", [f"fresh-ticket-{self.people[person]}"])
            row = connection.execute(statement, parameters).fetchone()
        return row[0] if row else None

    def press(self, person: str, organisation: str, step: int) -> UUID:
        sql = "SELECT sec.isolate(%s, %s, 'Odd sign-ins', NULL, NULL, NULL)"
        return self.act(person, sql, self.ids[organisation], step)

    def ask(self, person: str, incident: UUID, against: str, step: int, told: str) -> UUID:
        payload = {"organisation": str(self.ids[against]), "step": step, "since": None}
        sql = "SELECT sec.request_approval('isolate', %s, %s, %s::jsonb, ARRAY['x'], 'Odd sign-ins', true, %s::uuid[])"
        return self.act(person, sql, self.ids[against], incident, json.dumps(payload), [self.ids[told]])

    def approve(self, person: str, approval: UUID, incident: UUID, against: str, step: int) -> UUID:
        """Decide and carry out, in one transaction, as the page does."""
        sql = (
            "SELECT sec.isolate(%s, %s, '', NULL, %s, %s) FROM (SELECT sec.decide(%s, true, '') OFFSET 0) decided"
            " WHERE decided IS NOT NULL"
        )
        return self.act(person, sql, self.ids[against], step, incident, approval, approval)

    def isolate(self, incident: UUID, against: str, step: int) -> UUID:
        asked = self.ask("Priya Nair", incident, against, step, "brackenfield")
        return self.approve("Gareth Lowe", asked, incident, against, step)

    def lift(self, isolation: UUID, about: str, *, lead: str = "Priya Nair", second: str = "Gareth Lowe") -> None:
        sql = "SELECT sec.request_approval('lift_isolation', %s, NULL, %s::jsonb, ARRAY['x'], 'Now', true, %s::uuid[])"
        payload = json.dumps({"isolation": str(isolation)})
        asked = self.act(lead, sql, self.ids[about], payload, [self.ids["brackenfield"]])
        self.act(second, "SELECT sec.decide(%s, true, '')", asked)
        self.act(second, "SELECT sec.lift_isolation(%s, %s)", isolation, asked)
