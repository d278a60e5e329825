from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from notifications.management.commands import scheduler as clock
from portal.children import free_port
from portal.mail_sink import Mailbox
from tests.notifications.processes import Processes, kill, seconds_since_beat
from tests.notifications.stage import Stage
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead_broker() -> str:
    return f"redis://127.0.0.1:{free_port()}/0"


@pytest.fixture
def hanging_broker() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("broker", ["dead_broker", "hanging_broker"])
def test_without_a_broker_the_sweep_plans_and_sends(
    stage: Stage, mail: Mailbox, tmp_path: Path, request: pytest.FixtureRequest, broker: str
):
    with Processes(tmp_path / "log", broker=request.getfixturevalue(broker)) as processes:
        processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=20)
        stage.opens()
        wait_for(lambda: len(mail.messages()) == 22, seconds=20)


def test_what_it_waits_for_together_is_less_than_the_two_seconds_promised():
    assert clock.TICK_SECONDS + clock.OVERDUE_SECONDS < 2  # a machine under load may be slower; the waiting is ours


def test_with_a_broker_but_no_worker_it_does_the_work_too(stage: Stage, mail: Mailbox, tmp_path: Path):
    with Processes(tmp_path / "log") as processes:
        processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=20)
        stage.opens()
        wait_for(lambda: len(mail.messages()) == 22, seconds=20)


def test_a_second_one_waits_and_takes_over(stage: Stage, mail: Mailbox, tmp_path: Path):
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bulkhead-clock' AND datname = %s"
    database = connections["default"].settings_dict["NAME"]
    holders = (
        "SELECT pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
        " WHERE l.locktype = 'advisory' AND l.objid = 760530 AND l.granted AND d.datname = current_database()"
    )
    with Processes(tmp_path / "log") as processes:
        first = processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=20)
        second = processes.start("scheduler")
        wait_for(lambda: stage.worker(ours, [database]) == [(2,)], seconds=20)
        at_work = stage.worker(holders)
        assert len(at_work) == 1
        assert first.poll() is None
        assert second.poll() is None
        kill(first)
        wait_for(lambda: stage.worker(holders) not in ([], at_work), seconds=10)
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 1, seconds=10)


def test_it_survives_the_loss_of_its_connections(stage: Stage, mail: Mailbox, tmp_path: Path):
    with Processes(tmp_path / "log") as processes:
        scheduler = processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=20)
        cut = stage.worker(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cut
        time.sleep(2.5)
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=10)
        stage.opens()
        wait_for(lambda: len(mail.messages()) == 22, seconds=20)
        assert scheduler.poll() is None


def test_it_leaves_within_a_second(stage: Stage, mail: Mailbox, tmp_path: Path):
    with Processes(tmp_path / "log") as processes:
        scheduler = processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 2, seconds=20)
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(1) == 0


def test_it_sweeps_what_has_lapsed(stage: Stage, mail: Mailbox, tmp_path: Path):
    stage.owner(
        "INSERT INTO sec.grant_token (token_hash, org_id, kind, expires_at)"
        " VALUES ('old', %s, 'session', now() - interval '2 days')",
        [stage.ids["dunmere"]],
    )
    with Processes(tmp_path / "log") as processes:
        processes.start("scheduler")
        wait_for(lambda: stage.owner("SELECT 1 FROM sec.grant_token WHERE token_hash = 'old'") == [], seconds=20)
