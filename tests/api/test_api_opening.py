"""POST /incidents/: the answer in every detail, who may open what, and what a reader gets of it."""

from __future__ import annotations

import re

import pytest

from tests.api.asking import OPENING, check_problem, opened, send

pytestmark = pytest.mark.django_db

BECAUSE = {
    "ashbourne": "Ashbourne: uses the Identity platform, the attacked system",
    "dunmere": "Dunmere: uses the Finance ledger, which File services writes to, which shares administrators with "
    "the Identity platform",
}


def test_the_answer_has_the_promised_shape(api_of):
    response = send(
        api_of("ashbourne", ["open"]),
        "post",
        "/incidents/",
        {
            "title": "  Intruder in the shared directory ",
            "systems": ["identity-platform"],
            "summary": "Log-ins at night.",
            "severity": 2,
            "tlp": "amber+strict",
            "exercise": False,
            "stage": "open",
            "playbook": "shared-platform-containment",
            "techniques": ["T1199", "T1078.002"],
            "detected_at": "2026-05-03T10:40:00+01:00",
            "source": {"name": "Sentinel", "reference": None, "url": "https://sentinel.example/4711"},
            "accounts": None,
        },
    )
    assert response.status_code == 201
    body = response.json()
    assert re.fullmatch(r"INC-[2-9CDFGHJKMNPQRTVWXYZ]{6}", body["reference"])
    assert response.headers["Location"] == body["url"]
    assert body["url"] == f"http://testserver/api/v1/incidents/{body['reference']}/"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", body["opened_at"])
    playbook_version = body["playbook"].pop("version")
    assert playbook_version.startswith("20")
    participants = body.pop("participants")
    tasks = body.pop("tasks")
    assert body | {"reference": "", "url": "", "opened_at": "", "declared_at": ""} == {
        "reference": "",
        "url": "",
        "opened_at": "",
        "declared_at": "",
        "title": "Intruder in the shared directory",
        "summary": "Log-ins at night.",
        "status": "open",
        "severity": 2,
        "tlp": "amber+strict",
        "exercise": False,
        "lead": "ashbourne",
        "deputy_lead": "northgate",
        "closed_at": None,
        "outcome": None,
        "detected_at": "2026-05-03T09:40:00Z",
        "meeting_point": "",
        "opened_by_tool": None,
        "next_update_at": None,
        "techniques": ["T1199", "T1078.002"],
        "accounts": [],
        "source": {"name": "Sentinel", "url": "https://sentinel.example/4711"},
        "systems": ["identity-platform"],
        "playbook": {"slug": "shared-platform-containment"},
        "own_reference": None,
        "similar": [],
    }
    assert {each["organisation"]: (each["role"], each["exposure"], each["distance"]) for each in participants} == {
        "ashbourne": ("lead", "direct", 0),
        "brackenfield": ("participant", "direct", 0),
        "coldharbour": ("participant", "direct", 0),
        "northgate": ("provider", "direct", 0),
        "dunmere": ("participant", "reachable", 2),
        "fernleigh": ("participant", "reachable", 2),
        "eastwick": ("participant", "reachable", 3),
    }
    assert participants[0]["organisation"] == "ashbourne"
    assert all(set(each) == {"organisation", "role", "exposure", "distance", "because"} for each in participants)
    assert all(each["because"] for each in participants)
    because = {each["organisation"]: each["because"] for each in participants}
    assert {slug: because[slug] for slug in BECAUSE} == BECAUSE
    assert tasks == {"total": 56, "waiting": 56, "open": 56, "blocked": 0, "settled": 0}


def test_similar_names_open_incidents_on_the_same_system(api_of):
    client = api_of("ashbourne")
    first = opened(client)
    assert opened(client)["similar"] == [first["reference"]]


def test_a_key_may_confirm_its_own_organisation_only(api_of):
    body = {"title": "Seen", "confirmed": [{"organisation": "ashbourne", "reported_by": "Priya Nair, head of IT"}]}
    mine = send(api_of("ashbourne"), "post", "/incidents/", body).json()
    assert mine["participants"][0] | {"because": ""} == {
        "organisation": "ashbourne", "role": "lead", "exposure": "confirmed", "distance": 0, "because": "",
    }  # fmt: skip
    theirs = send(api_of("brackenfield", ["open"]), "post", "/incidents/", body).json()
    exposures = {each["organisation"]: each["exposure"] for each in theirs["participants"]}
    assert exposures["ashbourne"] == "direct"


def test_an_account_leads_to_the_system_that_vouches_for_it(api_of):
    body = {"title": "Misused account", "accounts": ["svc-backup@ashbourne"]}
    shown = send(api_of("ashbourne"), "post", "/incidents/", body).json()
    assert "identity-platform" in shown["systems"]
    assert shown["accounts"] == ["svc-backup@ashbourne"]


def test_with_suspect_alone_only_a_suspicion_can_be_reported(api_of):
    client = api_of("ashbourne", ["suspect"])
    for stage in ({}, {"stage": "open"}, {"stage": None}, {"stage": 5}):
        check_problem(send(client, "post", "/incidents/", {**OPENING, **stage}), 403)
    shown = opened(client, stage="suspected")
    assert shown["status"] == "suspected"
    assert shown["declared_at"] is None
    assert {each["organisation"] for each in shown["participants"]} == {"ashbourne", "northgate"}
    assert send(api_of("dunmere"), "get", f"/incidents/{shown['reference']}/").status_code == 404


def test_declaring_lets_everybody_in(api_of):
    client = api_of("ashbourne")
    reference = opened(client, stage="suspected")["reference"]
    moved = send(client, "post", f"/incidents/{reference}/moves/", {"to": "open"})
    assert moved.status_code == 200
    assert moved.json()["status"] == "open"
    assert len(moved.json()["participants"]) == 7
    assert send(api_of("dunmere"), "get", f"/incidents/{reference}/").status_code == 200


@pytest.mark.parametrize(
    ("role", "status"),
    [("administrator", 201), ("incident_manager", 201), ("responder", 403), ("approver", 403), ("observer", 403)],
)
def test_a_person_opens_by_role(cast, client_of, role, status):
    visitor = cast.visitor("ashbourne")
    client = client_of("ashbourne")
    client.defaults["bulkhead.visitor"] = type(visitor)(
        **{name: getattr(visitor, name) for name in visitor.__slots__ if name != "role"}, role=role
    )
    assert send(client, "post", "/incidents/", OPENING).status_code == status


def test_a_fellow_participant_gets_its_own_side_and_one_word_of_the_others(api_of):
    reference = opened(api_of("ashbourne"), accounts=["svc-backup@ashbourne"], source={"name": "SIEM"})["reference"]
    shown = send(api_of("dunmere"), "get", f"/incidents/{reference}/").json()
    assert "accounts" not in shown
    assert "source" not in shown
    own, *others = shown["participants"]
    assert own == {
        "organisation": "dunmere",
        "role": "participant",
        "exposure": "reachable",
        "distance": 2,
        "because": BECAUSE["dunmere"],
    }
    assert {"organisation": "ashbourne", "role": "lead", "word": "acting"} in others
    assert all(set(each) == {"organisation", "role", "word"} for each in others)
    assert len(others) == 6
    assert shown["tasks"]["total"] == 8


def test_twenty_an_hour_open_as_asked_then_they_start_suspected(api_of):
    client = api_of("ashbourne")
    statuses = [opened(client, title=f"Alarm {n}")["status"] for n in range(22)]
    assert statuses == ["open"] * 20 + ["suspected"] * 2
