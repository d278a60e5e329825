"""What a run asks of people: typed answers on the task's page, decisions of the lead; and what strangers see of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from incidents.advance import advance_due
from incidents.errors import Invalid
from incidents.models import Decision, Task
from incidents.playbooks import keep_playbook
from incidents.running.answering import read_answers
from incidents.running.conditions import Value, holds
from incidents.running.values import read_one
from tests.incidents.playbooks import key, small_document
from tests.notifications.stage import Stage, as_worker

CONDITION = "if-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"
END = "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab"


def asking_document() -> dict[str, Any]:
    """A asks two things of each council; D is done where `__hit__` holds."""
    document = small_document()
    document["playbook_variables"] |= {"__hit__": {"type": "bool", "description": "Is it hit?"}}
    document["playbook_variables"] |= {"__count__": {"type": "integer", "description": "How many?"}}
    workflow = document["workflow"]
    workflow[key("a")] |= {"out_args": ["__hit__", "__count__"], "on_completion": CONDITION}
    workflow[CONDITION] = {
        "type": "if-condition",
        "name": "Anybody hit",
        "condition": "__hit__:value = true",
        "on_true": key("d"),
        "on_completion": key("e"),
    }
    workflow[key("d")]["on_completion"] = END
    workflow[END] = {"type": "end"}
    for letter in "bc":
        del workflow[key(letter)]
    del workflow["parallel--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b004"]
    return document


@pytest.mark.django_db(transaction=True)
def test_answers_are_typed_and_a_disagreement_is_the_leads_to_decide(
    stage: Stage, client_of: Callable[..., Client]
) -> None:
    with stage.acting("ashbourne") as actor:
        keep_playbook(asking_document(), organisation_id=actor.organisation_id, actor=None)
    incident = stage.opens(systems=("telephony",), playbook="two-branches-then-one-step")
    tasks = dict(
        stage.owner(
            "SELECT o.slug, t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
            " WHERE t.incident_id = %s AND t.title = 'A'",
            [incident.pk],
        )
    )
    assert {"ashbourne", "brackenfield"} <= tasks.keys()
    own = client_of("brackenfield", "responder")
    page = own.get(f"/tasks/{tasks['brackenfield']}/").content.decode()
    assert "Is it hit?" in page
    assert "the lead will see it" in page
    refused = own.post(f"/tasks/{tasks['brackenfield']}/complete/", {"answer:__count__": "many"})
    assert refused.status_code == 422
    assert "whole number" in refused.content.decode()
    assert "Is it hit?" in refused.content.decode()
    for slug, task in tasks.items():
        said = {"answer:__hit__": "true" if slug == "ashbourne" else "false", "answer:__count__": "7"}
        assert client_of(slug).post(f"/tasks/{task}/complete/", said).status_code == 302
    crossed = stage.owner("SELECT DISTINCT name FROM incidents_runanswer")
    assert crossed == [("__hit__",)], "what no condition asks about stays at home"
    with as_worker():
        advance_due()
    ((decision,),) = stage.owner("SELECT id FROM incidents_decision WHERE chosen IS NULL")
    address = f"/decisions/{decision}/"
    assert {slug: client_of(slug).get(address).status_code for slug in ("brackenfield", "eastwick")} == {
        "brackenfield": 404,
        "eastwick": 404,
    }, "whoever does not oversee, and whoever is outside, finds nothing"
    lead = client_of("ashbourne")
    assert address in lead.get(f"/incidents/{incident.reference}/").content.decode()
    assert address in lead.get("/my-tasks/").content.decode()
    assert "Brackenfield" in lead.get(address).content.decode()
    assert lead.post(address, {"chosen": "true", "why": ""}).status_code == 422
    assert lead.post(address, {"chosen": "perhaps", "why": "so"}).status_code == 422
    assert lead.post(address, {"chosen": "true", "why": "One is hit."}).status_code == 302
    assert lead.post(address, {"chosen": "false", "why": "No."}).status_code == 409
    ((data, audience),) = stage.events("incident.decided")
    assert (data["chosen"], data["why"]) == ("true", "One is hit.")
    assert stage.ids["brackenfield"] not in audience
    with as_worker():
        advance_due()
    with stage.acting("brackenfield"):
        assert Decision.objects.count() == 0
        titles = set(Task.objects.filter(incident=incident, ready=True).values_list("title", flat=True))
    assert titles == {"A", "D"}
    ((left,),) = stage.owner(
        "SELECT t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        " WHERE o.slug = 'brackenfield' AND t.title = 'D'"
    )
    assert client_of("gravenhurst").post(f"/tasks/{left}/exempt/", {"reason": "so"}).status_code in (403, 404)
    assert own.post(f"/tasks/{left}/exempt/", {"reason": "so"}).status_code == 403
    assert lead.post(f"/tasks/{left}/exempt/", {"reason": " "}).status_code == 422
    assert lead.post(f"/tasks/{left}/exempt/", {"reason": "They left in 2017."}).status_code == 302
    assert "They left in 2017." in own.get(f"/tasks/{left}/").content.decode()
    assert stage.owner("SELECT status FROM incidents_task WHERE id = %s", [left]) == [("cancelled",)]


def test_answers_are_read_by_their_type() -> None:
    right = [
        ("bool", "Yes", "true"), ("integer", "012", "12"), ("float", "1.50", None), ("uri", "https://a.example/", None),
        ("ipv4-addr", "192.0.2.0/24", None), ("ipv6-addr", "2001:db8::1", None),
        ("uuid", "0" * 32, "00000000-0000-0000-0000-000000000000"),
        ("mac-addr", "00:1A:2B:3C:4D:5E", "00:1a:2b:3c:4d:5e"),
        ("sha256-hash", "a" * 64, None),
        ("dictionary", '{"a": 1}', '{"a":1}'), ("string", " words ", "words"), ("own-type", "words", None),
    ]  # fmt: skip
    for kind, given, read in right:
        assert read_one(kind, given) == (read or given), kind
    wrong = [("bool", "perhaps"), ("integer", "1.5"), ("float", "nan"), ("uri", "no address"), ("ipv4-addr", "::1"),
             ("ipv6-addr", "192.0.2.1"), ("uuid", "x"), ("md5-hash", "a" * 31), ("dictionary", "[1]"),
             ("string", "x" * 2_001), ("string", "\0")]  # fmt: skip
    assert [kind for kind, given in wrong if read_one(kind, given) is not None] == []
    asked = [{"name": "__x__", "kind": "integer", "words": "How many?", "deciding": True}]
    for given in ({}, {"__x__": ""}, {"__x__": "many"}):
        with pytest.raises(Invalid) as refused:
            read_answers(asked, given)
        assert [fault.pointer for fault in refused.value.faults] == ["/answers/__x__"]


def test_conditions_are_evaluated_exactly_or_not_at_all() -> None:
    known = {"__a__": Value("string", "red"), "__n__": Value("integer", "10"), "__b__": Value("bool", "true")}
    said = {
        "__a__:value = 'red'": True,
        "[__a__:value != 'red' OR __n__:value >= 9.5]": True,
        "NOT (__a__:value = 'red' AND __b__:value = true)": False,
        "__a__:value IN ('blue', 'red')": True,
        "__a__:value NOT IN ('blue', 'red')": False,
        "__n__:value > __n__:value": False,
        "__x__:value = 'red'": None,
        "__x__:value = 'red' AND __a__:value = 'blue'": False,
        "__x__:value = 'red' OR __a__:value = 'red'": True,
        "__a__:value > 'blue'": None,
        "__a__:value LIKE 'r%'": None,
        "ipv4-addr:value = '192.0.2.1'": None,
        "__a__:value = 'red' AND": None,
        "(" * 60 + "__a__:value = 'red'" + ")" * 60: None,
    }
    assert {text: holds(text, known.get) for text in said} == said
