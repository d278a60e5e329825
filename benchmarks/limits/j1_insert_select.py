"""The limit of `J1`: the rows of one opened incident, written by INSERT … SELECT as the owner of the tables.

Stand-alone: takes DATABASE_URL from the environment and the reference of an incident that the product has opened, and
for every line `go` on standard input writes the same rows once more under a new incident, in one transaction, and
answers with the milliseconds from BEGIN to the return of COMMIT and the number of rows, until `end`. Columns are read
from the catalogue, so that the limit moves with the schema; constraints, indexes, triggers and the seal are on.
"""

from __future__ import annotations

import json
import os
import sys
import time
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

# In the order of their foreign keys. Standings, streams and plannings are written by triggers here as there.
TABLES = (
    "incidents_incident", "incidents_incidentsystem", "incidents_radius", "incidents_run", "incidents_participant",
    "incidents_task", "incidents_duty", "ledger_event",
)  # fmt: skip
# What the columns get instead of the value of the row that is copied.
FRESH = {
    ("incidents_incident", "id"): "%(incident)s",
    ("incidents_incident", "reference"): "%(reference)s",
    ("incidents_incident", "participants"): "ARRAY[x.lead_id]",
    ("incidents_incident", "overseers"): "ARRAY[x.lead_id]",
    ("incidents_incident", "opened_at"): "now()",
    ("incidents_incident", "status"): "'open'",
    ("incidents_incident", "outcome"): "''",
    ("incidents_incident", "closed_at"): "NULL",
    ("ledger_event", "pos"): "NULL",
    ("ledger_event", "text"): "NULL",
    ("ledger_event", "leaf"): "NULL",
    ("ledger_event", "nonce"): "NULL",
}
COUNTERS = {"tasks_total", "tasks_open", "tasks_waiting", "tasks_settled", "tasks_blocked", "containing_open"}
# The incident's events, and the wide read that the same transaction recorded.
EVENTS = """x.incident_id = %(template)s OR (x.kind = 'estate.read' AND x.pos = (SELECT max(e.pos)
    FROM ledger_event e WHERE e.kind = 'estate.read' AND e.pos < (SELECT min(i.pos) FROM ledger_event i
    WHERE i.incident_id = %(template)s)))"""


def statement(connection: psycopg.Connection, table: str) -> Composed:
    """`INSERT INTO table (…) SELECT …` from the rows of the incident that is copied."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attidentity = '' AND attgenerated = '' ORDER BY attnum",
        [table],
    ).fetchall()
    columns = [name for (name,) in found]
    where = {"incidents_incident": "x.id = %(template)s", "ledger_event": EVENTS}.get(table, "")
    order = " ORDER BY x.ordinal" if table == "ledger_event" else ""
    return SQL("INSERT INTO {} ({}) SELECT {} FROM {} x WHERE {}").format(
        Identifier(table),
        SQL(", ").join(map(Identifier, columns)),
        SQL(", ").join(SQL(value(table, column)) for column in columns),
        Identifier(table),
        SQL((where or "x.incident_id = %(template)s") + order),
    )


def value(table: str, column: str) -> str:
    if (table, column) in FRESH:
        return FRESH[table, column]
    if column == "id":
        return "gen_random_uuid()"
    if column == "incident_id":
        return "CASE WHEN x.incident_id IS NOT NULL THEN %(incident)s::uuid END"
    if table == "incidents_participant" and column in COUNTERS:
        return "0"
    return f'x."{column}"'


def once(connection: psycopg.Connection, statements: list[Composed], values: dict[str, object]) -> tuple[float, int]:
    """Milliseconds and rows of one incident."""
    values = {**values, "incident": uuid4(), "reference": f"INC-{uuid4().hex[:8]}"}
    began = time.perf_counter()
    with connection.transaction():
        rows = sum(connection.execute(each, values).rowcount for each in statements)
    return (time.perf_counter() - began) * 1000, rows


def main() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        with connection.cursor(row_factory=dict_row) as cursor:
            template = cursor.execute("SELECT id FROM incidents_incident WHERE reference = %s", sys.argv[1:]).fetchone()
        assert template, "no incident of this reference"
        statements = [statement(connection, table) for table in TABLES]
        print("ready", flush=True)
        for line in sys.stdin:
            if line.strip() == "end":
                return
            milliseconds, rows = once(connection, statements, {"template": template["id"]})
            print(json.dumps([milliseconds, rows]), flush=True)


if __name__ == "__main__":
    main()
