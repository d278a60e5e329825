"""Many ladders at once (B9): none climbs early, none after an answer, whatever a worker's own clock says.

Answers race the timers, workers' clocks are an hour fast and an hour slow, one is killed in the middle. `make
prove-deliveries` runs it with 504 timers (`B9_INCIDENTS`, `B9_SECONDS`) and reads how late they were (`B9_REPORT`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections

from notifications import climbing, deliveries, rungs
from notifications.climbing import escalate_due
from notifications.sending import deliver_due
from portal import clock
from portal.tenancy.scope import queue_scope
from tests.notifications.stage import Stage, as_worker, ask, in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

INCIDENTS = int(os.environ.get("B9_INCIDENTS", "20"))  # with seven organisations each: 140 timers
HOUR = timedelta(hours=1)
SPREAD_SECONDS = float(os.environ.get("B9_SECONDS", "1.5"))
WAITING = "SELECT count(*) FROM notifications_ladderstep WHERE nth = 1 AND state = 'waiting'"


@pytest.fixture
def timers(stage: Stage) -> list[tuple[UUID, UUID]]:
    """Open incidents whose every ladder waits on its first rung, and comes due within the next moments."""
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL")
    first = stage.opens(systems=("identity-platform",))
    stage.owner("UPDATE notifications_planning SET state = 'done'")
    columns = _columns(stage, "incidents_incident", "id", "reference")
    stage.owner(
        f"INSERT INTO incidents_incident (id, reference, {columns})"
        f" SELECT gen_random_uuid(), 'INC-T' || n, {columns} FROM incidents_incident, generate_series(1, %s) n"
        " WHERE id = %s",
        [INCIDENTS - 1, first.pk],
    )
    for table in ("incidents_radius", "incidents_participant"):  # nobody joins whom no path reaches
        columns = _columns(stage, table, "id", "incident_id")
        keys, values = ("id, ", "gen_random_uuid(), ") if "id" in _names(stage, table) else ("", "")
        stage.owner(
            f"INSERT INTO {table} ({keys}incident_id, {columns}) SELECT {values}i.id, {columns}"
            f" FROM (SELECT * FROM {table} WHERE incident_id = %s) x,"
            " (SELECT id FROM incidents_incident WHERE reference LIKE 'INC-T%%') i(id) ON CONFLICT DO NOTHING",
            [first.pk],
        )
    stage.owner(
        "INSERT INTO notifications_ladderstep (id, incident_id, organisation_id, nth, round, rung, quiet, begun_at,"
        " due_at, state) SELECT gen_random_uuid(), incident_id, organisation_id, 1, 1, 'duty', false, now(),"
        " now() + random() * %s * interval '1 second', 'waiting' FROM incidents_participant",
        [SPREAD_SECONDS],
    )
    return stage.owner("SELECT incident_id, organisation_id FROM notifications_ladderstep")


def _names(stage: Stage, table: str) -> list[str]:
    return [
        name
        for (name,) in stage.owner(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            [table],
        )
    ]


def _columns(stage: Stage, table: str, *but: str) -> str:
    return ", ".join(f'"{name}"' for name in _names(stage, table) if name not in but)


@pytest.fixture
def skewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's clocks are an hour fast and an hour slow in turn."""
    real_now, real_time, wrong = clock.now, time.time, random.Random(5)
    monkeypatch.setattr(clock, "now", lambda: real_now() + wrong.choice((HOUR, -HOUR)))
    monkeypatch.setattr(time, "time", lambda: real_time() + wrong.choice((3600, -3600)))


def database_time() -> datetime:
    ((now,),) = ask("DATABASE_URL", "SELECT clock_timestamp()")
    return now  # type: ignore[no-any-return]


def test_none_early_none_after_an_answer_none_lost(stage: Stage, timers, skewed, mail, monkeypatch):
    answered: dict[tuple[UUID, UUID], datetime] = {}  # when the answer was surely committed
    claimed: dict[UUID, datetime] = {}  # when the claim that sent it began, at the earliest
    real_claim = deliveries.claim

    def noted(worker: str, **how):
        began = database_time()
        held = real_claim(worker, **how)
        claimed.update({each.id: began for each in held})
        return held

    monkeypatch.setattr(deliveries, "claim", noted)

    def escalates() -> None:
        with as_worker():
            while ask("DATABASE_URL", WAITING) != [(0,)]:
                escalate_due(most=5)

    def sends() -> None:
        with as_worker():
            while ask("DATABASE_URL", WAITING) != [(0,)] or deliver_due():
                deliver_due()

    def answers() -> None:
        for incident, organisation in random.Random(7).sample(timers, len(timers) // 2):
            ask(
                "DATABASE_URL",
                "UPDATE incidents_participant SET acknowledged_at = clock_timestamp()"
                " WHERE incident_id = %s AND organisation_id = %s",
                [incident, organisation],
            )
            answered[incident, organisation] = database_time()

    assert len(timers) >= 100
    assert in_threads(escalates, escalates, answers, sends) == []

    first = stage.owner("SELECT state, count(*) FROM notifications_ladderstep WHERE nth = 1 GROUP BY state")
    assert sum(count for _, count in first) == len(timers)
    assert {state for state, _ in first} <= {"passed", "answered"}, "none lost"
    early = stage.owner(
        "SELECT 1 FROM notifications_ladderstep a JOIN notifications_ladderstep b USING (incident_id, organisation_id)"
        " WHERE a.nth = 1 AND b.nth > 1 AND coalesce(b.begun_at, b.ended_at) < a.due_at"
    )
    assert early == []
    climb_on = stage.owner("SELECT incident_id, organisation_id FROM notifications_ladderstep WHERE state = 'waiting'")
    assert set(climb_on) == set(timers) - answered.keys(), "whoever has not answered, and nobody else"
    sent = stage.owner(
        "SELECT d.id, d.incident_id, d.organisation_id FROM notifications_delivery d"
        " WHERE d.step_id IS NOT NULL AND d.state = 'accepted'"
    )
    late = [pk for pk, *side in sent if tuple(side) in answered and claimed[pk] > answered[tuple(side)]]
    assert late == [], "no message was claimed once the answer was committed"
    after = stage.owner(
        "SELECT 1 FROM notifications_delivery d JOIN notifications_ladderstep s ON s.id = d.step_id"
        " JOIN incidents_participant p ON p.incident_id = d.incident_id AND p.organisation_id = d.organisation_id"
        " WHERE p.acknowledged_at IS NOT NULL AND d.state IN ('pending', 'claimed')"
    )
    assert after == []
    again = Counter(message["headers"]["Message-ID"] for message in mail.messages())
    assert max(again.values(), default=1) == 1
    assert len(sent) == len(again) - len(
        stage.owner("SELECT 1 FROM notifications_delivery WHERE step_id IS NULL AND state = 'accepted'")
    )
    if report := os.environ.get("B9_REPORT"):
        waits = [
            seconds
            for (seconds,) in stage.owner(
                "SELECT extract(epoch FROM b.begun_at - a.due_at)::float8 FROM notifications_ladderstep a"
                " JOIN notifications_ladderstep b USING (incident_id, organisation_id) WHERE a.nth = 1 AND b.nth = 2"
                " ORDER BY 1"
            )
        ]
        facts = {"timers": len(timers), "climbed": len(waits), "answered": len(answered), "sent": len(sent)}
        Path(report).write_text(json.dumps({**facts, "late_p99": round(waits[int(len(waits) * 0.99)], 2)}))


def test_a_worker_killed_in_the_middle_of_a_step_leaves_nothing_half_done(stage: Stage, timers, monkeypatch):
    stage.owner("UPDATE notifications_ladderstep SET due_at = now()")
    child = os.fork()
    if child == 0:
        real = climbing.write

        def dies(*arguments, **how):
            real(*arguments, **how)
            os.kill(os.getpid(), signal.SIGKILL)

        climbing.write = dies  # type: ignore[assignment]
        with as_worker():
            escalate_due()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it was killed, with a step written and not committed"

    def escalates() -> None:
        with as_worker():
            while ask("DATABASE_URL", WAITING) != [(0,)]:
                escalate_due()

    assert in_threads(escalates, escalates) == []
    per_ladder = stage.owner(
        "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'passed')"
        " FROM notifications_ladderstep GROUP BY incident_id, organisation_id"
    )
    assert len(per_ladder) == len(timers)
    assert set(per_ladder) == {(1, 1)}, "each climbed once, the killed worker's too"
    twice = stage.owner(
        "SELECT 1 FROM notifications_delivery WHERE state = 'pending' GROUP BY step_id, contact_point_id"
        " HAVING count(*) > 1"
    )
    assert twice == []


def test_the_night_on_which_the_clocks_go_back_has_no_extra_hour_for_a_rung(stage: Stage):
    """Thirty minutes from 01:40 summer time are 01:10 winter time: half an hour, whatever the wall says."""
    organisation = stage.ids["dunmere"]
    stage.always_on_duty("Ben Ashcroft")  # by day is from eight on, for whoever is on duty then
    stage.owner("CREATE SCHEMA fake")
    stage.owner("GRANT USAGE ON SCHEMA fake TO portal_worker")
    for name in ("now", "clock_timestamp"):
        stage.owner(
            f"CREATE FUNCTION fake.{name}() RETURNS timestamptz LANGUAGE sql AS"
            f" $$ SELECT timestamptz '2026-10-25 00:40+00' $$; GRANT EXECUTE ON FUNCTION fake.{name}() TO portal_worker"
        )
    with as_worker(), queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL search_path = fake, pg_catalog, public")
        begun, plain = climbing._times(organisation, 30, quiet=False)
        _, quiet = climbing._times(organisation, 30, quiet=True)
        now = rungs.database_now()
    assert begun == now
    assert plain - now == timedelta(minutes=30)
    assert plain.timestamp() == datetime.fromisoformat("2026-10-25T01:10+00:00").timestamp()
    assert quiet.timestamp() == datetime.fromisoformat("2026-10-26T08:00+00:00").timestamp(), "Monday, in winter time"
