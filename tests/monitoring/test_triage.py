"""Alerts that wait for a person, the rules that people write, and who may do either."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from incidents.models import Incident
from monitoring.models import Alert, AlertRule
from portal.ledger.models import Event
from tests.monitoring.test_tools import payload

pytestmark = pytest.mark.django_db
RULE = {
    "name": "Directory", "source": "Alertmanager", "tool": "alertmanager",
    "conditions": "/labels/alertname equals NewDomainAdmin\n/annotations/summary contains administrator",
    "action": "open", "severities": "critical = 1", "hosts": "dc-01 = identity-platform", "window_minutes": "30",
    "is_active": "on",
}  # fmt: skip


@pytest.fixture
def waits(api_of, inside):
    """An alert of Ashbourne's that no rule fits."""
    answer = api_of("ashbourne", ["open"]).post(
        "/api/v1/alerts/sentinel/", payload("sentinel-logic-app"), content_type="application/json"
    )
    (taken,) = answer.json()["results"]
    with inside("ashbourne"):
        alert = Alert.objects.get()
    until = datetime.fromisoformat(taken.pop("body_kept_until"))
    assert taken == {"outcome": "queued", "incident": None}
    assert abs(until - alert.received_at - timedelta(days=90)) < timedelta(seconds=1)
    return alert


def test_an_alert_that_waits_is_on_the_home_page_of_its_own_organisation_alone(waits, client_of):
    assert "One alert of your tools waits" in client_of("ashbourne").get("/").content.decode()
    for other in ("gravenhurst", "northgate"):
        client = client_of(other)
        assert "alert of your tools" not in client.get("/").content.decode()
        assert client.get(f"/alerts/{waits.pk}/").status_code == 404
        assert client.get(f"/alerts/{waits.pk}/open/").status_code == 404
        assert waits.title.split("'")[0] not in client.get("/alerts/").content.decode()


def test_three_clicks_from_an_alert_to_an_incident_with_the_radius_filled_in(waits, client_of, inside):
    client = client_of("ashbourne")
    address = f"/alerts/{waits.pk}/open/"
    assert address in client.get("/alerts/").content.decode()
    asked = client.get(address)
    assert asked.status_code == 302
    page = client.get(asked.headers["Location"]).content.decode()
    assert "svc-backup@ASHBOURNE" in page
    assert "Eastwick" in page, "who is reached through file services stands there already"
    with inside("ashbourne"):
        assert not Incident.objects.exists()
    form = {
        "systems": ["file-services"],
        "accounts": "svc-backup@ashbourne",
        "title": "Foreign sign-in",
        "step": "open",
    }
    form["because_of"] = f"alert:{waits.pk}"
    stranger = client_of("gravenhurst").post("/incidents/open/", {**form, "systems": ["telephony"], "accounts": ""})
    assert stranger.status_code == 302
    with inside("ashbourne"):
        assert Alert.objects.get().outcome == "queued", "nobody else's opening decides on it"
    assert client.post("/incidents/open/", form).status_code == 302
    with inside("ashbourne"):
        incident = Incident.objects.get(title="Foreign sign-in", lead_id=waits.organisation_id)
        alert = Alert.objects.get()
        assert (alert.outcome, alert.incident, alert.decided_at is not None) == ("opened", incident, True)
        assert incident.tool_kind == "", "a person opened it"
        assert Event.objects.filter(kind="alert.opened").count() == 1
    assert client.get(address).status_code == 409, "once"


def test_it_joins_or_is_dismissed_with_a_reason_and_its_repeats_wake_nobody(waits, client_of, api_of, inside):
    client, address = client_of("ashbourne"), f"/alerts/{waits.pk}/"
    assert client_of("ashbourne", "responder").post(address, {"act": "dismiss", "reason": "So"}).status_code == 403
    assert client.post(address, {"act": "dismiss", "reason": " "}).status_code == 422
    assert client.post(address, {"act": "join", "incident": "INC-0000"}).status_code == 422
    assert client.post(address, {"act": "dismiss", "reason": "Planned test"}).status_code == 302
    assert client.post(address, {"act": "dismiss", "reason": "Again"}).status_code == 409
    again = api_of("ashbourne", ["open"]).post(
        "/api/v1/alerts/sentinel/", payload("sentinel-logic-app"), content_type="application/json"
    )
    (taken,) = again.json()["results"]
    assert abs(
        datetime.fromisoformat(taken.pop("body_kept_until")) - waits.received_at - timedelta(days=30)
    ) < timedelta(seconds=1)
    assert taken == {"outcome": "suppressed", "incident": None}
    with inside("ashbourne"):
        alert = Alert.objects.get()
        assert (alert.outcome, alert.reason, alert.times) == ("dismissed", "Planned test", 2)


def test_a_rule_is_tried_before_it_is_saved_and_counts_from_then_on(waits, client_of, api_of, inside):
    client = client_of("ashbourne", fresh=True)
    sample = {**RULE, "act": "try", "sample": json.dumps(payload("alertmanager"))}
    page = client.post("/alerts/rules/new/", sample).content.decode()
    assert "opens an incident on Identity platform" in page
    assert "waits for a person: no rule fits" in page, "the second alert has no summary"
    tried = client.post("/alerts/rules/new/", {**RULE, "tool": "sentinel", "conditions": "", "act": "try"})
    assert "of the one that came in last" in tried.content.decode()
    with inside("ashbourne"):
        assert not AlertRule.objects.exists()
        assert not Incident.objects.exists()
    assert client.post("/alerts/rules/new/", {**RULE, "act": "save"}).status_code == 302
    outcome = api_of("ashbourne", ["open"]).post(
        "/api/v1/alerts/alertmanager/", payload("alertmanager"), content_type="application/json"
    )
    assert [each["outcome"] for each in outcome.json()["results"]] == ["opened", "queued"]
    with inside("ashbourne"):
        assert Incident.objects.get().severity == 1
        assert Event.objects.get(kind="alert_rule.written").audience == [AlertRule.objects.get().organisation_id]
    with inside("northgate"):
        assert not Event.objects.filter(kind__startswith="alert_rule").exists()


def test_a_rule_is_changed_ordered_and_removed_and_nobody_overwrites_unseen(client_of, inside):
    client = client_of("ashbourne", fresh=True)
    for name in ("First", "Second"):
        assert client.post("/alerts/rules/new/", {**RULE, "name": name, "act": "save"}).status_code == 302
    assert client.post("/alerts/rules/new/", {**RULE, "name": "First", "act": "save"}).status_code == 422
    with inside("ashbourne"):
        first, second = AlertRule.objects.all()
    address = f"/alerts/rules/{second.pk}/"
    assert "/annotations/summary contains administrator" in client.get(address).content.decode()
    off = {**RULE, "name": "Second", "act": "save", "version": "1"}
    del off["is_active"]
    assert client.post(address, off).status_code == 302
    late = client.post(address, {**RULE, "name": "Other", "act": "save", "version": "1"})
    assert (late.status_code, "Somebody has changed this rule" in late.content.decode()) == (409, True)
    assert client.post(address, {"act": "earlier"}).status_code == 302
    with inside("ashbourne"):
        assert [(each.name, each.is_active, each.version) for each in AlertRule.objects.all()] == [
            ("Second", False, 2), ("First", True, 1),
        ]  # fmt: skip
    assert client.post(address, {"act": "remove", "version": "1"}).status_code == 409
    assert client.post(address, {"act": "remove", "version": "2"}).status_code == 302
    with inside("ashbourne"):
        assert [each.pk for each in AlertRule.objects.all()] == [first.pk]
    stranger = client_of("gravenhurst", fresh=True)
    assert stranger.get(f"/alerts/rules/{first.pk}/").status_code == 404
    assert client_of("ashbourne", "responder", fresh=True).get("/alerts/rules/new/").status_code == 403
    assert client_of("ashbourne").post("/alerts/rules/new/", {**RULE, "act": "save"}).status_code == 403, "no passkey"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("conditions", "labels equals x", "This line cannot be read"),
        ("severities", "high = 7", "Severities are 1"),
        ("hosts", "x = nowhere", "No system of yours"),
        ("mapping", '{"title": 3}', "A field has either a pointer or a value"),
        ("mapping", "[", "This is no JSON"),
        ("joins", "groupKey", "A JSON pointer begins with"),
        ("sample", '{"version": "3"}', "Alertmanager&#39;s webhook"),
    ],
)
def test_what_a_rule_may_not_say_is_refused_at_its_field(client_of, field, value, words):
    page = client_of("ashbourne", fresh=True).post("/alerts/rules/new/", {**RULE, field: value, "act": "try"})
    assert page.status_code == 422
    assert words in page.content.decode()
