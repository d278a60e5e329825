"""Steps for one organisation by name, and for the deputy lead: who gets them, at opening and later, and who not."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from incidents.advance import advance_due
from incidents.cacao.extension import EXTENSION
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.models import Playbook, PlaybookDraft, Step
from incidents.playbooks import keep_playbook
from incidents.running.deciding import choose
from incidents.transitions import answer_task
from incidents.writing.compose import OWN_EXTENSION, composed
from incidents.writing.reading_in import outline_of
from tests.incidents.playbooks import Document, key, small_document
from tests.incidents.test_drafts import STEP, begun
from tests.notifications.stage import Stage, as_worker

AGAIN = "action--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0dd"
CONDITION = "if-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0bb"
DONE = "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0cc"
COMMITTED = pytest.mark.django_db(transaction=True)


def named() -> Document:
    """A for the deputy lead, B and D for Dunmere, C for Gravenhurst, and E, after them, for everybody."""
    document = small_document() | {"id": f"playbook--{uuid4()}", "name": "By name"}
    document["extension_definitions"] = {EXTENSION: OWN_EXTENSION}
    workflow = document["workflow"]
    for letter, audience in {
        "a": "deputy_lead",
        "b": "organisation:dunmere",
        "c": "organisation:gravenhurst",
        "d": "organisation:dunmere",
    }.items():
        workflow[key(letter)].setdefault("step_extensions", {}).setdefault(EXTENSION, {})["audience"] = audience
    return document


def owners(stage: Stage) -> dict[str, set[str]]:
    """Who has a task, by the step's letter, as the owner of the tables reads it."""
    found: dict[str, set[str]] = {}
    for step, slug in stage.owner(
        "SELECT right(s.cacao_step_id, 1), o.slug FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id"
        " JOIN partners_organisation o ON o.id = t.organisation_id"
    ):
        found.setdefault(step, set()).add(slug)
    return found


def settle_all(stage: Stage) -> None:
    """Everybody does what is ready, until nothing is."""
    for _ in range(4):
        rows = stage.owner(
            "SELECT t.id, o.slug FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
            " WHERE t.ready AND t.status = 'waiting'"
        )
        for task, slug in rows:
            with stage.acting(slug) as actor:
                answer_task(task_id=task, to="done", actor=actor)
        with as_worker():
            advance_due()


@COMMITTED
def test_at_opening_each_step_is_for_whom_it_names(stage: Stage, client_of: Callable[..., Any]) -> None:
    with stage.acting("ashbourne") as actor:
        keep_playbook(named(), organisation_id=actor.organisation_id)
    form = {"systems": ["identity-platform"], "playbook": "by-name", "step": "preview"}
    preview = client_of("ashbourne").post("/incidents/open/", form).content.decode()
    foreseen = {
        slug: int(re.search(rf'<th scope="row">{slug}.*?data-label="Steps">(\d+)<', preview, re.S)[1])
        for slug in ("Ashbourne", "Dunmere", "Coldharbour", "Northgate")
    }
    incident = stage.opens(playbook="by-name")
    ((deputy,),) = stage.owner(
        "SELECT o.slug FROM incidents_incident i JOIN partners_organisation o ON o.id = i.deputy_lead_id"
    )
    had = owners(stage)
    assert deputy == "northgate"
    assert foreseen == {"Ashbourne": 1, "Dunmere": 3, "Coldharbour": 1, "Northgate": 2}
    assert had["a"] == {deputy}
    assert had["b"] == {"dunmere"}
    assert had["d"] == {"dunmere"}
    assert "c" not in had  # Gravenhurst takes no part
    assert len(had["e"]) > 4
    page = client_of("dunmere").get(f"/incidents/{incident.reference}/").content.decode()
    assert "Gravenhurst" not in page
    ((step,),) = stage.owner("SELECT id FROM incidents_playbook WHERE slug = 'by-name'")
    plan = html.unescape(client_of("brackenfield").get(f"/playbooks/{step}/").content.decode())
    for words in ("The deputy lead", "Dunmere", "Gravenhurst"):
        assert words in plan


@COMMITTED
def test_in_a_branch_the_named_one_gets_it_when_it_is_decided(stage: Stage) -> None:
    document = named()
    workflow = document["workflow"]
    behind = workflow[key("e")].pop("on_completion")
    workflow[key("e")]["on_completion"] = CONDITION
    workflow[AGAIN] = json.loads(json.dumps(workflow[key("d")])) | {"name": "Once more", "on_completion": DONE}
    workflow[CONDITION] = {
        "type": "if-condition", "name": "Seen again?", "condition": "it was seen again", "on_true": AGAIN,
        "on_completion": behind,
    }  # fmt: skip
    workflow[DONE] = {"type": "end"}
    with stage.acting("ashbourne") as actor:
        keep_playbook(document, organisation_id=actor.organisation_id)
    incident = stage.opens(playbook="by-name")
    settle_all(stage)
    ((question,),) = stage.owner("SELECT id FROM incidents_decision WHERE chosen IS NULL AND withdrawn_at IS NULL")
    with stage.as_person("ashbourne", "Priya Nair"):
        choose(decision_id=question, actor=stage.actor("ashbourne"), chosen="true", why="The log says so.")
    with as_worker():
        assert advance_due() == 1
    rows = stage.owner(
        "SELECT o.slug FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id JOIN partners_organisation o"
        " ON o.id = t.organisation_id WHERE t.incident_id = %s AND s.title = 'Once more'",
        [incident.pk],
    )
    assert rows == [("dunmere",)]


@pytest.mark.parametrize(
    "audience", ["organisation:", "organisation:Dunmere", "organisation:a b", "someone", "organisation:-x"]
)
def test_an_audience_that_is_none_is_refused_with_its_place(audience: str) -> None:
    document = named()
    document["workflow"][key("a")]["step_extensions"][EXTENSION]["audience"] = audience
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(document, strict=False)
    assert [each.pointer for each in refused.value.problems if "audience" in each.pointer]


@pytest.mark.django_db
def test_the_editor_writes_it_and_reads_it_again(client_of: Callable[..., Any], inside: Callable[..., Any]) -> None:
    editor = begun(client_of("ashbourne"), "By name")
    step = editor.add()
    wrong = editor.write(step, **(STEP | {"audience": "organisation"}))
    assert wrong.status_code == 422
    assert "Choose the organisation." in html.unescape(wrong.content.decode())
    assert editor.write(step, **(STEP | {"audience": "organisation", "one_alone": "nobody"})).status_code == 422
    assert editor.write(step, **(STEP | {"audience": "organisation", "one_alone": "dunmere"})).status_code == 302
    shown = editor.client.get(f"{editor.path}steps/{step}/").content.decode()
    assert re.search(r'value="dunmere"\s+selected', shown)
    assert "Dunmere" in editor.page()
    other = editor.add()
    assert editor.write(other, **(STEP | {"title": "Look after it", "audience": "deputy_lead"})).status_code == 302
    published = editor.client.post(f"{editor.path}publish/", {"version": editor.version()})
    assert published.status_code == 302
    with inside("dunmere"):
        kept = Playbook.objects.get(slug="by-name")
        assert list(kept.steps.values_list("audience", flat=True)) == ["organisation:dunmere", "deputy_lead"]
        agents = {each["name"]: each["type"] for each in kept.document["agent_definitions"].values()}
        assert agents == {"Dunmere": "organization", "The deputy lead": "group"}
        again = composed(outline_of(kept.document), created_by=kept.document["created_by"], modified=kept.version)
        assert again["workflow"] == kept.document["workflow"]
    with inside("dunmere"):
        assert not PlaybookDraft.objects.exists()


@pytest.mark.django_db
def test_the_database_keeps_no_other_audience(cast: Any, inside: Callable[..., Any]) -> None:
    with inside("ashbourne"):
        keep_playbook(named(), organisation_id=cast.id("ashbourne"))
    with inside("ashbourne"):
        step = Step.objects.filter(playbook__slug="by-name").values().first()
        odd = Step(**{**step, "id": uuid4(), "position": 99, "audience": "organisation:"})
        with pytest.raises(IntegrityError), transaction.atomic(using="default"):
            odd.save(force_insert=True)
