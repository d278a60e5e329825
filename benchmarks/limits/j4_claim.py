"""The limit of `J4 claim`: claim and mark alone, in a plain table without row security, a batch after the other.

Stand-alone: `j4_claim.py COUNT BATCH` works in the database of DATABASE_URL and prints rows a second.
"""

from __future__ import annotations

import os
import sys
import time

import psycopg


def main() -> None:
    count, batch = int(sys.argv[1]), int(sys.argv[2])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS limit_j4")
        connection.execute(
            "CREATE TABLE limit_j4 (id bigint PRIMARY KEY, state text NOT NULL, due timestamptz NOT NULL, worker text,"
            " attempts int NOT NULL DEFAULT 0, body text NOT NULL)"
        )
        connection.execute("CREATE INDEX ON limit_j4 (due) WHERE state IN ('pending', 'claimed')")
        connection.execute(
            "INSERT INTO limit_j4 SELECT n, 'pending', now(), NULL, 0, repeat('x', 300) FROM generate_series(1, %s) n",
            [count],
        )
        connection.execute("ANALYZE limit_j4")
        began, done = time.perf_counter(), 0
        while True:
            rows = connection.execute(
                "UPDATE limit_j4 t SET state = 'claimed', worker = 'w', attempts = attempts + 1,"
                " due = now() + interval '1 minute' FROM (SELECT id FROM limit_j4 WHERE state IN ('pending', 'claimed')"
                " AND due <= now() ORDER BY due LIMIT %s FOR UPDATE SKIP LOCKED) d WHERE t.id = d.id"
                " RETURNING t.id, t.body",
                [batch],
            ).fetchall()
            if not rows:
                break
            connection.execute("UPDATE limit_j4 SET state = 'sent' WHERE id = ANY (%s)", [[row[0] for row in rows]])
            done += len(rows)
        assert done == count
        print(count / (time.perf_counter() - began), flush=True)
        connection.execute("DROP TABLE limit_j4")


if __name__ == "__main__":
    main()
