"""`J3`: a million records of access from a file into the database; the limit decodes them into a set, stores nothing.

Answers are compared: the keys that stand in the database afterwards are those of the set. `info J3 again` is the same
file once more from a new source, where everything stands already.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import django
import psycopg

django.setup()

from benchmarks.j3_data import RUNNER, arrange, write_approved, write_events
from benchmarks.result import report, take_turns
from monitoring.access.intakes import open_intake, take_file
from monitoring.records.reading import reader_of
from portal.var_folder import root

COUNT = int(os.environ.get("J3_EVENTS", "1000000"))
ROUNDS = int(os.environ.get("J3_ROUNDS", "3"))
LIMIT = Path(__file__).parent / "limits" / "j3_set.py"


def owner() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def main() -> None:
    folder = root() / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path, approved = folder / "j3.ndjson", folder / "j3.approved"
    write_events(path, COUNT)
    write_approved(approved)
    with owner() as connection, connection.transaction():
        arrange(connection)
    answers: list[dict[str, object]] = []
    names = iter(range(10_000))

    def ours() -> float:
        with owner() as connection:
            connection.execute("TRUNCATE monitoring_source CASCADE")
            connection.execute("TRUNCATE monitoring_sight CASCADE")
        began = time.perf_counter()
        taken = take(path, f"file {next(names)}")
        seconds = time.perf_counter() - began
        answers.append({"first_sights": taken, "sha256": digest()})
        return COUNT / seconds

    def limit() -> float:
        done = subprocess.run(
            [sys.executable, str(LIMIT), str(path), str(approved)], stdout=subprocess.PIPE, check=True
        )
        said = json.loads(done.stdout)
        answers.append({"first_sights": said["first_sights"], "sha256": said["sha256"]})
        return float(COUNT / said["seconds"])

    mine, theirs = take_turns(ROUNDS, ours, limit)
    if any(each != answers[0] for each in answers):
        raise SystemExit(f"the answers differ: {answers}")
    report("J3 limit", ours=mine, limit=theirs, unit="events/s", better="high")
    again = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        if take(path, f"file {next(names)}"):
            raise SystemExit("what stood already was told again")
        again.append(COUNT / (time.perf_counter() - began))
    report("info J3 again", ours=again, limit=theirs, unit="events/s", better="high")
    path.unlink()


def take(path: Path, name: str) -> int:
    """First sights of a file, taken as `manage.py ingest` does."""
    intake = open_intake(RUNNER, name, name, "normal", path.stat().st_size, f"bench {os.getpid()}")
    with path.open("rb") as file:
        return take_file(intake, reader_of("normal"), file).first_sights


def digest() -> str:
    """Over the sorted keys of first successes that nothing covers."""
    with owner() as connection:
        rows = connection.execute(
            "SELECT s.account || ' ' || o.slug || ' ' || s.place FROM monitoring_sight s"
            " JOIN partners_organisation o ON o.id = s.organisation_id"
            " WHERE s.kind = 'success' AND s.permission_id IS NULL"
        ).fetchall()
    keys = sorted(tuple(key.split()) for (key,) in rows)
    return hashlib.sha256("\n".join(" ".join(key) for key in keys).encode()).hexdigest()


if __name__ == "__main__":
    main()
