"""Alerts of other tools: what opens, joins, waits or is left out, and who learns of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from incidents.closing import close_incident
from incidents.models import Incident, Participant
from incidents.opening import Opening, open_incident
from monitoring.models import Alert, AlertRule
from partners.acting import actor_of
from portal import clock
from portal.ledger.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
ADDRESS = "/api/v1/alerts/generic/"


def alert(**more: Any) -> dict[str, Any]:
    return {"rule": "confirmed", "title": "Intruder at the directory", "assets": ["idp"], "severity": "high", **more}


@pytest.fixture
def report(api_of):
    """`report("ashbourne", alert(), scopes=["open"])` posts and returns what became of each alert."""

    def send(slug, body, scopes=("open",), **headers):
        answer = api_of(slug, list(scopes)).post(ADDRESS, body, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content
        return [(each["outcome"], each["incident"]) for each in answer.json()["results"]]

    return send


def test_an_alert_opens_an_incident_with_what_the_rule_reads_out_of_it(report, inside):
    [(outcome, reference)] = report("ashbourne", alert(case="SEN-1", accounts=["svc-backup@ashbourne"]))
    assert outcome == "opened"
    with inside("ashbourne"):
        incident = Incident.objects.get(reference=reference)
        assert (incident.title, incident.severity, incident.status) == ("Intruder at the directory", 2, "open")
        assert incident.source == {"name": "Sentinel", "reference": "SEN-1"}
        assert incident.accounts == ["svc-backup@ashbourne"]
        assert len(incident.participants) == 7
        kept = Alert.objects.get()
        assert (kept.incident, kept.reference, kept.body["assets"]) == (incident, "SEN-1", ["idp"])


def test_without_a_rule_an_alert_waits_for_a_person(report, inside):
    assert report("ashbourne", {"rule": "unknown", "title": "Something else", "source": "Zeek"}) == [("queued", None)]
    with inside("ashbourne"):
        assert not Incident.objects.exists()
        kept = Alert.objects.get()
        assert (kept.source, kept.title, kept.reason) == ("Zeek", "Something else", "No rule fits.")


def test_there_is_one_answer_an_alert_in_the_order_of_the_body(report):
    outcomes = report("ashbourne", {"alerts": [alert(test=True), alert(), {"rule": "seen"}, alert(title="Again")]})
    assert [outcome for outcome, _ in outcomes] == ["suppressed", "opened", "queued", "joined"]
    assert outcomes[3][1] == outcomes[1][1]


def test_a_repeated_alarm_joins_the_incident_that_it_opened(report, inside):
    [(_, reference)] = report("ashbourne", alert(case="SEN-1", at="12:00"))
    assert report("ashbourne", alert(case="SEN-1", at="12:05", assets=["no longer named"])) == [("joined", reference)]
    with inside("ashbourne"):
        assert Incident.objects.count() == 1
        assert Event.objects.filter(kind__startswith="alert.").count() == 1, "a repeat is no news"


def test_another_alarm_on_the_same_system_joins_whoever_opened_the_incident(report, inside):
    [(_, reference)] = report("ashbourne", alert(case="SEN-1"))
    assert report("coldharbour", alert(case="W-9")) == [("joined", reference)]
    with inside("coldharbour"):
        event = Event.objects.get(kind="alert.joined")
        assert event.incident_reference == reference
        assert event.audience == [event.actor_organisation_id], "what a tool sees stays at home"
    with inside("ashbourne"):
        assert not Event.objects.filter(kind="alert.joined").exists()


def test_another_system_is_another_incident(report):
    outcomes = report("ashbourne", {"alerts": [alert(), alert(assets=["files"])]})
    assert [outcome for outcome, _ in outcomes] == ["opened", "opened"]


def test_an_alarm_that_goes_on_after_the_stand_down_waits_until_its_window_is_over(report, inside, cast, monkeypatch):
    [(_, reference)] = report("ashbourne", alert(case="SEN-1"))
    with inside("ashbourne"):
        actor = actor_of(cast.visitor("ashbourne"))
        close_incident(incident_id=Incident.objects.get().pk, outcome="false_alarm", actor=actor)
    assert report("ashbourne", alert(case="SEN-1")) == [("queued", None)]
    with inside("ashbourne"):
        assert reference in Alert.objects.first().reason
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [outcome for outcome, _ in report("ashbourne", alert(case="SEN-1"))] == ["opened"]


def test_a_rule_may_only_suspect_and_so_may_a_key(report, inside):
    hunch, reported = alert(rule="hunch"), alert(assets=["files"])
    for body in (hunch, reported):
        [(outcome, reference)] = report("coldharbour", body, scopes=["suspect"])
        assert outcome == "opened"
        with inside("coldharbour"):
            incident = Incident.objects.get(reference=reference)
            assert incident.status == "suspected"
            assert set(Participant.objects.filter(incident=incident).values_list("slug", flat=True)) == {
                "coldharbour",
                "northgate",
            }


def test_an_exercise_is_never_joined(report, inside, cast):
    with inside("ashbourne"):
        opening = Opening(title="Exercise", systems=("identity-platform",), exercise=True)
        open_incident(opening, actor=actor_of(cast.visitor("ashbourne")))
    assert [outcome for outcome, _ in report("ashbourne", alert())] == ["opened"]


@pytest.mark.parametrize(
    ("more", "word"),
    [({"assets": ["unknown"]}, "/systems/0"), ({"assets": []}, "Name at least"), ({"accounts": "x@y"}, "/accounts/0")],
)
def test_an_alert_from_which_no_incident_can_be_opened_is_kept_with_the_reason(report, inside, more, word):
    assert report("ashbourne", alert(**more)) == [("queued", None)]
    with inside("ashbourne"):
        assert word in Alert.objects.get().reason
        assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, ""), ({"alerts": 3}, "/alerts"), ({"alerts": []}, "/alerts"), ({"alerts": [{"a": 1}] * 101}, "/alerts"),
     ({"alerts": [{"a": 1}, "text"]}, "/alerts/1"), ({"alerts": [{}]}, "/alerts/0"), ({"a": "\x00"}, "/a")],
)  # fmt: skip
def test_a_body_that_holds_no_alerts_is_refused_with_a_pointer(api_of, inside, body, pointer):
    answer = api_of("ashbourne").post(ADDRESS, body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer
    with inside("ashbourne"):
        assert not Alert.objects.exists()


def test_a_key_needs_open_or_suspect(api_of, client):
    assert client.post(ADDRESS, {"a": 1}, content_type="application/json").status_code == 401
    reader = api_of("ashbourne", ["read", "answer"])
    assert reader.post(ADDRESS, {"a": 1}, content_type="application/json").status_code == 403


def test_sent_again_with_its_key_an_alert_is_taken_once(api_of, inside):
    tool = api_of("ashbourne", ["open"])
    first, again = (
        tool.post(ADDRESS, alert(), content_type="application/json", headers={"Idempotency-Key": "a1"}) for _ in "12"
    )
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    with inside("ashbourne"):
        assert Alert.objects.count() == 1


def test_alerts_and_rules_are_their_own_organisations_alone(report, inside, cast):
    report("ashbourne", alert())
    with inside("northgate"):
        assert not Alert.objects.exists()
        assert not AlertRule.objects.exists()
    with inside("coldharbour"):
        assert set(AlertRule.objects.values_list("organisation_id", flat=True)) == {cast.id("coldharbour")}


@pytest.mark.parametrize("theft", ["organisation", "rule", "incident"])
def test_the_database_refuses_an_alert_that_names_what_is_somebody_elses(report, inside, cast, theft):
    report("ashbourne", alert(assets=["files"]))  # Gravenhurst is not reached
    with inside("ashbourne"):
        ours = {
            "organisation": cast.id("ashbourne"),
            "rule": AlertRule.objects.first().pk,
            "incident": Incident.objects.get().pk,
        }
    named = {"organisation": cast.id("gravenhurst"), theft: ours[theft]}
    with inside("gravenhurst"), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Alert.objects.create(
            source="x", title="x", body={}, fingerprint=b"", received_at=clock.now(), outcome="queued",
            **{f"{name}_id": value for name, value in named.items()},
        )  # fmt: skip


def test_the_page_tells_rules_and_alerts_in_words(report, client_of):
    [(_, reference)] = report("ashbourne", alert(title="Intruder <b>"))
    page = client_of("ashbourne", "responder").get("/alerts/").content.decode()
    assert "rule is “confirmed”" in page
    assert "opens an incident, or joins one on the same systems" in page
    assert reference in page
    assert "Intruder &lt;b&gt;" in page
    assert reference not in client_of("gravenhurst").get("/alerts/").content.decode()
