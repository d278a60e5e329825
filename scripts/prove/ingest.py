"""Millions of records of access through the command: memory stays, kills lose nothing, several tell each sight once.

    python -m scripts.prove.ingest             1 and 10 million lines
    python -m scripts.prove.ingest LINES       LINES and ten times as many

On standard output a JSON object for each of `memory` (resident memory of the two, in MB, and their ratio, at most 1.1),
`kills` (SIGKILL again and again until the file is through) and `beside` (2 and 4 commands on the same file at once);
ends 1 when one of them fails. PostgreSQL is its own, under `var/prove-ingest`, and made anew each time.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.j3_data import RUNNER, arrange, write_events
from portal.embedded import EmbeddedServers
from portal.var_folder import var_folder
from portal.vault.master import new_master_key

ROOT = Path(__file__).resolve().parents[2]
MOST_GROWTH = 1.1


def ingest(path: Path, source: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "ingest", str(path), "--organisation", RUNNER, "--source", source]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measured(path: Path, source: str) -> tuple[float, float]:
    """Its greatest resident memory in MB, and seconds."""
    began = time.monotonic()
    going = ingest(path, source)
    _, status, usage = os.wait4(going.pid, 0)
    going.returncode = os.waitstatus_to_exitcode(status)
    if going.returncode:
        raise SystemExit(f"ingest ended with {going.returncode}")
    return usage.ru_maxrss / 1024, time.monotonic() - began


def one(owner: psycopg.Connection, sql: str) -> int:
    row = owner.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


def empty(owner: psycopg.Connection) -> None:
    owner.execute("TRUNCATE monitoring_source, monitoring_sight CASCADE")


def killed(owner: psycopg.Connection, path: Path, lines: int, seed: int) -> dict[str, Any]:
    chance, kills, began = random.Random(seed), 0, time.monotonic()
    while True:
        going = ingest(path, "killed")
        try:
            going.wait(chance.uniform(2.0, 4.0) * (1 + kills / 4))  # so that it ends on a slow machine too
            if going.returncode == 0:
                break
            raise SystemExit(f"ingest ended with {going.returncode}")
        except subprocess.TimeoutExpired:
            going.send_signal(signal.SIGKILL)
            going.wait()
            kills += 1
            if one(owner, "SELECT count(*) FROM monitoring_intake WHERE finished_at IS NOT NULL"):
                break  # between its end and that of the process: once more it would be the file delivered a second time
            owner.execute("UPDATE monitoring_intake SET claimed_until = now() WHERE finished_at IS NULL")
    told = one(owner, "SELECT accepted + duplicates FROM monitoring_source WHERE name = 'killed'")
    return {
        "name": "kills", "attempts": kills, "lines": lines, "told": told, "failures": int(told != lines or kills == 0),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def main(lines: int) -> int:
    folder = var_folder() / "prove-ingest"
    shutil.rmtree(folder, ignore_errors=True)
    failures = 0
    with EmbeddedServers(folder, durable=False) as servers:
        os.environ.update(servers.environment())
        os.environ.update(
            DJANGO_SETTINGS_MODULE="portal.settings", SECRET_KEY="only-for-this-proof", MASTER_KEY=new_master_key()
        )
        owner_of = {**os.environ, "BULKHEAD_PROCESS": "owner"}
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=ROOT, env=owner_of, check=True)
        os.environ["BULKHEAD_PROCESS"] = "worker"
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
            with owner.transaction():
                arrange(owner)
            short, long = folder / "short.ndjson", folder / "long.ndjson"
            write_events(short, lines)
            write_events(long, 10 * lines)
            (small, _), (large, seconds) = measured(short, "short"), measured(long, "long")
            wanted = one(owner, "SELECT count(*) FROM monitoring_sight WHERE source_id IN"
                                " (SELECT id FROM monitoring_source WHERE name = 'short')")  # fmt: skip
            ratio = large / small
            failures += ratio > MOST_GROWTH
            say(
                {
                    "name": "memory",
                    "attempts": 2,
                    "lines": [lines, 10 * lines],
                    "mb": [round(small), round(large)],
                    "ratio": round(ratio, 3),
                    "failures": int(ratio > MOST_GROWTH),
                    "seconds": round(seconds, 1),
                }
            )
            long.unlink()
            empty(owner)
            found = killed(owner, short, lines, seed=1)
            found["sights"] = one(owner, "SELECT count(*) FROM monitoring_sight")
            found["failures"] += int(found["sights"] != wanted)
            failures += found["failures"]
            say(found)
            for several in (2, 4):
                empty(owner)
                going = [ingest(short, f"source {nth}") for nth in range(several)]
                ended = [each.wait() for each in going]
                sights = one(owner, "SELECT count(*) FROM monitoring_sight")
                told = one(owner, "SELECT sum(accepted + duplicates) FROM monitoring_source")
                bad = int(any(ended) or sights != wanted or told != several * lines)
                failures += bad
                say({"name": "beside", "attempts": several, "sights": sights, "wanted": wanted, "failures": bad})
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if failures else 0


def say(found: dict[str, Any]) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
