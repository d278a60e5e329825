"""Alerts of named tools at their addresses: what becomes of them, what is counted, and what a person must still say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from incidents.models import Incident
from incidents.opening import Opening, open_incident
from monitoring.api.alert_examples import EXAMPLES
from monitoring.models import Alert, AlertRule
from partners.acting import actor_of
from portal import clock
from portal.ledger.models import Event
from portal.ledger.record import Actor
from tests.monitoring.test_tools import payload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tool_rules")]


@pytest.fixture
def post(api_of):
    """`post("ashbourne", "sentinel", body)` returns what became of each alert."""

    def send(slug: str, tool: str, body: Any, scopes=("open",)) -> list[tuple[str, str | None]]:
        answer = api_of(slug, list(scopes)).post(f"/api/v1/alerts/{tool}/", body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        return [(each["outcome"], each["incident"]) for each in answer.json()["results"]]

    return send


def firing(status: str = "firing", **more: Any) -> dict[str, Any]:
    """Alertmanager's payload with its first alert alone."""
    body = payload("alertmanager")
    body["alerts"] = [{**body["alerts"][0], "status": status, **more}]
    return body


@pytest.mark.parametrize(
    ("tool", "name", "systems", "accounts", "severity", "kind"),
    [
        ("alertmanager", "alertmanager", {"identity-platform"}, ["svc-backup@ashbourne"], 2, "monitoring"),
        ("sentinel", "sentinel-logic-app", {"file-services", "identity-platform"}, ["svc-backup@ASHBOURNE"], 2, "siem"),
        ("elastic", "elastic-connector", {"identity-platform"}, ["svc-backup@ashbourne"], 3, "siem"),
        ("ocsf", "ocsf-detection", {"file-services", "identity-platform"},
         ["svc-backup@ashbourne", "p.nair@ashbourne"], 1, "siem"),
    ],
)  # fmt: skip
def test_a_tools_own_payload_opens_without_a_mapping(post, inside, tool, name, systems, accounts, severity, kind):
    outcome, reference = post("ashbourne", tool, payload(name))[0]
    assert outcome == "opened"
    with inside("ashbourne"):
        incident = Incident.objects.get(reference=reference)
        assert set(incident.systems.values_list("slug", flat=True)) == systems
        assert (incident.accounts, incident.severity, incident.status) == (accounts, severity, "open")
        assert (incident.tool_kind, incident.looked_at) == (kind, None)
        assert incident.tool_of.startswith("Ashbourne")
    with inside("gravenhurst"):
        assert not Alert.objects.exists()


def test_the_api_says_which_tool_opened_it_and_to_whoever_has_the_rule_by_which(post, api_of, inside):
    [(_, reference)] = post("ashbourne", "alertmanager", payload("alertmanager"))[:1]

    def said(slug: str) -> Any:
        return api_of(slug).get(f"/api/v1/incidents/{reference}/").json()["opened_by_tool"]

    with inside("ashbourne"):
        rule = AlertRule.objects.get(pk=Alert.objects.filter(outcome="opened").first().rule_id).name
        name = Incident.objects.get(reference=reference).lead.name
    told = {"tool": "monitoring", "organisation": name, "rule": rule, "looked_at": None}
    assert said("ashbourne") == told
    assert said("brackenfield") == told | {"rule": None}
    assert api_of("gravenhurst").get(f"/api/v1/incidents/{reference}/").status_code == 404
    with inside("ashbourne"):
        by_hand = open_incident(
            Opening(title="By hand", systems=("file-services",)),
            actor=Actor(AlertRule.objects.first().organisation_id, "person"),
        )
    assert api_of("ashbourne").get(f"/api/v1/incidents/{by_hand.reference}/").json()["opened_by_tool"] is None


def test_each_example_of_the_documentation_is_taken(post):
    for tool, example in EXAMPLES.items():
        assert len(post("gravenhurst", tool, example)) == 1


def test_another_tools_shape_is_422_and_an_unknown_tool_404(api_of):
    tool = api_of("ashbourne", ["open"])
    wrong = tool.post("/api/v1/alerts/ocsf/", firing(), content_type="application/json")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/alerts/0/class_uid")
    assert tool.post("/api/v1/alerts/zabbix/", firing(), content_type="application/json").status_code == 404


def test_repeats_are_one_row_and_a_count_and_what_is_over_is_noted_and_closes_nothing(post, inside):
    [(_, reference)] = post("ashbourne", "alertmanager", firing())
    for _ in range(3):
        assert post("ashbourne", "alertmanager", firing(startsAt="2026-11-20T08:13:00Z")) == [("joined", reference)]
    assert post("ashbourne", "alertmanager", firing("resolved")) == [("joined", reference)]
    assert post("ashbourne", "alertmanager", firing("resolved")) == [("joined", reference)]
    with inside("ashbourne"):
        kept = Alert.objects.get()
        assert (kept.times, kept.resolved_at is not None, kept.last_seen_at is not None) == (4, True, True)
        assert Incident.objects.get().status == "open"
        kinds = Event.objects.filter(kind__startswith="alert.").order_by("pos").values_list("kind", flat=True)
        assert sorted(kinds) == ["alert.opened", "alert.resolved"], "each is said once"
    assert post("ashbourne", "alertmanager", firing()) == [("joined", reference)]
    with inside("ashbourne"):
        assert Alert.objects.get().resolved_at is None


def test_what_is_over_and_was_never_known_opens_and_keeps_nothing(post, inside):
    assert post("ashbourne", "alertmanager", firing("resolved")) == [("suppressed", None)]
    with inside("ashbourne"):
        assert not Alert.objects.exists()
        assert not Incident.objects.exists()


def test_the_rule_says_otherwise_where_it_wants(post, inside):
    body = payload("elastic-hit")
    body["_source"]["kibana"]["alert"]["status"] = "active"
    body["_source"]["host"]["name"] = "FS-01"
    [(outcome, reference)] = post("coldharbour", "elastic", body)
    assert outcome == "opened"
    with inside("coldharbour"):
        incident = Incident.objects.get(reference=reference)
        assert incident.severity == 4, "“low” of Elastic is 5 by itself, and 4 as Coldharbour's rule says"
        assert list(incident.systems.values_list("slug", flat=True)) == ["file-services"]


def test_a_payload_in_which_nothing_is_known_waits_and_says_so(post, inside):
    body = payload("elastic-case")
    assert post("ashbourne", "elastic", body) == [("queued", None)]
    with inside("ashbourne"):
        assert "no system and no account that the register knows" in Alert.objects.get().reason


def test_alarms_that_share_what_the_rule_names_join_one_incident(post, inside):
    first, second = firing(), firing(fingerprint="00ff")
    second["alerts"][0]["labels"] = {"alertname": "NewDomainAdmin", "system": "telephony"}
    references = {post("brackenfield", "alertmanager", each)[0][1] for each in (first, second)}
    assert len(references) == 1
    second["alerts"][0]["fingerprint"] = "00fe"
    [(outcome, other)] = post("brackenfield", "alertmanager", second | {"groupKey": "{}:{another}"})
    assert (outcome, other not in references) == ("opened", True)


def test_beyond_twenty_an_hour_alerts_open_suspected_and_are_never_refused(post, inside, cast, monkeypatch):
    with inside("ashbourne"):
        actor = actor_of(cast.visitor("ashbourne"))
        for number in range(20):
            open_incident(Opening(title=f"Number {number}", systems=("website-forms",)), actor=actor)
    [(outcome, reference)] = post("ashbourne", "alertmanager", firing())
    assert outcome == "opened"
    with inside("ashbourne"):
        assert Incident.objects.get(reference=reference).status == "suspected"
        assert Alert.objects.get().reason.startswith("Started as suspected: more than 20")
    later = clock.now() + timedelta(minutes=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    body = firing(fingerprint="aa")
    body["alerts"][0]["labels"] = {"system": "telephony"}
    [(_, reference)] = post("ashbourne", "alertmanager", body)
    with inside("ashbourne"):
        assert Incident.objects.get(reference=reference).status == "open"


def test_whoever_may_not_open_incidents_decides_nothing_and_writes_no_rule(post, inside):
    """Past the pages, in plain SQL: the database refuses."""
    post("ashbourne", "generic", {"title": "Odd"})
    with inside("ashbourne", "responder"):
        waits = Alert.objects.get(outcome="queued")
        for changes in ({"outcome": "dismissed", "reason": "So"}, {"reason": "Nothing to see"}):
            with pytest.raises(DatabaseError), transaction.atomic():
                Alert.objects.filter(pk=waits.pk).update(**changes)
        with pytest.raises(DatabaseError), transaction.atomic():
            Alert.objects.filter(pk=waits.pk).update(body={})
        assert AlertRule.objects.update(action="suppress") == 0
        assert AlertRule.objects.all().delete()[0] == 0


def test_board_and_my_tasks_name_the_opener_until_a_person_of_the_lead_has_looked(post, client_of, inside):
    [(_, reference)] = post("ashbourne", "ocsf", payload("ocsf-detection"))
    words = "This incident was opened by Ashbourne&#39;s SIEM, not yet confirmed by a person."
    lead, partner, board = client_of("ashbourne"), client_of("brackenfield"), f"/incidents/{reference}/"
    pressed = f"{board}looked-at/"
    for client in (lead, partner):
        assert words in client.get(board).content.decode()
        assert words in client.get("/my-tasks/").content.decode()
    assert (pressed in lead.get(board).content.decode(), pressed in partner.get(board).content.decode()) == (
        True,
        False,
    )
    assert partner.post(pressed).status_code == 404
    assert client_of("gravenhurst").post(pressed).status_code == 404
    assert client_of("ashbourne", "responder").post(pressed).status_code == 403
    assert lead.post(pressed).status_code == 302
    for client in (lead, partner):
        assert "not yet confirmed" not in client.get(board).content.decode()
        assert "not yet confirmed" not in client.get("/my-tasks/").content.decode()
    with inside("brackenfield"):
        assert Event.objects.filter(kind="incident.looked_at").count() == 1
