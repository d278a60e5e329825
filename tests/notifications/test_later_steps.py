"""Steps that come later, and a question that the plan waits for: who hears of it, and who is left alone."""

from __future__ import annotations

import json
from collections import Counter
from uuid import uuid4

import pytest

from incidents.cacao.extension import EXTENSION
from incidents.models import Incident, Task
from incidents.transitions import Answer, answer_task
from incidents.work_orders import Given, answer_order, take_order
from partners.models import Person
from portal.ledger.record import Actor
from tests.incidents.playbooks import DEMO, Document, key, tool_document
from tests.notifications.stage import Stage
from tests.notifications.test_running_mends import SLUG, in_a_line, kept, moves

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mail")]


def provider_first() -> Document:
    """A is the provider's; E is the councils', once A is done."""
    document = in_a_line()
    document["extension_definitions"] = json.loads(DEMO.read_bytes())["extension_definitions"]
    for letter, audience in (("a", "provider"), ("e", "councils")):
        step = document["workflow"][key(letter)]
        step.setdefault("step_extensions", {}).setdefault(EXTENSION, {})["audience"] = audience
    return document


def opens(stage: Stage, document: Document) -> Incident:
    kept(stage, "ashbourne", document)
    stage.always_on_duty("Ben Ashcroft")
    incident = stage.opens(playbook=SLUG)
    moves()
    stage.works()
    # An hour later nobody has had a message just now.
    stage.owner("UPDATE notifications_delivery SET created_at = created_at - interval '1 hour', accepted_at = NULL")
    return incident


def answers(stage: Stage, slug: str, incident: Incident, letter: str, to: str) -> None:
    with stage.as_person(slug, role="responder"):
        person = Person.objects.filter(role="responder").first()
        actor = Actor(stage.ids[slug], "person", person.pk if person else None)
        task = incident.tasks.get(organisation_id=stage.ids[slug], step__cacao_step_id=key(letter))
        answer_task(task_id=task.pk, to=to, actor=actor, answer=Answer(reason="So."))


def told(stage: Stage, message: str) -> set[tuple[str, str]]:
    return set(
        stage.owner(
            "SELECT o.slug, coalesce(p.name, '') FROM notifications_delivery d JOIN partners_organisation o"
            " ON o.id = d.organisation_id LEFT JOIN partners_person p ON p.id = d.person_id"
            " WHERE d.message = %s AND d.state = 'accepted'",
            [message],
        )
    )


def test_steps_that_come_later_wake_who_is_on_duty_where_nobody_is_at_it(stage: Stage):
    incident = opens(stage, provider_first())
    answers(stage, "dunmere", incident, "e", "acknowledged")
    answers(stage, "coldharbour", incident, "e", "acknowledged")
    stage.owner(
        "UPDATE incidents_task SET changed_at = now() - interval '1 hour' WHERE organisation_id = %s",
        [stage.ids["dunmere"]],
    )
    stage.works()
    assert told(stage, "steps_ready") == set(), "nothing is ready yet"
    answers(stage, "northgate", incident, "a", "done")
    assert moves() > 0
    stage.works()
    heard = told(stage, "steps_ready")
    assert ("dunmere", "Ben Ashcroft") in heard
    slugs = {slug for slug, _ in heard}
    assert "coldharbour" not in slugs, "somebody there is at it, and reads it in the page"
    assert not slugs & {"northgate", "gravenhurst"}
    stage.owner("UPDATE notifications_planning SET state = 'pending', due_at = now()")
    stage.works()
    assert told(stage, "steps_ready") == heard, "planned twice, told once"


def test_what_a_tool_does_leaves_the_ladder_climbing_and_the_next_step_wakes_somebody(stage: Stage):
    """Nobody there has seen what the tool made of it: neither its refusal nor what it did is somebody at it."""
    document = tool_document() | {"name": "For tools"}
    for letter in ("b", "c"):
        document["workflow"][key(letter)]["commands"] = [{"type": "manual", "command": f"Do {letter}."}]
    kept(stage, "ashbourne", document)
    stage.always_on_duty("Ben Ashcroft")
    incident = stage.opens(playbook="for-tools")
    stage.works()
    stage.owner("UPDATE notifications_delivery SET created_at = created_at - interval '1 hour', accepted_at = NULL")
    for slug, outcome in (("dunmere", "done"), ("eastwick", "refused")):
        by_tool(stage, slug, incident, outcome)
    ladders = dict(
        stage.owner(
            "SELECT o.slug, string_agg(l.state, ' ' ORDER BY l.nth) FROM notifications_ladderstep l"
            " JOIN partners_organisation o ON o.id = l.organisation_id WHERE l.incident_id = %s GROUP BY 1",
            [incident.pk],
        )
    )
    assert ladders["eastwick"].endswith("waiting"), "it was refused by a machine: nobody knows"
    assert stage.owner(
        "SELECT t.status FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        " WHERE incident_id = %s AND slug = 'eastwick' AND position = 1",
        [incident.pk],
    ) == [("waiting",)]
    assert moves() > 0
    stage.works()
    assert ("dunmere", "Ben Ashcroft") in told(stage, "steps_ready")


def by_tool(stage: Stage, slug: str, incident: Incident, outcome: str) -> None:
    with stage.acting(slug) as member:
        actor = Actor(member.organisation_id, "key", key_id=uuid4())
        task = Task.objects.get(incident=incident, organisation_id=member.organisation_id, position=1)
        held = take_order(task.pk, actor=actor, key_name="Gateway")
        answer_order(task.pk, given=Given(held.work_order.lease, outcome), actor=actor, key_name="Gateway")


def test_who_gets_its_first_steps_later_is_called_like_at_an_opening(stage: Stage):
    incident = opens(stage, provider_first())
    stage.owner("UPDATE notifications_delivery SET step_id = NULL")
    stage.owner("DELETE FROM notifications_ladderstep WHERE organisation_id = %s", [stage.ids["dunmere"]])
    before = opened_to(stage, "dunmere")
    assert before["Ben Ashcroft"] == 1, "they were told before there was anything to do"
    answers(stage, "northgate", incident, "a", "done")
    moves()
    stage.works()
    climbing = stage.owner(
        "SELECT count(*) FROM notifications_ladderstep WHERE organisation_id = %s AND state = 'waiting'",
        [stage.ids["dunmere"]],
    )
    assert climbing == [(1,)], "its silence will be noticed"
    now = opened_to(stage, "dunmere")
    assert now - before == Counter(["Ben Ashcroft"]), "the first rung rings anew, once, and nobody else has another"
    assert opened_to(stage, "gravenhurst") == Counter()


def opened_to(stage: Stage, slug: str) -> Counter[str]:
    """How many messages of the opening each person there was sent."""
    return Counter(
        name
        for (name,) in stage.owner(
            "SELECT p.name FROM notifications_delivery d JOIN partners_person p ON p.id = d.person_id"
            " WHERE d.organisation_id = %s AND d.message = 'opened' AND d.state = 'accepted'",
            [stage.ids[slug]],
        )
    )


def test_a_question_that_the_plan_waits_for_wakes_the_lead_at_once_and_nobody_else(stage: Stage):
    incident = opens(stage, provider_first())
    stage.owner("UPDATE notifications_delivery SET created_at = now(), accepted_at = now() WHERE state = 'accepted'")
    answers(stage, "northgate", incident, "a", "declined")
    moves()
    stage.works()
    heard = told(stage, "decision_asked")
    assert ("ashbourne", "Priya Nair") in heard, "although she had a message just now"
    assert {slug for slug, _ in heard} == {"ashbourne"}
    with stage.as_person("gravenhurst"):
        assert not Incident.objects.filter(pk=incident.pk).exists()
