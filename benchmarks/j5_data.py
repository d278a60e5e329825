"""What `J5` measures over: 10,000 incidents with 396,000 tasks, made from one that the product has opened.

Every hundredth has all 33 organisations with their 12 steps, the others three of them. They are copied by the owner of
the tables with the triggers off and the counters as they are, which comes to the same rows as opening each.
"""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Composed, Identifier

INCIDENTS, TASKS = 10_000, 396_000
WHOLE = 100  # every so many-th has everybody
# What differs in a copy; `n` is its number, `w` whether it is a whole one, `f.few` whom the others have.
FRESH = {
    "incidents_incident": {
        "id": "{id}",
        "reference": "'INC-' || to_char(n, 'FM000000')",
        "opened_at": "x.opened_at - n * interval '10 minutes'",
        "status": "CASE WHEN n < 20 THEN x.status ELSE 'closed' END",
        "outcome": "CASE WHEN n < 20 THEN '' ELSE 'resolved' END",
        "closed_at": "CASE WHEN n >= 20 THEN x.opened_at - (n - 1) * interval '10 minutes' END",
        "participants": "CASE WHEN w THEN x.participants ELSE f.few END",
    },
    "incidents_incidentsystem": {"id": "gen_random_uuid()", "incident_id": "{id}"},
    "incidents_participant": {"id": "gen_random_uuid()", "incident_id": "{id}"},
    "incidents_standing": {"id": "gen_random_uuid()", "incident_id": "{id}"},
    "incidents_task": {"id": "gen_random_uuid()", "incident_id": "{id}"},
}
OF_ORGANISATIONS = {"incidents_participant", "incidents_standing", "incidents_task"}
COPY_ID = "md5('incident ' || n)::uuid"


def fill(owner: psycopg.Connection, reference: str) -> None:
    """Copy the incident with this reference until there are enough.

    Raises:
        RuntimeError: the numbers of rows are not what they should be.
    """
    for table in FRESH:
        owner.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(table)))
    with owner.transaction():
        for table in FRESH:
            owner.execute(_copying(owner, table), {"reference": reference, "last": INCIDENTS - 1})
    for table in FRESH:
        owner.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(table)))
    counts = [_count(owner, table) for table in ("incidents_incident", "incidents_task")]
    if counts != [INCIDENTS, TASKS]:
        raise RuntimeError(f"there are {counts[0]} incidents with {counts[1]} tasks")
    owner.execute("VACUUM ANALYZE")


def _count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table))).fetchone()
    assert row
    return int(row[0])


def _copying(owner: psycopg.Connection, table: str) -> Composed:
    columns = [
        name
        for (name,) in owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attidentity = '' AND attgenerated = '' ORDER BY attnum",
            [table],
        ).fetchall()
    ]
    fresh = FRESH[table]
    values = [SQL(fresh[name].replace("{id}", COPY_ID) if name in fresh else f'x."{name}"') for name in columns]
    own = "x.id" if table == "incidents_incident" else "x.incident_id"
    narrowed = " AND (w OR x.organisation_id = ANY (f.few))" if table in OF_ORGANISATIONS else ""
    return SQL(
        "WITH source AS (SELECT id, overseers FROM incidents_incident WHERE reference = %(reference)s),"
        # lead, provider (and whoever else sees all), and councils up to three
        " few AS (SELECT array_agg(organisation_id) AS few FROM (SELECT p.organisation_id FROM incidents_participant p,"
        " source s WHERE p.incident_id = s.id ORDER BY p.organisation_id = ANY (s.overseers) DESC, p.slug LIMIT 3) t)"
        " INSERT INTO {} ({}) SELECT {} FROM source s, few f, {} x, generate_series(1, %(last)s) n,"
        " LATERAL (SELECT n %% {} = 0 AS w) each WHERE " + own + " = s.id" + narrowed
    ).format(
        Identifier(table),
        SQL(", ").join(map(Identifier, columns)),
        SQL(", ").join(values),
        Identifier(table),
        SQL(str(WHOLE)),
    )
