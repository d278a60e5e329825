"""B6 and B7: thousands of messages go out while everything under them is killed. None is lost, hardly any comes twice.

    python -m scripts.prove.deliveries            10,000 messages each, with 20 kills

One JSON object a line on standard output; ends with 1 when a bound is missed. PostgreSQL and Valkey are its own, under
`var/prove-deliveries`, and are made anew each time; workers have the settings of production, its lease too.
"""

# ruff: noqa: E402 - the servers have to run before Django is set up

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal.embedded import EmbeddedServers
from portal.roles import ALL_ROLES, OWNER
from portal.var_folder import var_folder
from portal.vault.master import new_master_key

ROOT = Path(__file__).resolve().parents[2]
SERVERS: EmbeddedServers | None = None


def start_servers() -> EmbeddedServers:
    """Servers of our own with the demonstration partnership in them, and an environment that names them."""
    folder = var_folder() / "prove-deliveries"
    shutil.rmtree(folder, ignore_errors=True)
    servers = EmbeddedServers(folder)
    servers.start()
    os.environ.update(servers.environment())
    os.environ.update(
        DJANGO_SETTINGS_MODULE="portal.settings", SECRET_KEY="only-for-this-proof", MASTER_KEY=new_master_key()
    )
    for name in ("NOTIFY_SMS_TEMPLATE", "NOTIFY_API_KEY", "BULKHEAD_PROCESS"):
        os.environ.pop(name, None)
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

from django.db import connections

import portal.celery  # noqa: F401 - an opened incident wakes by our app's broker
from scripts.prove.people import People
from scripts.prove.trial import Harm, Site, crash_of, run, wrong

MESSAGES, KILLS = 10_000, 20
PATIENCE_SECONDS = 480.0  # a lease of 150 s and the later retries of a message that had bad luck
B6, B6_REPEATED = Harm(KILLS), 0.005
# Kills come before the broker stops: while it is away the scheduler sends with its own hands, and no worker has work.
B7 = Harm(KILLS, database_crash_at=0.3, broker_flush_at=0.5, broker_stop_at=0.75, kills_until=0.7)
B7_REPEATED, ERRORS, LOST_REPLIES = 0.01, 0.05, 0.002


def one(servers: EmbeddedServers, name: str, harm: Harm, seed: int, *, errors: float, lost_replies: float) -> Any:
    """One run to people on a database of its own."""
    database, chance = f"bulkhead_{name.lower()}", random.Random(seed)
    connections.close_all()
    servers.copy_database(database)
    for connection in connections.all():
        connection.settings_dict["NAME"] = database
    assert servers.postgres is not None
    assert servers.valkey is not None
    environment = {**os.environ, **servers.environment(database)}
    worker = next(role.name for role in ALL_ROLES if role.variable == "DATABASE_URL_WORKER")
    site = Site(
        environment,
        servers.database_url(OWNER.name, database),
        servers.database_url(worker, database),
        servers.base / f"{name}.log",
        crash_of(servers.postgres),
        servers.valkey,
    )
    half = People(MESSAGES, chance, errors=errors, lost_replies=lost_replies)
    try:
        return run(name, half, site, harm, messages=MESSAGES, chance=chance, patience=PATIENCE_SECONDS)
    finally:
        half.close()


def main(servers: EmbeddedServers, seed: int) -> int:
    """The runs one after the other; a further half of the proof (webhooks, say) gets its lines here."""
    print(f"seed {seed}", file=sys.stderr)
    missed = False
    for name, harm, bound, how in (
        ("B6", B6, B6_REPEATED, {"errors": 0.0, "lost_replies": 0.0}),
        ("B7", B7, B7_REPEATED, {"errors": ERRORS, "lost_replies": LOST_REPLIES}),
    ):
        facts = one(servers, name, harm, seed, **how)
        print(json.dumps(facts), flush=True)
        for words in (found := wrong(facts, harm, bound)):
            print(f"{name}: {words}", file=sys.stderr)
        missed |= bool(found)
    return int(missed)


if __name__ == "__main__":
    assert SERVERS is not None
    try:
        status = main(SERVERS, int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10**6))
    finally:
        SERVERS.stop()
    sys.exit(status)
