"""`J4`: 10,000 webhooks from the queue to a sink on loopback, by the worker of `make run`, against two limits.

`J4 aiohttp` is against bare aiohttp that signs and sends from memory; `J4 claim` against claiming and marking alone.
Ours is everything: claim, open keys, build from the ledger, sign, judge the address, send, settle. `J4 memory` is what
the worker's processes have in the later half of the rounds against the earlier half, in MB, medians: 100,000 deliveries
in ten rounds.
"""

# ruff: noqa: E402 - Django has to be set up before a room is imported

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

SINK_PORT = int(os.environ.get("J4_SINK_PORT", "0"))
if not SINK_PORT:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        SINK_PORT = free.getsockname()[1]
os.environ["EGRESS_ALLOW"] = f"127.0.0.1:{SINK_PORT}"

import django
import psycopg

django.setup()

import portal.celery  # noqa: F401 - wake-ups go to the broker of the product
from benchmarks.result import report, take_turns
from notifications.hook_queue import BATCH, FIELD
from notifications.kinds import HOOKS
from notifications.wake import publish
from portal.processes import commands, environment_of, plan_from, shared_environment
from portal.signing import new_key
from portal.var_folder import root
from portal.vault.sealing import seal

COUNT, ORGANISATIONS, ROUNDS, WARM_UP = 10_000, 10, int(os.environ.get("J4_ROUNDS", "5")), 1
BODY_BYTES = 420
PATIENCE_SECONDS = 120
LIMITS = Path(__file__).parent / "limits"


def owner() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def arrange(connection: psycopg.Connection) -> list[UUID]:
    """Organisations with a subscription each, and a ledger whose entries the deliveries are about."""
    hooks = []
    for number in range(ORGANISATIONS):
        organisation, hook, key = uuid4(), uuid4(), uuid4()
        connection.execute(
            "INSERT INTO partners_organisation (id, slug, name, kind, status, mail_domains)"
            " VALUES (%s, %s, %s, 'council', 'current', '{}')",
            [organisation, f"council-{number}", f"Council {number}"],
        )
        connection.execute(
            "INSERT INTO notifications_webhook (id, organisation_id, label, address, host, kinds)"
            " VALUES (%s, %s, 'Tool', %s, '127.0.0.1', '{*}')",
            [hook, organisation, f"http://127.0.0.1:{SINK_PORT}/hook"],
        )
        sealed = seal(new_key(), organisation_id=organisation, field=FIELD, row_id=key)
        connection.execute(
            "INSERT INTO notifications_webhooksecret (id, webhook_id, organisation_id, sealed) VALUES (%s, %s, %s, %s)",
            [key, hook, organisation, sealed],
        )
        hooks.append(hook)
        connection.execute(
            "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience,"
            " data) SELECT gen_random_uuid(), 'standing.changed', now(), %s, 'system', 'INC-7KQ4', ARRAY[%s::uuid],"
            " jsonb_build_object('word', 'acting', 'filler', repeat('x', 120)) FROM generate_series(1, %s)",
            [organisation, organisation, COUNT // ORGANISATIONS],
        )
    connection.execute("ANALYZE")
    return hooks


def queue_again(connection: psycopg.Connection) -> None:
    """The same deliveries as if they had just been written."""
    connection.execute(
        "CREATE TEMP TABLE again ON COMMIT PRESERVE ROWS AS SELECT webhook_id, organisation_id, seq, event_id, kind"
        " FROM notifications_webhookdelivery"
    )
    connection.execute("TRUNCATE notifications_webhookdelivery")
    connection.execute(
        "INSERT INTO notifications_webhookdelivery (id, webhook_id, organisation_id, seq, event_id, kind)"
        " SELECT gen_random_uuid(), webhook_id, organisation_id, seq, event_id, kind FROM again ORDER BY seq"
    )
    connection.execute("DROP TABLE again")
    connection.execute("VACUUM ANALYZE notifications_webhookdelivery")


def ours(connection: psycopg.Connection) -> float:
    """Deliveries a second, from the wake-up to the last row that is settled."""
    queue_again(connection)
    taken()
    connection.execute("SET enable_seqscan = off")  # looking must not cost what is measured
    began = wake_at = time.perf_counter()
    while True:
        if time.perf_counter() >= wake_at:  # as the scheduler does each second
            wake_at += 1.0
            publish(HOOKS)
            publish(HOOKS)
        row = connection.execute(
            "SELECT 1 FROM notifications_webhookdelivery WHERE due_at IS NOT NULL LIMIT 1"
        ).fetchone()
        seconds = time.perf_counter() - began
        if row is None:
            break
        if seconds > PATIENCE_SECONDS:
            raise RuntimeError("the worker did not send everything in time")
        time.sleep(0.01)
    connection.execute("RESET enable_seqscan")
    states = connection.execute("SELECT DISTINCT state FROM notifications_webhookdelivery").fetchall()
    came = taken()
    if states != [("delivered",)] or came != COUNT:
        raise RuntimeError(f"not everything was delivered once: {states}, {came} came")
    return COUNT / seconds


def taken() -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{SINK_PORT}/", timeout=5) as answer:
        return int(answer.read())


def limit(*arguments: object) -> float:
    command = [sys.executable, *map(str, arguments)]
    return float(subprocess.run(command, cwd=root(), stdout=subprocess.PIPE, text=True, check=True).stdout)


def memory(pid: int) -> float:
    """Resident MB of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (str(pid), *children)]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def running(stack: ExitStack, command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    process = stack.enter_context(
        subprocess.Popen(command, env=environment, cwd=root(), text=True, stdout=subprocess.PIPE)
    )
    stack.callback(process.send_signal, signal.SIGTERM)
    return process


def run() -> None:
    with ExitStack() as stack:
        connection = stack.enter_context(owner())
        sink = running(stack, [sys.executable, str(LIMITS / "j4_sink.py"), str(SINK_PORT)])
        assert sink.stdout
        assert sink.stdout.readline() == "ready\n"
        arrange(connection)
        environ = {**os.environ, "PORT": "8000"}
        plan = plan_from(environ)
        shared = shared_environment(plan, environ, addresses={})
        worker = running(stack, commands(plan)["hooks"], environment_of("hooks", shared))
        sizes: list[float] = []

        def mine() -> float:
            rate = ours(connection)
            sizes.append(memory(worker.pid))
            return rate

        def sent() -> float:
            return limit(LIMITS / "j4_aiohttp.py", SINK_PORT, COUNT, BODY_BYTES)

        def claimed() -> float:
            return limit(LIMITS / "j4_claim.py", COUNT, BATCH)

        pairs: list[tuple[str, Callable[[], float]]] = [("J4 aiohttp", sent), ("J4 claim", claimed)]
        take_turns(WARM_UP, mine, sent)
        for name, theirs in pairs:
            got, most = take_turns(ROUNDS, mine, theirs)
            report(name, ours=got, limit=most, unit="deliveries/s", better="high")
        half = len(sizes[WARM_UP:]) // 2  # five samples each over 50,000 deliveries, with five rounds
        report(
            "J4 memory",
            ours=sizes[-half:],
            limit=sizes[WARM_UP : WARM_UP + half],
            unit="MB",
            better="low",
        )


if __name__ == "__main__":
    run()
