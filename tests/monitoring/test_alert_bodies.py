"""What a tool sent is kept for thirty days, and for ninety while nobody has decided; what is to be told of it stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module

import psycopg
import pytest

from monitoring import bodies
from monitoring.bodies import drop_old_bodies
from monitoring.models import Alert, AlertRule
from partners import chores
from tests.monitoring.test_tools import payload
from tests.notifications.stage import as_worker
from tests.partners.raw import entered, owner

pytestmark = pytest.mark.django_db(transaction=True)
ALERTMANAGER = payload("alertmanager")


def post(api, tool, body):
    answer = api.post(f"/api/v1/alerts/{tool}/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    (taken,) = answer.json()["results"]
    return taken


def firing(status="firing"):
    return {**ALERTMANAGER, "alerts": [{**ALERTMANAGER["alerts"][0], "status": status}]}


def aged(title, days):
    """As if it had come so long ago, an hour more."""
    owner("UPDATE monitoring_alert SET received_at = now() - %s WHERE title = %s", [timedelta(days, 3600), title])


@pytest.fixture
def swept(monkeypatch):
    """The chore, alone in the register of chores."""
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("alert-bodies", drop_old_bodies))
    return lambda: chores.do_chores()


def test_a_body_is_dropped_after_its_days_and_one_that_waits_after_ninety(api_of, client_of, inside, swept):
    api, client = api_of("ashbourne", ["open"]), client_of("ashbourne")
    for title in ("Decided new", "Decided old", "Waits"):
        post(api, "generic", {"title": title, "raw": "a line of the log"})
    post(api, "alertmanager", firing())
    post(api_of("gravenhurst", ["open"]), "generic", {"title": "Of another", "raw": "x"})
    with inside("ashbourne"):
        ids = dict(Alert.objects.values_list("title", "pk"))
        severe = Alert.objects.get(tool="alertmanager").title
    for title in ("Decided new", "Decided old"):
        dismissed = client.post(f"/alerts/{ids[title]}/", {"act": "dismiss", "reason": "A test"})
        assert dismissed.status_code == 302
    for title, days in (("Decided new", 29), ("Decided old", 30), ("Waits", 89), (severe, 90), ("Of another", 89)):
        aged(title, days)
    with as_worker():
        assert swept() > 1
    kept = "SELECT title FROM monitoring_alert WHERE body <> '{}' AND body_dropped_at IS NULL ORDER BY title"
    assert owner(kept) == [("Decided new",), ("Of another",), ("Waits",)]
    with inside("ashbourne"):
        dropped = Alert.objects.get(title="Decided old")
        assert (dropped.body, dropped.tool, dropped.times, dropped.outcome, dropped.reason) == (
            {}, "generic", 1, "dismissed", "A test",
        )  # fmt: skip
        alert = Alert.objects.get(title=severe)
        assert (alert.severity, alert.severity_said, alert.outcome, alert.key) == (
            2, "critical", "queued", "3b15fd163d36582e",
        )  # fmt: skip
    page = client.get(f"/alerts/{ids['Decided old']}/").content.decode()
    assert "What the tool sent was dropped on" in page
    assert "it is kept for 30 days" in page
    assert "As the tool sent it" not in page
    page = client.get(f"/alerts/{ids[severe]}/").content.decode()
    assert "Severity 2" in page, "it stays"
    assert "it is kept for 90 days" in page
    assert "which systems and accounts it is about is not kept any more" in page
    assert "svc-backup@ashbourne" not in page, "that was in the body alone"
    # Whoever opens because of it fills in themselves on what.
    assert "systems=" not in client.get(f"/alerts/{ids[severe]}/open/").headers["Location"]
    over = post(api, "alertmanager", firing("resolved"))
    assert over == {"outcome": "queued", "incident": None, "body_kept_until": None}
    rule = {"name": "Any", "source": "Any", "action": "queue", "window_minutes": "60", "is_active": "on", "act": "try",
            "mapping": '{"title": {"pointer": "/title"}}'}  # fmt: skip
    tried = client_of("ashbourne", fresh=True).post("/alerts/rules/new/", rule).content.decode()
    assert ("Decided new" in tried, "Decided old" in tried) == (True, False), "a rule is tried on what is kept"
    for stranger in ("gravenhurst", "northgate"):
        assert client_of(stranger).get(f"/alerts/{ids['Decided old']}/").status_code == 404


def test_pages_and_api_say_until_when(api_of, client_of, inside):
    before = datetime.now(UTC)
    taken = post(api_of("ashbourne", ["open"]), "generic", {"title": "Odd sign-in"})
    until = datetime.fromisoformat(taken["body_kept_until"])
    assert before + timedelta(days=90) <= until <= datetime.now(UTC) + timedelta(days=90)
    client = client_of("ashbourne")
    with inside("ashbourne"):
        alert = Alert.objects.get()
    page = client.get(f"/alerts/{alert.pk}/").content.decode()
    assert "at the latest until" in page
    assert f"{until.day} {until:%b %Y}" in page
    client.post(f"/alerts/{alert.pk}/", {"act": "dismiss", "reason": "A test"})
    decided = alert.received_at + timedelta(days=30)
    page = client.get(f"/alerts/{alert.pk}/").content.decode()
    assert f"{decided.day} {decided:%b %Y}" in page
    assert "is kept for 30 days, and for at most 90 while nobody has decided" in client.get("/alerts/").content.decode()


def test_the_job_may_empty_and_not_read_and_nobody_else_may_empty(cast):
    ticket = cast.visitor("ashbourne").ticket
    with entered(ticket, role="worker") as sql, pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql.execute("SELECT body FROM monitoring_alert")
    for days in (0, 91, None):
        with entered(ticket, role="worker") as sql, pytest.raises(psycopg.errors.CheckViolation):
            sql.execute("SELECT sec.drop_alert_bodies(%s)", [days])
    for statement in ("SELECT sec.drop_alert_bodies(30)", "UPDATE monitoring_alert SET body = '{}'"):
        with entered(ticket) as sql, pytest.raises(psycopg.errors.InsufficientPrivilege):
            sql.execute(statement)


def test_more_than_can_be_dropped_at_once_is_dropped_in_rounds_and_soon_again(api_of, swept, monkeypatch):
    post(api_of("ashbourne", ["open"]), "generic", {"title": "Many", "raw": "x"})
    owner(
        "INSERT INTO monitoring_alert SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid()))).*"
        " FROM monitoring_alert a, generate_series(1, 10000)"
    )
    aged("Many", 90)
    kept = "SELECT count(*) FROM monitoring_alert WHERE body_dropped_at IS NULL"
    due = "SELECT c.due_at - c.ran_at FROM partners_chore c WHERE c.organisation_id IN (SELECT organisation_id FROM"
    due += " monitoring_alert) AND c.name = 'alert-bodies'"
    monkeypatch.setattr(bodies, "ROUNDS", 1)
    with as_worker():
        swept()
    assert owner(kept) == [(5001,)]
    assert owner(due) == [(timedelta(minutes=10),)]
    monkeypatch.undo()
    owner("UPDATE partners_chore SET due_at = ran_at WHERE name = 'alert-bodies'")
    with as_worker():
        drop = chores.Chore("alert-bodies", drop_old_bodies)
        monkeypatch.setattr(chores, "_CHORES", {"alert-bodies": drop})
        chores.do_chores()
    assert owner(kept) == [(0,)]
    assert owner(due) == [(timedelta(days=1),)]


def test_alerts_from_before_severities_were_kept_beside_them_keep_theirs(api_of, inside, swept, cast):
    api = api_of("ashbourne", ["open"])
    with inside("ashbourne"):
        AlertRule.objects.create(
            organisation_id=cast.id("ashbourne"), name="Scanner", source="Scanner", action="queue", tool="generic",
            conditions=[{"pointer": "/scan", "exists": True}],
            mapping={"severity": {"pointer": "/level", "words": {"bad": 3}}},
        )  # fmt: skip
    post(api, "alertmanager", firing())
    post(api, "generic", {"title": "By a rule", "scan": 1, "level": "bad"})
    post(api, "generic", {"title": "Says nothing"})
    said = "SELECT severity, severity_said FROM monitoring_alert ORDER BY received_at"
    intake = [(2, "critical"), (3, ""), (None, "")]
    assert owner(said) == intake
    owner("UPDATE monitoring_alert SET severity = NULL, severity_said = ''")
    migration = import_module("monitoring.migrations.0014_bodies_dropped")
    with entered(role="owner", commits=True) as sql:
        migration.keep_severities(sql.cursor(), at_once=1)
    assert owner(said) == intake
