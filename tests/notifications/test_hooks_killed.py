"""The process that sends webhooks is killed again and again in the middle of a batch: nothing is lost, and a receiver
that drops what it knows is left with each event once."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from celery import current_app

from notifications.kinds import HOOKS
from portal.webhook_stand_in import Received
from tests.cast import Cast
from tests.notifications.hooked import KIND, hooked
from tests.notifications.processes import Processes, seconds_since_beat
from tests.notifications.stage import Stage, address
from tests.running import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

SLUGS, EACH = ("dunmere", "eastwick"), 150
KILL_AT = (40, 160)  # when so many different messages have been taken
LEASE_SECONDS = 6
HELD = "SELECT claimed_by FROM notifications_webhookdelivery WHERE state = 'claimed' AND claimed_until > now()"


class Killer:
    """Kills the sender while the receiver has just taken a message and has not answered yet."""

    def __init__(self) -> None:
        self.owner_url, self.lock = address("DATABASE_URL"), threading.Lock()
        self.victim: subprocess.Popen[bytes] | None = None
        self.seen: set[str] = set()
        self.kills = 0
        self.held: list[int] = []  # rows that each victim had in its hands

    def told(self, message: Received) -> None:
        with self.lock:
            self.seen.add(message.id)
            if self.victim is None or self.kills == len(KILL_AT) or len(self.seen) < KILL_AT[self.kills]:
                return
            with psycopg.connect(self.owner_url) as owner:
                holders = [int(name.split(":")[1]) for (name,) in owner.execute(HELD)]
            group = self.victim.pid
            self.held.append(sum(in_group(pid, group) for pid in holders))
            os.killpg(group, signal.SIGKILL)
            self.victim, self.kills = None, self.kills + 1


def in_group(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except ProcessLookupError:
        return False


def test_every_event_is_left_once_however_often_the_sender_is_killed(
    stage: Stage, cast: Cast, settings: Any, tmp_path: Path
) -> None:
    killer = Killer()
    with hooked(stage, cast, settings) as tools, Processes(tmp_path / "log", lease_seconds=LEASE_SECONDS) as processes:
        tools.tool.told = killer.told
        hooks = {slug: tools.subscribe(slug) for slug in SLUGS}
        stranger = tools.subscribe("gravenhurst")
        for slug in SLUGS:
            tools.happens(slug, EACH)
        processes.environment["EGRESS_ALLOW"] = tools.url.removeprefix("http://").rstrip("/")
        queue = f"{processes.environment['TEST_QUEUE']}-hooks"

        def all_settled() -> bool:
            """Wakes, as the scheduler does each second, and starts who was killed again, as the supervisor does."""
            if killer.victim is None:
                killer.victim = processes.start("hooks")
            current_app.send_task(HOOKS, queue=queue, expires=5, ignore_result=True, retry=False)
            due = "SELECT count(*) FROM notifications_webhookdelivery WHERE due_at IS NOT NULL"
            return stage.owner(due) == [(0,)]

        wait_for(all_settled, seconds=90, every=0.3)

    assert seconds_since_beat(stage, "hooks") < 120, "it says that it is at work"
    assert killer.kills == len(KILL_AT)
    assert min(killer.held) > 0, "each victim had work in its hands"
    for slug, hook in hooks.items():
        rows = tools.rows(hook, "id, seq, state, tries", f"kind = '{KIND}'")
        assert {state for _, _, state, _ in rows} == {"delivered"}
        came = {message.id: message for message in tools.tool.to(f"/{slug}")}  # repeated ids are dropped
        assert set(came) == {f"msg_{pk.hex}" for pk, _, _, _ in rows}, "none lost"
        left = Counter(message.body["data"]["seq"] for message in came.values())
        assert left == Counter(seq for _, seq, _, _ in rows)
        assert set(left.values()) == {1}, "and none left twice"
        assert len(left) == EACH
    assert tools.rows(stranger) == []
    assert tools.tool.to("/gravenhurst") == []
    assert not tools.tool.happened, "and each was signed"
