"""What writes the rows of `arranged`, as the owner."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb


class Writer:
    """`ids` is filled in as rows are written, for those that name them."""

    def __init__(self, owner: Connection, ids: dict[str, UUID]) -> None:
        self.owner = owner
        self.ids = ids
        self.number = count(1)

    def put(self, table: str, **values: Any) -> UUID:
        """Insert one row; it gets an id unless it brings its own key."""
        statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(table),
            SQL(", ").join(map(Identifier, values)),
            SQL(", ").join(map(Placeholder, values)),
        )
        self.owner.execute(statement, values)
        return values.get("id") or self.owner.execute("SELECT gen_random_uuid()").fetchone()[0]

    def one(self, sql: str, *parameters: Any) -> Any:
        row = self.owner.execute(sql, parameters).fetchone()
        assert row is not None, sql
        return row[0]

    def event(self, kind: str, slug: str, *, audience: list[str], incident: str = "", data: Any = None) -> UUID:
        return self.put(
            "ledger_event", id=uuid4(), kind=kind, at="now", actor_organisation_id=self.ids[slug], actor_kind="person",
            actor_person_id=self.ids[f"{slug}/person"], incident_id=self.ids.get(incident), incident_reference=incident,
            audience=[self.ids[each] for each in audience], data=Jsonb(data or {}),
        )  # fmt: skip
