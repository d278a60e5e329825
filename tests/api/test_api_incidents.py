"""/incidents/{reference}/…: what is read there, what the lead changes, and that a stranger finds nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.api.asking import OPENING, check_problem, opened, send, tasks

pytestmark = pytest.mark.django_db
UNDER = ("", "participants/", "tasks/", "events/", "duties/", "deliveries/", "updates/", "systems/")
CHANGES = [
    ("post", "updates/", {"text": "x"}),
    ("post", "systems/", {"systems": ["telephony"]}),
    ("post", "participants/", {"organisations": ["gravenhurst"], "because": "x"}),
    ("post", "moves/", {"to": "contained"}),
    ("put", "own-reference/", {"text": "x"}),
    ("delete", "own-reference/", None),
    ("patch", "", {"title": "x"}),
]


@pytest.fixture
def lead(api_of):
    return api_of("ashbourne")


@pytest.fixture
def reference(lead):
    return opened(lead)["reference"]


def listed(client, reference, part, **query):
    response = client.get(f"/api/v1/incidents/{reference}/{part}/", query)
    assert response.status_code == 200, response.content
    assert set(response.json()) == {"results", "next", "previous"}
    return response.json()["results"]


def test_a_stranger_finds_nothing_on_any_address_and_cannot_tell_it_from_absent(api_of, reference):
    stranger = api_of("gravenhurst")
    for part in UNDER:
        refused = send(stranger, "get", f"/incidents/{reference}/{part}")
        check_problem(refused, 404)
        absent = send(stranger, "get", f"/incidents/INC-222222/{part}")
        assert (refused.content, refused.headers) == (absent.content, absent.headers)
    for method, part, body in CHANGES:
        refused = send(stranger, method, f"/incidents/{reference}/{part}", body, If_Match="*")
        check_problem(refused, 404)
        assert refused.content == send(stranger, method, f"/incidents/INC-222222/{part}", body, If_Match="*").content
    assert send(stranger, "get", "/incidents/").json()["results"] == []


def test_a_fellow_participant_reads_and_does_not_lead(api_of, reference):
    fellow = api_of("dunmere")
    for part in UNDER:
        assert send(fellow, "get", f"/incidents/{reference}/{part}").status_code == 200
    for method, part, body in CHANGES:
        if "own-reference" not in part:
            check_problem(send(fellow, method, f"/incidents/{reference}/{part}", body, If_Match="*"), 403)


def test_a_reference_may_be_written_small(lead, reference):
    assert send(lead, "get", f"/incidents/{reference.lower()}/").status_code == 200


def test_participants_in_full_for_the_lead_and_in_one_word_for_a_fellow(api_of, lead, reference):
    rows = listed(lead, reference, "participants")
    assert [each["organisation"] for each in rows] == sorted(each["organisation"] for each in rows)
    assert len(rows) == 7
    row = next(each for each in rows if each["organisation"] == "dunmere")
    assert set(row) == {
        "organisation", "role", "exposure", "distance", "because", "word", "joined_at", "other_paths", "tasks",
        "told_at", "told_by", "not_told_because", "delivered_at", "seen_at", "acknowledged_at", "duty_desk",
        "next_step", "next_step_at", "times_climbed",
    }  # fmt: skip
    assert row["duty_desk"] == {"name": "Dunmere IT duty desk", "phone": "01632 960134"}
    assert row["tasks"] == {"total": 8, "waiting": 8, "open": 8, "blocked": 0, "settled": 0}
    seen = {each["organisation"]: each for each in listed(api_of("dunmere"), reference, "participants")}
    assert seen.pop("dunmere") == row
    assert all(set(each) == {"organisation", "role", "word"} for each in seen.values())
    assert "northgate" in seen


def test_tasks_come_own_first_then_by_step(lead, reference, api_of):
    rows = tasks(lead, reference)
    assert len(rows) == 56
    own = [each["step"] for each in rows if each["organisation"] == "ashbourne"]
    assert [each["organisation"] for each in rows[: len(own)]] == ["ashbourne"] * len(own)
    assert own == sorted(own)
    others = [(each["step"], each["organisation"]) for each in rows[len(own) :]]
    assert others == sorted(others)
    assert {each["organisation"] for each in tasks(api_of("eastwick"), reference)} == {"eastwick"}
    assert len(tasks(api_of("northgate"), reference)) == 56


def test_duties_are_ones_own(api_of, lead, reference):
    (duty,) = listed(lead, reference, "duties")
    assert duty | {"id": ""} == {
        "id": "",
        "organisation": "ashbourne",
        "kind": "ico_72h",
        "words": "Tell the Information Commissioner within 72 hours of becoming aware",
        "source": "UK GDPR, Article 33(1)",
        "state": "assessing",
        "starts": "aware",
        "hours": 72,
        "rule": "clock",
        **dict.fromkeys(("aware_at", "due_at", "reported_at", "settled_at", "decision")),
        **dict.fromkeys(("route", "reference", "delay", "shared"), ""),
    }
    (theirs,) = listed(api_of("dunmere"), reference, "duties")
    assert theirs["id"] != duty["id"]
    provider = listed(api_of("northgate"), reference, "duties")
    assert [(each["organisation"], each["kind"]) for each in provider] == [
        ("northgate", "controllers_told"),
        ("northgate", "ico_72h"),
    ]


def test_events_of_an_incident_are_those_of_the_stream(api_of, lead, reference, seal, inside):
    with inside("ashbourne"):
        seal()
    events = listed(lead, reference, "events")
    assert events[0] == {
        "seq": 2,
        "at": events[0]["at"],
        "kind": "incident.opened",
        "incident": reference,
        "actor": {"organisation": "ashbourne", "kind": "key"},
        "data": events[0]["data"],
    }
    stream = send(lead, "get", "/events/?after=0&limit=1000").json()
    assert set(stream) == {"results", "next", "head", "epoch"}
    assert stream["next"] == stream["head"] == len(stream["results"])
    assert [each for each in stream["results"] if each["incident"] == reference] == events
    assert {each["kind"] for each in listed(api_of("dunmere"), reference, "events")} == {
        "incident.opened",
        "tasks.assigned",
    }
    assert send(lead, "get", f"/events/?after={stream['head']}").json()["results"] == []


def test_a_partners_answer_moves_the_leads_stream(api_of, lead, reference, seal, inside):
    with inside("ashbourne"):
        seal()
    head = send(lead, "get", "/events/").json()["head"]
    dunmere = api_of("dunmere")
    task = tasks(dunmere, reference)[0]
    send(dunmere, "post", f"/tasks/{task['id']}/acknowledge/", {})
    with inside("ashbourne"):
        seal()
    (event,) = send(lead, "get", f"/events/?after={head}").json()["results"]
    assert (event["seq"], event["kind"], event["incident"]) == (head + 1, "task.acknowledged", reference)
    assert event["actor"] == {"organisation": "dunmere", "kind": "key"}
    assert event["data"]["task"] == task["id"]
    assert (event["data"]["organisation"], event["data"]["status"]) == ("dunmere", "acknowledged")


def test_updates_reach_everybody(api_of, lead, reference):
    sent = send(
        lead, "post", f"/incidents/{reference}/updates/", {"text": "Cut it", "next_update_at": "2026-11-16T12:00:00Z"}
    )
    assert sent.status_code == 201
    assert sent.json() | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "organisation": "ashbourne",
        "author": "Ashbourne",
        "text": "Cut it",
        "marked": False,
        "card": None,
    }
    assert listed(api_of("dunmere"), reference, "updates") == [sent.json()]
    assert send(lead, "get", f"/incidents/{reference}/").json()["next_update_at"] == "2026-11-16T12:00:00Z"


def test_a_further_system_lets_whoever_it_reaches_join(api_of, lead, reference):
    path = f"/incidents/{reference}/systems/"
    assert send(lead, "post", path, {"systems": ["telephony"]}).json() == {
        "systems": ["telephony"],
        "organisations": ["gravenhurst"],
    }
    assert send(lead, "post", path, {"systems": ["telephony"]}).json() == {"systems": [], "organisations": []}
    check_problem(send(lead, "post", path, {"systems": ["telephony", "nothing"]}), 422, "/systems/1")
    assert {"slug": "telephony", "name": "Telephony"} in listed(api_of("gravenhurst"), reference, "systems")


def test_the_lead_lets_an_organisation_in(api_of, client_of, lead, reference):
    path = f"/incidents/{reference}/participants/"
    body = {"organisations": ["gravenhurst"], "because": "it lends us people"}
    check_problem(send(lead, "post", path, body), 403)
    person = client_of("ashbourne", fresh=True)
    assert send(person, "post", path, body).json() == {"organisations": [], "asked": ["gravenhurst"]}
    check_problem(send(person, "post", path, body), 409)
    inside = {**body, "organisations": ["eastwick"]}
    assert send(lead, "post", path, inside).json() == {"organisations": [], "asked": []}
    check_problem(send(api_of("gravenhurst"), "get", f"/incidents/{reference}/"), 404)
    check_problem(send(lead, "post", path, {**body, "organisations": ["nobody"]}), 422, "/organisations/0")
    check_problem(send(lead, "post", path, {"organisations": []}), 422, "/organisations", "/because")


def test_moves_follow_the_arrows(lead, reference):
    def move(**body):
        return send(lead, "post", f"/incidents/{reference}/moves/", body)

    check_problem(move(to="eradicated"), 409)
    assert move(to="contained").json()["status"] == "contained"
    assert move(to="contained").status_code == 200
    check_problem(move(to="open"), 422, "/reason")
    assert move(to="open", reason="found again").json()["status"] == "open"
    check_problem(move(to="nowhere"), 422, "/to")
    check_problem(move(to="contained", outcome="resolved"), 422, "/outcome")
    check_problem(move(to="closed"), 422, "/outcome")
    check_problem(move(to="closed", outcome="boredom"), 422, "/outcome")
    closed = move(to="closed", outcome="false_alarm").json()
    assert (closed["status"], closed["outcome"], closed["tasks"]["open"]) == ("closed", "false_alarm", 0)
    assert move(to="closed", outcome="false_alarm").status_code == 200
    check_problem(move(to="open", reason="x"), 409)
    check_problem(send(lead, "post", f"/incidents/{reference}/updates/", {"text": "x"}), 409)


def test_an_edit_needs_the_version_that_was_read(lead, reference):
    path = f"/incidents/{reference}/"
    read = send(lead, "get", path)
    check_problem(send(lead, "patch", path, {"severity": 1}), 428)
    edited = send(
        lead,
        "patch",
        path,
        {"severity": 1, "meeting_point": "Room 4, by telephone", "title": "Worse"},
        If_Match=read.headers["ETag"],
    )
    assert edited.status_code == 200
    assert (edited.json()["severity"], edited.json()["meeting_point"]) == (1, "Room 4, by telephone")
    assert edited.headers["ETag"] == send(lead, "get", path).headers["ETag"] != read.headers["ETag"]
    check_problem(send(lead, "patch", path, {"severity": 3}, If_Match=read.headers["ETag"]), 412)
    cleared = send(lead, "patch", path, {"severity": None}, If_Match=edited.headers["ETag"])
    assert cleared.json()["severity"] is None
    check_problem(send(lead, "patch", path, {"title": None}, If_Match="*"), 422, "/title")
    check_problem(send(lead, "patch", path, {"status": "closed"}, If_Match="*"), 422, "/status")


def test_what_was_just_opened_can_be_edited_without_another_read(lead):
    created = send(lead, "post", "/incidents/", OPENING)
    assert created.headers["ETag"] == send(lead, "get", f"/incidents/{created.json()['reference']}/").headers["ETag"]


def test_the_list_filters_by_stage_and_exercise(lead):
    real, drill = opened(lead)["reference"], opened(lead, exercise=True)["reference"]

    def references(query):
        return [each["reference"] for each in send(lead, "get", f"/incidents/{query}").json()["results"]]

    assert references("") == [drill, real]
    assert references("?exercise=true") == [drill]
    assert references("?exercise=false&status=open") == [real]
    assert references("?status=closed") == []


def test_an_absent_task_and_an_absent_address_answer_alike(lead):
    bodies = {
        send(lead, "get", path).content
        for path in (
            f"/tasks/{uuid4()}/",
            "/tasks/7/",
            "/incidents/INC-222222/",
            "/nothing/",
            "/incidents",
            "/systems/x/",
        )
    }
    assert len(bodies) == 1
