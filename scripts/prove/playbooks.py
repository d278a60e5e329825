"""Random playbooks run to their end on the real database, with random answers, repeats and killed workers.

    python -m scripts.prove.playbooks             2,000 runs
    python -m scripts.prove.playbooks RUNS SEED

Each is compared, after everything that happens, with the same rules written by hand (`tests/running_rules.py`). One
JSON object on standard output; what differs goes to standard error, and the command then ends with 1. PostgreSQL and
Valkey are its own, under `var/prove-playbooks`, and are made anew each time.
"""

# ruff: noqa: E402 - the servers have to run before Django is set up

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from portal.embedded import EmbeddedServers
from portal.var_folder import var_folder
from portal.vault.master import new_master_key

ROOT = Path(__file__).resolve().parents[2]
RUNS = 2_000
SERVERS: EmbeddedServers | None = None


def start_servers() -> EmbeddedServers:
    """Servers of our own with the demonstration partnership in them, and an environment that names them."""
    folder = var_folder() / "prove-playbooks"
    shutil.rmtree(folder, ignore_errors=True)
    servers = EmbeddedServers(folder, durable=False)
    servers.start()
    os.environ.update(servers.environment())
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings", SECRET_KEY="only-for-this-proof", MASTER_KEY=new_master_key()
    )
    os.environ.pop("BULKHEAD_PROCESS", None)
    owner = {**os.environ, "BULKHEAD_PROCESS": "owner"}
    for command in (["migrate", "--verbosity", "0"], ["load_partnership", "demo/partnership.json"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL
        )
    return servers


if __name__ == "__main__":
    import django

    SERVERS = start_servers()
    django.setup()

import portal.celery  # noqa: F401 - an opened incident wakes by our app's broker
from tests.notifications.stage import Stage
from tests.proving_runs import prove


def main(runs: int = RUNS, seed: int = 1) -> int:
    began = time.monotonic()
    proof = prove(Stage(), range(seed, seed + runs))
    for each in [*proof.failures, json.dumps(dict(proof.counts))]:
        print(each, file=sys.stderr)
    line = {
        "name": "playbooks",
        "attempts": proof.attempts,
        "failures": len(proof.failures),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(line), flush=True)
    return 1 if proof.failures else 0


if __name__ == "__main__":
    try:
        STATUS = main(*(int(each) for each in sys.argv[1:3]))
    finally:
        assert SERVERS is not None
        SERVERS.stop()
    sys.exit(STATUS)
