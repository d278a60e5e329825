"""The decision log, the card and statements by API: keys read what is theirs to read, and write nothing."""

from __future__ import annotations

import pytest

from tests.api.asking import check_problem, opened, send

pytestmark = pytest.mark.django_db

TAKEN = {
    "known": "Files are locked.", "options": "Wait.", "decision": "Cut the link.", "why": "It is the way back.",
    "decided_by": "Grace", "decided_role": "Gold", "decided_at": "2026-01-05T08:30:00Z",
}  # fmt: skip
DRAFT = {"title": "First words", "audience": "press", "text": "We look into it.", "must_agree": ["eastwick"]}


def read(client, at: str) -> list[dict]:
    return send(client, "get", at).json()["results"]


def test_keys_read_and_persons_write(api_of, client_of):
    at = f"/incidents/{opened(api_of('ashbourne'))['reference']}"
    people = {slug: client_of(slug) for slug in ("ashbourne", "northgate", "dunmere", "eastwick", "gravenhurst")}
    keys = {slug: api_of(slug) for slug in people}
    for path, body in (("decision-log", TAKEN), ("known", {"known": ["So"]}), ("statements", DRAFT)):
        check_problem(send(keys["ashbourne"], "post", f"{at}/{path}/", body), 403)
        check_problem(send(people["gravenhurst"], "post", f"{at}/{path}/", body), 404)
        check_problem(send(keys["gravenhurst"], "get", f"{at}/{path}/"), 404)

    first = send(people["dunmere"], "post", f"{at}/decision-log/", TAKEN).json()
    assert send(people["dunmere"], "post", f"{at}/decision-log/", TAKEN).json()["id"] == first["id"]
    check_problem(send(people["dunmere"], "post", f"{at}/decision-log/", {**TAKEN, "why": ""}), 422)
    check_problem(send(people["dunmere"], "post", f"{at}/decision-log/", {**TAKEN, "as_lead": True}), 403)
    assert [len(read(keys[slug], f"{at}/decision-log/")) for slug in ("dunmere", "ashbourne", "eastwick")] == [1, 0, 0]
    share = f"/decision-log/{first['id']}/share/"
    check_problem(send(people["ashbourne"], "post", share, {"shared": "all"}), 404)
    assert send(people["dunmere"], "post", share, {"shared": "lead"}).json()["shared"] == "lead"
    check_problem(send(people["ashbourne"], "post", share, {"shared": "all"}), 403)
    revised = {**TAKEN, "revises": first["id"], "change": "Reviewed: it stands."}
    assert send(people["dunmere"], "post", f"{at}/decision-log/", revised).json()["number"] == 2
    check_problem(send(people["dunmere"], "post", f"{at}/decision-log/", {**revised, "change": "Once more."}), 409)
    assert [each["number"] for each in read(keys["northgate"], f"{at}/decision-log/")] == [2, 1]
    assert read(keys["ashbourne"], f"{at}/decisions/") == []  # what the plan asks is another thing

    check_problem(send(people["dunmere"], "post", f"{at}/known/", {"known": ["So"]}), 403)
    check_problem(send(people["ashbourne"], "post", f"{at}/known/", {}), 422)
    assert send(people["ashbourne"], "post", f"{at}/known/", {"known": ["So"]}).json()["number"] == 1
    assert send(people["ashbourne"], "post", f"{at}/updates/", {"text": "Hold."}).json()["card"] == 1
    assert read(keys["eastwick"], f"{at}/known/")[0]["known"] == ["So"]
    assert read(keys["eastwick"], f"{at}/updates/")[0]["card"] == 1


def test_a_statement_from_draft_to_withdrawn(api_of, client_of):
    at = f"/incidents/{opened(api_of('ashbourne'))['reference']}/statements/"
    people = {slug: client_of(slug) for slug in ("ashbourne", "dunmere", "eastwick", "gravenhurst")}
    check_problem(send(people["dunmere"], "post", at, {**DRAFT, "must_agree": ["gravenhurst"]}), 422)
    made = send(people["dunmere"], "post", at, DRAFT).json()
    assert (made["status"], made["version"], made["must_agree"]) == ("draft", 1, ["eastwick"])
    one = f"/statements/{made['id']}"
    acts = (
        ("ask", {"version": 1}), ("agree", {"version": 1}), ("object", {"version": 1, "reason": "No"}),
        ("issue", {"version": 1}), ("withdraw", {"reason": "No"}),
        ("change", {"text": "Other", "must_agree": ["eastwick"]}),
    )  # fmt: skip
    for act, body in acts:
        for slug in ("ashbourne", "eastwick", "gravenhurst"):  # nobody but its author knows of it
            check_problem(send(people[slug], "post", f"{one}/{act}/", body), 404)
        check_problem(send(api_of("dunmere"), "post", f"{one}/{act}/", body), 403)
    changed = send(people["dunmere"], "post", f"{one}/change/", {"text": "We look at it."}).json()
    assert (changed["version"], changed["must_agree"]) == (2, ["eastwick"])  # left out: as before
    check_problem(send(people["dunmere"], "post", f"{one}/ask/", {"version": 1}), 409)
    assert send(people["dunmere"], "post", f"{one}/ask/", {"version": 2}).json()["status"] == "asked"
    check_problem(send(people["dunmere"], "post", f"{one}/issue/", {"version": 2}), 409)
    check_problem(send(people["eastwick"], "post", f"{one}/object/", {"version": 2}), 422)
    check_problem(send(people["eastwick"], "post", f"{one}/issue/", {"version": 2}), 403)
    check_problem(send(people["eastwick"], "post", f"{one}/agree/", {"version": 3}), 409)
    assert send(people["eastwick"], "post", f"{one}/object/", {"version": 2, "reason": "No"}).status_code == 200
    ((answer,),) = (each["answers"] for each in read(api_of("dunmere"), at))
    assert (answer["organisation"], answer["answer"], answer["reason"]) == ("eastwick", "objects", "No")
    assert send(people["eastwick"], "post", f"{one}/agree/", {"version": 2}).json()["status"] == "asked"
    assert read(api_of("dunmere"), at)[0]["status"] == "agreed"
    assert read(api_of("ashbourne"), at) == []
    assert send(people["dunmere"], "post", f"{one}/issue/", {"version": 2}).json()["status"] == "issued"
    assert [each["text"] for each in read(api_of("ashbourne"), at)] == ["We look at it."]
    assert read(api_of("ashbourne"), at)[0]["answers"] == []
    check_problem(send(api_of("gravenhurst"), "get", at), 404)
    assert send(people["dunmere"], "post", f"{one}/withdraw/", {"reason": "Wrong."}).json()["status"] == "withdrawn"
    assert read(api_of("ashbourne"), at)[0]["withdrawn_because"] == "Wrong."
