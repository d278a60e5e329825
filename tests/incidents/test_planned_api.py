"""Planned work over the API: announced, listed, read, answered and moved on with keys."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.errors import NotYours
from incidents.planned import reached_by
from partners.models import SharedSystem
from portal import clock
from portal.tenancy.door import ticket_of
from portal.tenancy.scope import organisation_scope
from tests.api.asking import opened, planned_body, send

pytestmark = pytest.mark.django_db


def announced(api_of, **changes):
    answer = send(api_of("northgate"), "post", "/incidents/", planned_body(**changes))
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_is_announced_and_listed_apart_from_incidents(api_of):
    work = announced(api_of)
    assert work["kind"] == "planned"
    assert work["reference"].startswith("PLN-")
    assert [side["organisation"] for side in work["sides"]] == ["ashbourne", "brackenfield", "coldharbour"]
    assert {side["answer"] for side in work["sides"]} == {"waiting"}
    incident = opened(api_of("ashbourne"))
    for kind, found in (
        ("", [incident["reference"]]),
        ("?kind=incident", [incident["reference"]]),
        ("?kind=exercise", []),
        ("?kind=planned", [work["reference"]]),
    ):
        listed = send(api_of("ashbourne"), "get", f"/incidents/{kind}").json()["results"]
        assert [each["reference"] for each in listed] == found, kind
    own = send(api_of("ashbourne"), "get", "/incidents/?kind=planned").json()["results"][0]["sides"]
    assert [side["organisation"] for side in own] == ["ashbourne"]
    assert send(api_of("gravenhurst"), "get", "/incidents/?kind=planned").json()["results"] == []


@pytest.mark.parametrize(
    ("who", "changes", "status", "words"),
    [
        ("ashbourne", {}, 403, "Only whoever hosts or administers Identity platform"),
        ("northgate", {"systems": ["finance-ledger"]}, 422, "host or administer"),
        ("northgate", {"systems": []}, 422, "Planned work needs it"),
        ("northgate", {"severity": 2}, 422, "Not for planned work"),
        ("northgate", {"planned": None}, 422, "Planned work needs it"),
        ("northgate", {"kind": "incident"}, 422, "Only with `kind` planned"),
        ("northgate", {"kind": "exercise", "planned": None, "exercise": False}, 422, "says something else"),
    ],
)
def test_what_is_refused_says_why(api_of, who, changes, status, words):
    client = api_of(who)  # every scope: the right is the organisation's
    answer = send(client, "post", "/incidents/", planned_body(**changes))
    assert answer.status_code == status, answer.content
    assert words in answer.content.decode()


def test_a_past_window_is_refused(api_of):
    begins = clock.now() - timedelta(hours=1)
    details = planned_body()["planned"] | {"starts_at": begins.isoformat()}
    answer = send(api_of("northgate"), "post", "/incidents/", planned_body(planned=details))
    assert answer.status_code == 422
    assert "starts from now on" in answer.content.decode()


def test_only_the_scope_open_announces(api_of):
    assert send(api_of("northgate", ["read", "suspect"]), "post", "/incidents/", planned_body()).status_code == 403


def test_a_narrow_key_announces_nothing_by_plain_sql_either(api_of):
    """The ticket of a key that may only read, past the API."""
    client = api_of("northgate", ["read"])
    secret = client.defaults["HTTP_AUTHORIZATION"].rpartition("_")[2]
    with organisation_scope(ticket_of(secret)), pytest.raises(NotYours, match="announces planned work"):
        reached_by(["identity-platform"], me=SharedSystem.objects.get(slug="identity-platform").provider_id)


def test_a_kind_exercise_is_an_exercise(api_of):
    said = {"kind": "exercise", "title": "Drill", "systems": ["identity-platform"]}
    drill = send(api_of("ashbourne"), "post", "/incidents/", said).json()
    assert drill["exercise"] is True
    listed = send(api_of("ashbourne"), "get", "/incidents/?kind=exercise").json()["results"]
    assert [each["reference"] for each in listed] == [drill["reference"]]


def test_it_is_answered_by_the_reached_and_moved_by_its_announcer(api_of):
    reference = announced(api_of)["reference"]
    ours = f"/planned-work/{reference}"
    known = send(api_of("ashbourne"), "post", f"{ours}/answers/", {"answer": "known"})
    assert (known.status_code, [side["answer"] for side in known.json()["sides"]]) == (200, ["known"])
    without = send(api_of("brackenfield"), "post", f"{ours}/answers/", {"answer": "objects"})
    assert without.status_code == 409
    why = {"answer": "objects", "reason": "Count night"}
    assert send(api_of("brackenfield"), "post", f"{ours}/answers/", why).status_code == 200
    seen = send(api_of("northgate"), "get", f"{ours}/").json()
    assert [(side["answer"], side["reason"]) for side in seen["sides"]] == [
        ("known", ""), ("objects", "Count night"), ("waiting", ""),
    ]  # fmt: skip
    off = {"to": "cancelled", "words": "Too many objections"}
    assert send(api_of("ashbourne"), "post", f"{ours}/moves/", off).status_code == 403
    assert send(api_of("northgate"), "post", f"{ours}/moves/", {"to": "started"}).status_code == 409
    assert send(api_of("northgate"), "post", f"{ours}/moves/", off).json()["status"] == "cancelled"
    assert send(api_of("ashbourne"), "post", f"{ours}/answers/", {"answer": "known"}).status_code == 409
    for method, path in (("get", ""), ("post", "answers/"), ("post", "moves/")):
        stranger = send(api_of("gravenhurst"), method, f"{ours}/{path}", {} if method == "post" else None)
        absent = send(
            api_of("gravenhurst"), method, f"/planned-work/PLN-222222/{path}", {} if method == "post" else None
        )
        assert (stranger.status_code, stranger.content) == (404, absent.content)
    # Planned work is no incident: nothing of an incident's API knows it.
    assert send(api_of("northgate"), "get", f"/incidents/{reference}/").status_code == 404


def test_an_answer_may_say_which_times_it_is_for(api_of):
    work = announced(api_of)
    ours = f"/planned-work/{work['reference']}"
    assert work["window"] == 1
    later = clock.now() + timedelta(days=3)
    moved = {"to": "moved", "words": "x", "starts_at": later, "ends_at": later + timedelta(hours=1)}
    assert send(api_of("northgate"), "post", f"{ours}/moves/", moved).json()["window"] == 2
    old = send(api_of("ashbourne"), "post", f"{ours}/answers/", {"answer": "known", "window": 1})
    assert (old.status_code, "moved meanwhile" in old.content.decode()) == (409, True)
    new = send(api_of("ashbourne"), "post", f"{ours}/answers/", {"answer": "known", "window": 2})
    assert [side["answer"] for side in new.json()["sides"]] == ["known"]


def test_the_same_key_announces_once(api_of):
    client = api_of("northgate")
    said = planned_body()
    answers = [send(client, "post", "/incidents/", said, Idempotency_Key="once-1") for _ in range(2)]
    assert answers[0].json()["reference"] == answers[1].json()["reference"]
    assert len(send(client, "get", "/incidents/?kind=planned").json()["results"]) == 1
