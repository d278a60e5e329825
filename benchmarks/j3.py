"""`J3`: a million records of access from a file into the database.

`J3 limit` is against decoding them into a set and storing nothing, `J3 orm` against Django's get_or_create, `J3 http`
through the API against the command.

Answers are compared: the keys that stand in the database afterwards are those of the set. `info J3 again` is the same
file once more from a new source, where everything stands already.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import django
import psycopg

django.setup()

from benchmarks.j1 import start_web
from benchmarks.j3_data import RUNNER, arrange, write_approved, write_events
from benchmarks.result import report, take_turns
from monitoring.access.intakes import open_intake, take_file
from monitoring.records.reading import reader_of
from partners.keys import make_key
from partners.models import Organisation
from portal.tenancy.scope import at_the_door
from portal.var_folder import root

COUNT = int(os.environ.get("J3_EVENTS", "1000000"))
ROUNDS = int(os.environ.get("J3_ROUNDS", "3"))
LIMIT, ORM = (Path(__file__).parent / "limits" / f"{name}.py" for name in ("j3_set", "j3_orm"))
ORM_CROSSINGS = int(os.environ.get("J3_ORM_CROSSINGS", "4000"))
PIECE = 32 * 1024 * 1024


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
        empty()
        began = time.perf_counter()
        taken = take(path, f"file {next(names)}")
        seconds = time.perf_counter() - began
        answers.append({"first_sights": taken, "sha256": digest()})
        return COUNT / seconds

    def limit() -> float:
        said = json.loads(limit_of(LIMIT, path, approved))
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
    orm = [float(limit_of(ORM, path, approved, ORM_CROSSINGS)) for _ in range(ROUNDS)]
    report("J3 orm", ours=mine, limit=orm, unit="events/s", better="high")
    with at_the_door():
        key = make_key(Organisation.objects.get(slug=RUNNER), label="J3", scopes=["access-events"])[1]
    with ExitStack() as stack:
        port = start_web(stack)
        sent = [through_http(path, port, key, f"http {nth}") for nth in range(ROUNDS)]
    report("J3 http", ours=sent, limit=mine, unit="events/s", better="high")
    path.unlink()


def take(path: Path, name: str) -> int:
    """First sights of a file, taken as `manage.py ingest` does."""
    intake = open_intake(RUNNER, name, name, "normal", path.stat().st_size, f"bench {os.getpid()}")
    with path.open("rb") as file:
        return take_file(intake, reader_of("normal"), file).first_sights


def limit_of(script: Path, *arguments: object) -> bytes:
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, cwd=root(), stdout=subprocess.PIPE, check=True).stdout


def through_http(path: Path, port: int, key: str, source: str) -> float:
    """Events a second through the web process, in bodies of 32 MiB and less, from nothing."""
    empty()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    address, taken = f"/api/v1/access-events/?format=normal&source={source.replace(' ', '-')}", 0
    began = time.perf_counter()
    with path.open("rb") as file:
        while piece := file.read(PIECE) + file.readline():
            connection.request("POST", address, piece, headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            if answer.status != 200:
                raise SystemExit(f"the API answered {answer.status}: {body}")
            taken += body["accepted"] + body["duplicates"]
    seconds = time.perf_counter() - began
    if taken != COUNT:
        raise SystemExit(f"{taken} of {COUNT} were taken")
    return COUNT / seconds


def empty() -> None:
    with owner() as connection:
        connection.execute("TRUNCATE monitoring_source, monitoring_sight CASCADE")


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
