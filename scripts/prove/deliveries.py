"""B6 and B7: thousands of messages go out while everything under them is killed. None is lost, hardly any comes twice.
B9: five hundred ladders at once (`timers.py`). B10: what is urgent goes out in time beside fifty others a second
(`urgent.py`).

    python -m scripts.prove.deliveries            10,000 messages each, with 20 kills
    python -m scripts.prove.deliveries SEED MESSAGES KILLS HALF…

A half is `B6`, `B7` (to people), `B6-hooks`, `B7-hooks` (to tools), `B9` or `B10`; without one, all of them.

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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from scripts.prove.timers import timers
from scripts.prove.tools import Tools
from scripts.prove.trial import Half, Harm, Site, crash_of, judged, run
from scripts.prove.urgent import judged_urgent, urgent

MESSAGES, KILLS = 10_000, 20
PATIENCE_SECONDS = 480.0  # a lease of 150 s and the later retries of a message that had bad luck
B6_REPEATED = 0.005
B7_REPEATED, ERRORS, LOST_REPLIES = 0.01, 0.05, 0.002
HOOKS_REPEATED = 0.0  # nothing is left twice when the receiver has dropped the ids that it knew


@dataclass(frozen=True)
class Run:
    """One line of the proof. `half` makes the other side for so many messages."""

    name: str
    harm: Harm
    most_repeated: float
    half: Callable[[int, random.Random], Half]


def runs(kills: int) -> list[Run]:
    # Kills come before the broker stops: while it is away the scheduler sends with its own hands, and workers do not.
    all_of_it = Harm(kills, database_crash_at=0.3, broker_flush_at=0.5, broker_stop_at=0.75, kills_until=0.7)
    return [
        Run("B6", Harm(kills), B6_REPEATED, People),
        Run("B7", all_of_it, B7_REPEATED, partial(People, errors=ERRORS, lost_replies=LOST_REPLIES)),
        Run("B6-hooks", Harm(kills), HOOKS_REPEATED, Tools),
        Run("B7-hooks", all_of_it, HOOKS_REPEATED, partial(Tools, errors=ERRORS, lost_replies=LOST_REPLIES)),
    ]


def site_of(servers: EmbeddedServers, name: str) -> Site:
    """A database of its own for one run."""
    database = f"bulkhead_{name.lower().replace('-', '_')}"
    connections.close_all()
    servers.copy_database(database)
    for connection in connections.all():
        connection.settings_dict["NAME"] = database
    assert servers.postgres is not None
    assert servers.valkey is not None
    environment = {**os.environ, **servers.environment(database)}
    worker = next(role.name for role in ALL_ROLES if role.variable == "DATABASE_URL_WORKER")
    return Site(
        environment,
        servers.database_url(OWNER.name, database),
        servers.database_url(worker, database),
        servers.base / f"{name}.log",
        crash_of(servers.postgres),
        servers.valkey,
    )


def one(servers: EmbeddedServers, wanted: Run, seed: int, messages: int) -> Any:
    site, chance = site_of(servers, wanted.name), random.Random(seed)
    half = wanted.half(messages, chance)
    try:
        return run(wanted.name, half, site, wanted.harm, messages=messages, chance=chance, patience=PATIENCE_SECONDS)
    finally:
        half.close()


def main(servers: EmbeddedServers, seed: int, messages: int, kills: int, names: list[str]) -> int:
    """The runs one after the other."""
    print(f"seed {seed}", file=sys.stderr)
    missed = False
    for each in runs(kills):
        if names and each.name not in names:
            continue
        missed |= tell(judged(one(servers, each, seed, messages), each.harm, each.most_repeated))
    if not names or "B9" in names:
        missed |= tell(timers())
    if not names or "B10" in names:
        missed |= tell(judged_urgent(urgent(site_of(servers, "B10"))))
    return int(missed)


def tell(facts: dict[str, Any]) -> bool:
    """Print them; whether a bound was missed."""
    print(json.dumps(facts), flush=True)
    for words in facts["wrong"]:
        print(f"{facts['name']}: {words}", file=sys.stderr)
    return bool(facts["failures"])


if __name__ == "__main__":
    assert SERVERS is not None
    given = [*sys.argv[1:], *["", "", ""][len(sys.argv) - 1 :]]
    try:
        status = main(
            SERVERS,
            int(given[0] or random.randrange(10**6)),
            int(given[1] or MESSAGES),
            int(given[2] or KILLS),
            given[3:],
        )
    finally:
        SERVERS.stop()
    sys.exit(status)
