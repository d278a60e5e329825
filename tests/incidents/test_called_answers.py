"""An answer within a called playbook that only its caller's condition asks about: kept, and the run goes on by it."""

from __future__ import annotations

import html
import json
from typing import Any

import psycopg
import pytest

from incidents.advance import advance_due
from incidents.errors import Invalid
from incidents.playbooks import keep_playbook
from incidents.running.kept import fetched
from incidents.transitions import Answer, answer_task
from tests.api.asking import send
from tests.incidents.playbooks import small_document
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
INNER = "playbook--3f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b001"
COLOUR, PLACE = "__colour__", "__place__"


def id_of(kind: str, nth: int) -> str:
    return f"{kind}--3f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0{nth:02}"


def document(workflow: dict[str, Any], **more: Any) -> dict[str, Any]:
    start = next(key for key in workflow if key.startswith("start--"))
    variables = {COLOUR: {"type": "string", "description": "Colour"}, PLACE: {"type": "string", "description": "Place"}}
    kept = ("type", "spec_version", "created_by", "created", "modified", "agent_definitions")
    taken = {name: small_document()[name] for name in kept}
    return {**taken, "workflow_start": start, "workflow": workflow, "playbook_variables": variables, **more}


def action(title: str, after: str, **more: Any) -> dict[str, Any]:
    (agent,) = list(small_document()["agent_definitions"])[:1]
    commands = [{"type": "manual", "command": f"{title}."}]
    return {"type": "action", "name": title, "commands": commands, "agent": agent, "on_completion": after, **more}


def plans(*, handed_out: list[str]) -> list[dict[str, Any]]:
    """The caller asks about the colour; the called one asks its reader for colour and place, and about neither."""
    look, red = id_of("action", 11), id_of("action", 21)
    inner = document(
        {
            id_of("start", 10): {"type": "start", "on_completion": look},
            look: action("Look", id_of("end", 12), out_args=[COLOUR, PLACE]),
            id_of("end", 12): {"type": "end"},
        },
        id=INNER, name="Called",
    )  # fmt: skip
    call = {"type": "playbook-action", "playbook_id": INNER, "on_completion": id_of("if-condition", 22)}
    outer = document(
        {
            id_of("start", 20): {"type": "start", "on_completion": id_of("playbook-action", 20)},
            id_of("playbook-action", 20): call | ({"out_args": handed_out} if handed_out else {}),
            id_of("if-condition", 22): {
                "type": "if-condition", "name": "Is it red?", "condition": f"{COLOUR}:value = 'red'", "on_true": red,
                "on_completion": id_of("end", 24),
            },
            red: action("Only when red", id_of("end", 23)),
            id_of("end", 23): {"type": "end"},
            id_of("end", 24): {"type": "end"},
        },
        id="playbook--3f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b002", name="Calling",
    )  # fmt: skip
    return [inner, outer]


def opened(stage: Stage, *, handed_out: list[str]) -> Any:
    with stage.acting("ashbourne") as actor:
        for each in plans(handed_out=handed_out):
            keep_playbook(each, organisation_id=actor.organisation_id)
    incident = stage.opens(playbook="calling")
    with as_worker():
        advance_due()
    return incident


def everybody_answers(stage: Stage, **said: str) -> None:
    for task, slug in stage.owner(
        "SELECT t.id, o.slug FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        " WHERE t.title = 'Look' AND t.status = 'waiting' AND t.ready"
    ):
        with stage.acting(slug) as actor:
            answer_task(task_id=task, to="done", actor=actor, answer=Answer(answers=said))
    with as_worker():
        advance_due()


def test_the_callers_condition_is_evaluated_by_the_answers_within(stage: Stage, client_of, api_of):
    opened(stage, handed_out=[COLOUR])
    tasks = dict(
        stage.owner(
            "SELECT o.slug, t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        )
    )
    assert len(tasks) > 4
    asks = {each["name"]: each["needed"] for each in send(
        api_of("dunmere"), "get", f"/tasks/{tasks['dunmere']}/").json()["details"]["asks"]}  # fmt: skip
    assert asks == {COLOUR: True, PLACE: False}
    page = html.unescape(client_of("dunmere").get(f"/tasks/{tasks['dunmere']}/").content.decode())
    assert page.count("the lead will see it") == page.count("This answer stays with your organisation") == 1
    with stage.acting("dunmere") as actor, pytest.raises(Invalid, match="Colour"):
        answer_task(task_id=tasks["dunmere"], to="done", actor=actor, answer=Answer())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # what nobody's condition asks about does not leave home
        stage.as_app(
            "dunmere",
            "INSERT INTO incidents_runanswer (id, incident_id, task_id, organisation_id, scope, name, kind, value, at)"
            f" SELECT gen_random_uuid(), incident_id, id, organisation_id, path, '{PLACE}', 'string', 'x', now()"
            f" FROM incidents_task WHERE id = '{tasks['dunmere']}' RETURNING 1",
        )
    everybody_answers(stage, **{COLOUR: "red", PLACE: "cellar"})
    assert set(stage.owner("SELECT name, value FROM incidents_runanswer")) == {(COLOUR, "red")}
    assert stage.owner("SELECT 1 FROM incidents_decision") == []
    led = stage.owner("SELECT count(*) FROM incidents_task WHERE title = 'Only when red' AND ready")
    assert led == [(len(tasks),)]
    read = "SELECT DISTINCT organisation_id FROM incidents_runanswer"
    assert len(stage.as_app("ashbourne", read)) == len(tasks)
    assert stage.as_app("eastwick", read) == [(stage.ids["eastwick"],)]
    assert stage.as_app("gravenhurst", read) == []


def test_what_is_not_handed_out_is_another_variable_and_the_lead_is_asked(stage: Stage):
    opened(stage, handed_out=[])
    everybody_answers(stage, **{COLOUR: "red", PLACE: "cellar"})
    assert stage.owner("SELECT 1 FROM incidents_runanswer") == []
    assert stage.owner("SELECT kind, name FROM incidents_decision") == [("choose", "Is it red?")]


def test_by_telephone_the_lead_writes_what_the_callers_condition_asks_about_and_no_more(stage: Stage):
    opened(stage, handed_out=[COLOUR])
    ((task,),) = stage.owner(
        "SELECT t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id "
        " AND o.slug = 'eastwick'"
    )
    said = json.dumps([{"name": name, "kind": "string", "value": "red"} for name in (COLOUR, PLACE)])
    with stage.as_person("ashbourne", "Priya Nair"):
        fetched("SELECT sec.report_task(%s, 'done', 'A', 'Duty', '1', '', '', %s::jsonb)", [task, said])
    assert stage.owner("SELECT name, organisation_id FROM incidents_runanswer") == [(COLOUR, stage.ids["eastwick"])]
