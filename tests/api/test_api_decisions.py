"""What a run asks by API: typed answers to steps, decisions and exemptions of the lead; who reads, who settles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from django.test import Client

from incidents.advance import advance_due
from incidents.playbooks import keep_playbook
from tests.api.asking import ROOT, check_problem, send, tasks
from tests.incidents.test_running_pages import asking_document
from tests.notifications.conftest import stage
from tests.notifications.stage import Stage, as_worker

__all__ = ["stage"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)
ASKS = [
    {"name": "__hit__", "type": "bool", "words": "Is it hit?", "needed": True},
    {"name": "__count__", "type": "integer", "words": "How many?", "needed": False},
]
Clients = Callable[..., Client]


@pytest.fixture
def reference(stage: Stage) -> str:
    """An incident led by Ashbourne with Northgate as deputy, whose first step asks two things."""
    with stage.acting("ashbourne") as actor:
        keep_playbook(asking_document(), organisation_id=actor.organisation_id, actor=None)
    return stage.opens(playbook="two-branches-then-one-step").reference


def sides(stage: Stage) -> list[str]:
    return [slug for (slug,) in stage.owner("SELECT slug FROM incidents_participant WHERE tasks_total > 0 ORDER BY 1")]


def first_of(client: Client, reference: str, slug: str, title: str = "A") -> str:
    found = [each for each in tasks(client, reference) if (each["organisation"], each["title"]) == (slug, title)]
    return str(found[0]["id"])


def completes(client: Client, task: str, **body: Any) -> Any:
    return send(client, "post", f"/tasks/{task}/complete/", body)


def asked(stage: Stage, api_of: Clients, reference: str) -> dict[str, Any]:
    """Everybody completes the first step, the lead saying yes and the others no; the question that comes of it."""
    for slug in sides(stage):
        client = api_of(slug, ["answer", "read"])
        said = {"__hit__": slug == "ashbourne", "__count__": 7}
        assert completes(client, first_of(client, reference, slug), answers=said).status_code == 200
    with as_worker():
        advance_due()
    (decision,) = decisions(api_of("ashbourne", ["read"]), reference)
    return decision


def decisions(client: Client, reference: str, query: str = "") -> list[dict[str, Any]]:
    answer = send(client, "get", f"/incidents/{reference}/decisions/{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_task_says_what_it_asks_and_refusals_point_to_the_answer(api_of: Clients, reference: str):
    own = api_of("dunmere", ["answer", "read"])
    task = first_of(own, reference, "dunmere")
    assert send(own, "get", f"/tasks/{task}/").json()["details"]["asks"] == ASKS
    check_problem(completes(own, task), 422, "/answers/__hit__")
    wrong = completes(own, task, answers={"__hit__": "perhaps", "__count__": 1.5})
    check_problem(wrong, 422, "/answers/__hit__", "/answers/__count__")
    check_problem(completes(own, task, answers={"__hit__": ["yes"]}), 422, "/answers/__hit__")
    assert completes(own, task, answers={"__hit__": True}).json()["status"] == "done"


def test_the_lead_chooses_once_and_gives_a_reason_and_no_key_does(
    stage: Stage, api_of: Clients, client_of: Clients, reference: str
):
    decision = asked(stage, api_of, reference)
    assert decision | {"id": "", "asked_at": ""} == {
        "id": "",
        "step": "Anybody hit",
        "kind": "choose",
        "question": "“Anybody hit”: does this hold?",
        "condition": "__hit__:value = true",
        "choices": [{"value": "true", "words": "Yes"}, {"value": "false", "words": "No"}],
        "answers": [
            {"organisation": slug, "name": "__hit__", "value": "true" if slug == "ashbourne" else "false"}
            for slug in sides(stage)
        ],
        "asked_at": "",
        "chosen": None,
        "why": "",
        "chosen_by": None,
        "chosen_at": None,
        "withdrawn_at": None,
    }
    # Overseers read it, by session and by key; the others' answers are the lead's alone.
    for client in (api_of("northgate"), client_of("northgate"), client_of("ashbourne", "observer")):
        assert [each["id"] for each in decisions(client, reference)] == [decision["id"]]
    assert {each["organisation"] for each in decisions(api_of("northgate"), reference)[0]["answers"]} <= {"northgate"}
    assert decisions(api_of("dunmere"), reference) == decisions(client_of("dunmere"), reference) == []
    for stranger in (api_of("gravenhurst"), client_of("gravenhurst")):
        check_problem(send(stranger, "get", f"/incidents/{reference}/decisions/"), 404)
    check_problem(send(api_of("ashbourne", ["audit"]), "get", f"/incidents/{reference}/decisions/"), 403)
    check_problem(send(api_of("ashbourne"), "get", f"/incidents/{reference}/decisions/?open=yes"), 422, "?open")

    path, body = f"/decisions/{decision['id']}/choose/", {"chosen": "true", "why": "One is hit."}
    lead = client_of("ashbourne")
    by_key = check_problem(send(api_of("ashbourne"), "post", path, body), 403)
    assert by_key["detail"] == "The lead decides how the plan goes on; never a key."
    for client in (client_of("northgate"), api_of("northgate"), client_of("ashbourne", "responder")):
        check_problem(send(client, "post", path, body), 403)
    for client in (client_of("dunmere"), api_of("dunmere"), client_of("gravenhurst"), api_of("gravenhurst")):
        refused = send(client, "post", path, body)
        check_problem(refused, 404)
        assert refused.content == send(client, "post", f"/decisions/{uuid4()}/choose/", body).content
    check_problem(send(Client(), "post", path, body), 401)
    check_problem(send(lead, "post", path, {"chosen": " true", "why": "x"}), 422, "/chosen")
    check_problem(send(lead, "post", path, {"why": " "}), 422, "/chosen", "/why")
    check_problem(send(lead, "post", path, {"chosen": True, "why": "x" * 601}), 422, "/chosen", "/why")
    assert decisions(lead, reference) == [decision]
    assert stage.events("incident.decided") == []

    chosen = send(lead, "post", path, body, Idempotency_Key="k1")
    assert chosen.status_code == 200, chosen.content
    after = chosen.json()
    assert (after["chosen"], after["why"], after["chosen_by"]) == ("true", "One is hit.", "ashbourne")
    assert after["chosen_at"]
    assert send(lead, "post", path, body, Idempotency_Key="k1").headers["Idempotent-Replayed"] == "true"
    assert send(lead, "post", path, body | {"why": "Again."}).json() == after
    check_problem(send(lead, "post", path, {"chosen": "false", "why": "No."}), 409)
    check_problem(send(api_of("ashbourne"), "post", path, body), 403)
    assert len(stage.events("incident.decided")) == 1
    assert decisions(lead, reference, "?open=true") == []
    assert decisions(api_of("northgate"), reference, "?open=false")[0]["chosen_by"] == "ashbourne"
    with as_worker():
        advance_due()
    assert {each["title"]: each["ready"] for each in tasks(api_of("dunmere"), reference)}["D"] is True
    parts = lead.get(f"{ROOT}/schema/").json()["components"]
    schema = {"$ref": "#/components/schemas/DecisionShown", "components": parts}
    for each in (decision, after):
        jsonschema.validate(each, schema)


def test_nothing_is_chosen_or_exempted_once_the_incident_is_closed_or_put_aside(
    stage: Stage, api_of: Clients, client_of: Clients, reference: str
):
    decision, lead = asked(stage, api_of, reference), client_of("ashbourne")
    choose = (f"/decisions/{decision['id']}/choose/", {"chosen": "true", "why": "So."})
    done, waits = (first_of(lead, reference, "dunmere", title) for title in ("A", "E"))
    exempt = (f"/tasks/{waits}/exempt/", {"reason": "So."})
    assert "The step is done" in check_problem(send(lead, "post", f"/tasks/{done}/exempt/", exempt[1]), 409)["detail"]
    assert decisions(lead, reference, "?open=true") == [decision]
    stage.owner("UPDATE incidents_incident SET suspended_at = now()")
    for path, body in (choose, exempt):
        assert "put aside" in check_problem(send(lead, "post", path, body), 409)["detail"]
    stage.owner("UPDATE incidents_incident SET suspended_at = NULL")
    closing = {"to": "closed", "outcome": "resolved"}
    assert send(lead, "post", f"/incidents/{reference}/moves/", closing).status_code == 200
    for path, body in (choose, exempt):
        assert "closed" in check_problem(send(lead, "post", path, body), 409)["detail"]
    assert decisions(lead, reference, "?open=true") == []
    assert decisions(lead, reference, "?open=false") == [decision]


def test_the_lead_lets_an_organisation_off_a_step_and_no_key_does(
    stage: Stage, api_of: Clients, client_of: Clients, reference: str
):
    lead = client_of("ashbourne")
    task = first_of(lead, reference, "dunmere")
    path, body = f"/tasks/{task}/exempt/", {"reason": "They left in 2017."}
    refused = check_problem(send(api_of("ashbourne"), "post", path, body), 403)
    assert refused["detail"] == "Only the lead exempts an organisation from a step; never a key."
    for client in (
        client_of("dunmere"), api_of("dunmere"), client_of("northgate"), api_of("northgate"),
        client_of("ashbourne", "responder"),
    ):  # fmt: skip
        check_problem(send(client, "post", path, body), 403)
    for client in (client_of("gravenhurst"), api_of("gravenhurst"), client_of("brackenfield")):
        check_problem(send(client, "post", path, body), 404)
    for wrong in ({}, {"reason": " "}, {"reason": "x" * 601}, {"because": "so"}):
        check_problem(send(lead, "post", path, wrong), 422, "/reason")
    check_problem(send(lead, "post", path, body, If_Match='"9"'), 412)
    first = send(lead, "post", path, body, If_Match='"1"', Idempotency_Key="k1")
    assert first.status_code == 200, first.content
    shown = first.json()
    assert (shown["status"], shown["exempt_because"], shown["reason"]) == ("cancelled", "They left in 2017.", "")
    assert send(lead, "post", path, body, If_Match='"1"', Idempotency_Key="k1").headers["Idempotent-Replayed"] == "true"
    assert send(lead, "post", path, {"reason": "Again."}).json() == shown
    (event,) = [data for data, _ in stage.events("task.cancelled") if data["task"] == task]
    assert event["exempt_because"] == "They left in 2017."
    own = api_of("dunmere", ["answer", "read"])
    assert send(own, "get", f"/tasks/{task}/").json()["exempt_because"] == "They left in 2017."
    check_problem(completes(own, task, answers={"__hit__": True}), 409)
