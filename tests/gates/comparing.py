"""Compares what PostgreSQL lets a role do with what the matrix says; a difference is a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composable, Identifier, Literal

from tests.gates.arranged import Arranged
from tests.gates.arranged_names import ticket
from tests.gates.matrix import MATRIX
from tests.gates.matrix_rules import OPEN

COMMANDS = ("select", "insert", "update", "delete")
Keys = set[tuple[Any, ...]]
REFUSED = psycopg.errors.InsufficientPrivilege
# A row's own constraints are asked after row security: a violated one says that row security has let the row through.
OFFER = SQL("""
DO $$ DECLARE offered jsonb; this int := 0; passed text := ''; BEGIN
    FOR offered IN SELECT * FROM jsonb_array_elements(current_setting('gate.rows')::jsonb) LOOP
        BEGIN
            INSERT INTO {} ({}) SELECT {} FROM jsonb_populate_record(NULL::{}, offered);
            RAISE unique_violation;
        EXCEPTION
            WHEN unique_violation OR check_violation OR not_null_violation THEN passed := passed || ' ' || this;
            WHEN insufficient_privilege THEN NULL;
        END;
        this := this + 1;
    END LOOP;
    PERFORM set_config('gate.passed', passed, true);
END $$
""")


class Comparison:
    """Of one database. Keys are primary keys; every attempt is rolled back."""

    def __init__(self, world: Arranged) -> None:
        self.world = world
        self.owner = world.log_in("owner")
        self.tables: dict[str, list[str]] = {}
        self.columns: dict[str, list[str]] = {}
        self.nullable: dict[str, list[str]] = {}
        for table, key, columns, nullable in self.owner.execute(
            "SELECT c.relname::text,"
            " (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_index i JOIN pg_attribute a"
            "   ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary),"
            " (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a"
            "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),"
            " (SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a"
            "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull)"
            " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
        ).fetchall():
            self.tables[table], self.columns[table], self.nullable[table] = key, columns, nullable

    def differences(self, table: str, role: str, slug: str, commands: tuple[str, ...] = COMMANDS) -> Iterator[str]:
        """Where a role with this organisation's ticket sees, changes, adds or removes other rows than it should."""
        me = self.world.ids[slug]
        for command in commands:
            rule = getattr(MATRIX[table].of(role), command)
            expected = self.by_rule(table, rule, me) if rule else None
            found = self.reached(table, role, ticket(slug), command)
            if found == expected:
                continue
            who = f"{role} of {slug}, {command} {table}"
            if expected is None or found is None:
                yield f"{who}: {'refused' if found is None else 'not refused'}"
            else:
                yield f"{who}: {len(found - expected)} leaked, {len(expected - found)} missing"
        for command in {"update", "delete"} & set(commands):
            rule = getattr(MATRIX[table].of(role), command)
            if (
                rule
                and rule != OPEN
                and (changed := self._blindly(table, role, ticket(slug), command))
                != len(expected := self.by_rule(table, rule, me))
            ):
                yield f"{role} of {slug}, {command} {table} without looking: {changed} rows, not {len(expected)}"

    def _blindly(self, table: str, role: str, ticket: str, command: str) -> int:
        """How many rows a change hits that reads no column: then no policy for SELECT is asked beside its own."""
        name = Identifier(table)
        statement: Composable = SQL("DELETE FROM {}").format(name)
        if command == "update":
            columns = self._named(table, role, "updates")
            column = next((each for each in columns if each in self.nullable[table]), columns[0])
            value = None
            if column not in self.nullable[table]:
                row = self.owner.execute(SQL("SELECT {} FROM {} LIMIT 1").format(Identifier(column), name)).fetchone()
                value = json.dumps(row[0]) if isinstance(row[0], dict) else str(row[0])
            statement = SQL("UPDATE {} SET {} = {}").format(name, Identifier(column), Literal(value))
        with self.world.entered(role, ticket) as connection:
            return connection.execute(statement).rowcount

    def reached(self, table: str, role: str, ticket: str, command: str) -> Keys | None:
        """Keys of the rows that the command gets hold of; None when there is no right to it, or no valid ticket."""
        with self.world.entered(role, ticket) as connection:
            try:
                if command == "insert":
                    return self._inserted(connection, table, role)
                with connection.transaction():
                    return set(connection.execute(self._statement(table, role, command)).fetchall())
            except REFUSED:
                return None

    def _statement(self, table: str, role: str, command: str) -> Composable:
        name, key = Identifier(table), SQL(", ").join(map(Identifier, self.tables[table]))
        if command == "select":
            return SQL("SELECT {} FROM {}").format(key, name)
        if command == "delete":
            return SQL("DELETE FROM {} RETURNING {}").format(name, key)
        column = Identifier(self._named(table, role, "updates")[0])
        return SQL("UPDATE {} SET {} = {} RETURNING {}").format(name, column, column, key)

    def _inserted(self, connection: Connection, table: str, role: str) -> Keys | None:
        """Offer every row of the table again. A row that row security lets through meets its own primary key."""
        columns = SQL(", ").join(map(Identifier, self._named(table, role, "inserts")))
        name = Identifier(table)
        if not MATRIX[table].of(role).insert:
            empty = SQL("INSERT INTO {} ({}) SELECT {} FROM jsonb_populate_record(NULL::{}, '{{}}')")
            connection.execute(empty.format(name, columns, columns, name))  # raises: no row at all may be added
            return set()
        rows = self._everything(table)
        connection.execute("SELECT set_config('gate.rows', %s, true)", [f"[{','.join(row for *_, row in rows)}]"])
        connection.execute(OFFER.format(name, columns, columns, name))
        ((passed,),) = connection.execute("SELECT current_setting('gate.passed')").fetchall()
        return {tuple(rows[int(nth)][:-1]) for nth in passed.split()}

    def _everything(self, table: str) -> list[Any]:
        key = SQL(", ").join(map(Identifier, self.tables[table]))
        return self.owner.execute(
            SQL("SELECT {}, to_jsonb(x)::text FROM {} x").format(key, Identifier(table))
        ).fetchall()

    def keys(self, table: str) -> Keys:
        return {tuple(key) for *key, _ in self._everything(table)}

    def by_rule(self, table: str, rule: str, me: Any) -> Keys:
        """The owner's view: row security lets it see everything."""
        key = ", ".join(f'x."{column}"' for column in self.tables[table])
        return set(self.owner.execute(f'SELECT {key} FROM "{table}" x WHERE {rule}', {"me": me}).fetchall())

    def _named(self, table: str, role: str, kind: str) -> list[str]:
        return getattr(MATRIX[table].of(role), kind).split() or [
            column for column in self.columns[table] if column != "ordinal"
        ]

    def wrong_columns(self, table: str, role: str) -> Iterator[str]:
        """Grants by column are as the matrix says: which may be read, given and changed."""
        can = MATRIX[table].of(role)
        for command, kind in (("select", "selects"), ("insert", "inserts"), ("update", "updates")):
            expected = set(getattr(can, kind).split() or self.columns[table]) if getattr(can, command) else set()
            rows = self.owner.execute(
                "SELECT x FROM unnest(%s::text[]) x WHERE has_column_privilege(%s, %s::regclass, x, %s)",
                [self.columns[table], role, f'public."{table}"', command],
            ).fetchall()
            if (found := {column for (column,) in rows}) != expected:
                more, less = sorted(found - expected), sorted(expected - found)
                yield f"{role} {command} {table}: {more} too many, {less} too few"

    def opened_without_ticket(self, table: str, role: str, ticket: str) -> Iterator[str]:
        """With a ticket that is none, everything but OPEN rows is refused out loud, not merely empty."""
        for command in COMMANDS:
            rule = getattr(MATRIX[table].of(role), command)
            found = self.reached(table, role, ticket, command)
            if rule == OPEN:
                assert found, f"{table} is empty for {role}"
            elif found or (found is not None and command != "insert"):
                yield f"{role} with the ticket {ticket!r} may {command} {table}: {len(found)} rows"


def digest_of(owner: Connection) -> dict[str, str]:
    """A hash of each table's content: equal before and after means that nothing was written."""
    names = [
        name
        for (name,) in owner.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r'"
            " AND c.relnamespace IN ('public'::regnamespace, 'sec'::regnamespace)"
        ).fetchall()
    ]
    hashed = "SELECT '{0}', md5(coalesce(string_agg(x::text, ' ' ORDER BY x::text), '')) FROM {0} x"
    return dict(owner.execute(" UNION ALL ".join(hashed.format(name) for name in names)).fetchall())
