"""Probes and metrics: what they say, when, and to whom."""

from __future__ import annotations

import time

import psycopg
import pytest
from django.db import OperationalError, connections
from django.test import Client

from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from portal import health, metrics
from portal.tenancy.scope import at_the_door

pytestmark = pytest.mark.django_db
OTHERS = ("live", "worker", "hooks", "scheduler")


@pytest.fixture(autouse=True)
def just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web process that began an hour ago and remembers nothing."""
    for name, value in {"ready": False, "migrated": False, "heard": {}, "blocked": [], "read_at": -10.0}.items():
        monkeypatch.setattr(health._Memory, name, value)
    monkeypatch.setattr(health._Memory, "began", time.monotonic() - 3600)


def beat(*processes: str) -> None:
    with at_the_door(), connections["auth"].cursor() as cursor:
        for process in processes:
            cursor.execute("SELECT sec.beat(%s)", [process])


@pytest.fixture
def beats_of(monkeypatch):
    """`beats_of(live=1.0, worker=99.0)`: what the database would say; an exception is raised."""

    def say(error: Exception | None = None, **seconds: float) -> None:
        def answer() -> health.Signs:
            if error:
                raise error
            return health.Signs(seconds, [])

        monkeypatch.setattr(health, "signs", answer)

    return say


def ask(path: str, **environ: str) -> tuple[int, dict]:
    answer = Client().get(path, **environ)
    return answer.status_code, answer.json()


def test_health_names_the_silent_and_answers_200_all_the_same(beats_of):
    beats_of(live=1.0, worker=16.0)
    assert ask("/healthz") == (
        200,
        {
            "status": "degraded",
            "database": "ok",
            "processes": {"web": "ok", "live": "ok", "worker": "silent", "hooks": "silent", "scheduler": "silent"},
            "ways_out": {},
            "planning": "ok",
            "not_watched": {"smtp": "CANARY_EMAIL", "teams": "CANARY_TEAMS", "slack": "CANARY_SLACK"},
        },
    )
    beats_of(live=1.0, worker=2.0, hooks=2.0, scheduler=0.1)
    assert ask("/healthz")[1]["status"] == "ok"
    beats_of(OperationalError("gone"))
    status, body = ask("/healthz")
    assert (status, body["database"], body["processes"]["worker"]) == (200, "away", "unknown")
    assert body["planning"] == "unknown"


def test_ready_when_all_others_have_beaten_and_never_unready_again_for_silence(beats_of):
    assert ask("/readyz")[0] == 503
    beat("live", "worker", "hooks")
    assert ask("/readyz") == (503, {"status": "not ready", "missing": ["scheduler"]})
    beat("scheduler")
    assert ask("/readyz") == (200, {"status": "ready"})
    beats_of(live=500.0)
    assert ask("/readyz")[0] == 200, "a silent worker shows in /healthz"
    beats_of(OperationalError("gone"))
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database"])
    assert answer.headers["Retry-After"] == "1"
    beats_of(live=500.0)
    assert ask("/readyz")[0] == 200


def test_a_beat_from_before_this_process_began_does_not_count(beats_of, monkeypatch):
    monkeypatch.setattr(health._Memory, "began", time.monotonic() - 3)
    beats_of(live=14.0, worker=1.0, hooks=1.0, scheduler=1.0)
    assert ask("/readyz") == (503, {"status": "not ready", "missing": ["live"]})
    beats_of(live=1.0, worker=1.0, hooks=1.0, scheduler=1.0)
    assert ask("/readyz")[0] == 200


def test_not_ready_before_every_migration_is_applied(monkeypatch):
    beat(*OTHERS)

    class Newer:
        def __init__(self, connection: object) -> None:
            self.disk_migrations = {("incidents", "0001_initial"): None, ("incidents", "9999_tomorrow"): None}

    with monkeypatch.context() as patched:
        patched.setattr(health, "MigrationLoader", Newer)
        assert ask("/readyz") == (503, {"status": "not ready", "missing": ["migrations"]})
    assert ask("/readyz")[0] == 200


def test_pages_learn_of_a_silent_process_with_one_query_in_five_seconds(monkeypatch):
    asked = []

    def answer() -> health.Signs:
        asked.append(1)
        return health.Signs({"live": 1.0, "worker": 60.0, "hooks": 1.0}, [health.WayOut("smtp", 200.0, None)])

    monkeypatch.setattr(health, "signs", answer)
    for _ in range(3):
        silent = health.stale_processes()
    assert [each.process for each in silent] == ["worker", "scheduler"]
    assert silent[0].since is not None
    assert silent[1].since is None, "never heard of"
    assert [(each.transport, each.word) for each in health.blocked_ways()] == [("smtp", "silent")]
    assert len(asked) == 1
    monkeypatch.setattr(health._Memory, "read_at", time.monotonic() - 6)
    health.stale_processes()
    assert len(asked) == 2


def test_a_heartbeat_that_cannot_be_read_hides_no_page(beats_of):
    beats_of(OperationalError("gone"))
    assert [each.since for each in health.stale_processes()] == [None] * len(OTHERS)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_take_no_change_and_are_kept_by_no_cache(path):
    assert Client().post(path).status_code == 405
    assert Client().get(path).headers["Cache-Control"] == "no-store"


def test_metrics_count_queues_and_name_nobody(cast, inside, owner_url):
    with inside("ashbourne"):
        opening = Opening(title="A very secret title", systems=("identity-platform",))
        incident = open_incident(opening, actor=actor_of(cast.visitor("ashbourne")))
    beat(*OTHERS)
    text = Client().get("/metrics").content.decode()
    assert "bulkhead_database_up 1.0" in text
    assert 'bulkhead_heartbeat_age_seconds{process="worker"}' in text
    assert "bulkhead_http_requests_total" in text
    for word in (*cast.members, incident.reference, incident.title, "identity-platform", str(cast.id("dunmere"))):
        assert word not in text
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            "INSERT INTO notifications_planning (id, event_id, organisation_id, incident_id, kind, due_at)"
            " SELECT x, x, x, x, 'x', now() - interval '90 s' FROM gen_random_uuid() x"
        )
        owner.commit()
        try:
            text = Client().get("/metrics").content.decode()
        finally:
            owner.execute("DELETE FROM notifications_planning WHERE kind = 'x'")
    assert 'bulkhead_queue_rows{queue="planning",state="pending"} 1.0' in text
    [waited] = [
        line for line in text.splitlines() if line.startswith('bulkhead_queue_oldest_due_seconds{queue="planning"')
    ]
    assert 60 < float(waited.split()[-1]) < 120  # the open transaction of this test began before


def test_a_scrape_while_the_database_is_away_says_so(monkeypatch):
    def away() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(metrics, "signs", away)
    text = Client().get("/metrics").content.decode()
    assert "bulkhead_database_up 0.0" in text
    assert "bulkhead_queue_rows" not in text


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
        {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "},
    ],
)
def test_for_a_stranger_there_are_no_metrics(environ):
    hidden, nothing = (Client().get(path, **environ) for path in ("/metrics", "/no-such-page"))
    assert (hidden.status_code, hidden.content) == (404, nothing.content)


def test_a_token_opens_the_metrics_from_afar(settings):
    settings.METRICS_TOKEN = "let-me-in"
    afar = {"REMOTE_ADDR": "192.0.2.7"}
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer let-me-in", **afar).status_code == 200
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer let-me-out", **afar).status_code == 404
    assert Client().get("/metrics", **afar).status_code == 404


@pytest.mark.django_db
def test_every_page_says_when_a_process_has_gone_silent(client_of, settings, monkeypatch):
    settings.WATCH_PROCESSES = True
    monkeypatch.setattr("portal.health._Memory.read_at", -1000.0)
    page = client_of("ashbourne").get("/incidents/").content.decode()
    assert "Messages may not be going out since the start" in page
    settings.WATCH_PROCESSES = False
    assert "Messages may not be going out" not in client_of("ashbourne").get("/incidents/").content.decode()
