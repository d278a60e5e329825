"""Planned cuts and services by API: a key plans and answers, a person decides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import clock
from tests.api.asking import check_problem, opened, send

pytestmark = pytest.mark.django_db


def read(client, at: str) -> list[dict]:
    return send(client, "get", at).json()["results"]


def test_a_cut_is_planned_and_answered_by_keys_and_decided_by_a_person(api_of, client_of):
    at = f"/incidents/{opened(api_of('ashbourne'))['reference']}/cuts/"
    keys = {slug: api_of(slug) for slug in ("ashbourne", "northgate", "brackenfield", "dunmere", "gravenhurst")}
    begins = (clock.now() + timedelta(minutes=5)).isoformat()
    plan = {"what": "system", "system": "remote-access", "how": "It is off.", "ask": "Helen", "starts_at": begins}
    for wrong, pointer in (
        ({"what": "group"}, "/group"), ({"group": "NG-ADM"}, "/system"), ({"system": "nothing"}, "/system"),
        ({"how": " "}, "/how"),
    ):  # fmt: skip
        refused = check_problem(send(keys["northgate"], "post", at, plan | wrong), 422)
        assert [each["pointer"] for each in refused["errors"]] == [pointer]
    check_problem(send(keys["northgate"], "post", at, plan | {"starts_at": "2026-01-01T00:00:00Z"}), 409)
    check_problem(send(keys["dunmere"], "post", at, plan), 422)  # of a system that it does not see
    check_problem(send(keys["gravenhurst"], "get", at), 404)
    made = send(keys["northgate"], "post", at, plan)
    assert made.status_code == 201
    cut = made.json()
    one = f"{at}{cut['id']}/"
    assert {side["organisation"]: side["answer"] for side in cut["sides"]} == {
        "ashbourne": "silent", "brackenfield": "silent", "coldharbour": "silent", "northgate": "not_asked",
    }  # fmt: skip
    assert read(keys["dunmere"], at) == []
    check_problem(send(keys["dunmere"], "post", f"{one}answer/", {"answer": "agrees", "revision": 1}), 404)
    (own,) = read(keys["brackenfield"], at)
    assert [side["organisation"] for side in own["sides"]] == ["brackenfield"]
    assert own["sides"][0]["services"] == ["Supplier access", "Telecare", "Work from home"]
    objects = {"answer": "objects", "reason": "No fallback.", "revision": 1}
    assert send(keys["brackenfield"], "post", f"{one}answer/", objects).status_code == 200
    check_problem(send(keys["brackenfield"], "post", f"{one}answer/", objects | {"revision": 2}), 409)
    unread = {"why": "It spreads.", "revision": 1}
    check_problem(send(client_of("northgate"), "post", f"{one}decide/", unread), 409)
    (whole,) = read(keys["northgate"], at)
    newest = max(side["answered_at"] for side in whole["sides"] if side["answer"] == "objects")
    decision = unread | {"newest_objection": newest}
    check_problem(send(keys["northgate"], "post", f"{one}decide/", decision), 403)  # a key has no name
    check_problem(send(client_of("brackenfield"), "post", f"{one}decide/", decision), 403)
    decided = send(client_of("northgate"), "post", f"{one}decide/", decision).json()
    assert (decided["status"], decided["decided_for"]) == ("decided", "northgate")
    assert decided["decided_by"]
    moved = send(keys["northgate"], "post", f"{one}change/", plan | {"ask": "Leon", "why": "Helen is ill."}).json()
    assert (moved["status"], moved["revision"], moved["decided_by"]) == ("planned", 2, "")
    check_problem(send(keys["northgate"], "post", f"{one}done/", {"revision": 2}), 409)
    check_problem(send(keys["northgate"], "post", f"{one}call-off/", {"revision": 2}), 409)
    ended = send(keys["northgate"], "post", f"{one}call-off/", {"revision": 2, "words": "Not needed."})
    assert ended.json()["status"] == "called_off"


def test_services_are_said_by_a_tool_and_read_by_those_who_oversee(api_of):
    at = f"/incidents/{opened(api_of('ashbourne'))['reference']}/services/"
    said = {"service": "Telecare", "state": "down", "since": "2026-01-05T07:40:00Z", "note": "Ring round."}
    made = send(api_of("brackenfield"), "post", at, said)
    assert made.json() | {"at": ""} == {
        "organisation": "brackenfield", "service": "Telecare", "safety_critical": True, "state": "down",
        "since": "2026-01-05T07:40:00Z", "at": "", "newest": True, "note": "Ring round.", "shared": False,
    }  # fmt: skip
    assert [row["note"] for row in read(api_of("ashbourne"), at)] == [None]
    assert read(api_of("dunmere"), at) == []
    check_problem(send(api_of("gravenhurst"), "get", at), 404)
    check_problem(send(api_of("brackenfield"), "post", at, said | {"service": "Rents"}), 422)
    check_problem(send(api_of("brackenfield", ["read"]), "post", at, said), 403)
