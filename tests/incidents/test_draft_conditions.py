"""Conditions and choices in the editor: written so that an answer can meet them, or said to be wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from incidents.models import PlaybookDraft
from incidents.running.conditions import Value
from incidents.running.engine import Answer, Engine, Facts, Tally
from incidents.running.graph import linked
from incidents.writing.faults import faults_of
from incidents.writing.outline import Block, Lane, Outline, Variable, from_json
from tests.incidents.playbooks import key, small_document
from tests.incidents.test_drafts import Editor, begun

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SWITCH = "switch-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ca"
END = "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0cb"


def choosing(cases: dict[str, str]) -> Engine:
    """A asks for a colour; then a choice by it, whose cases lead to D; E comes last. A is done, the answer is blue."""
    document = small_document()
    workflow = document["workflow"]
    document["playbook_variables"] = {"__colour__": {"type": "string"}}
    workflow[key("a")] |= {"out_args": ["__colour__"], "on_completion": SWITCH}
    workflow[SWITCH] = {"type": "switch-condition", "switch": "__colour__:value", "cases": cases,
                        "on_completion": key("e")}  # fmt: skip
    workflow[key("d")]["on_completion"] = END
    workflow[END] = {"type": "end"}
    engine = Engine(linked("0", document, lambda path, wanted, version: None), [])
    engine.move(Facts(NOW))
    this = (key("a"), 1)
    answers = [Answer(this, "", "__colour__", Value("string", "blue"), leads=False)]
    engine.move(Facts(NOW, {this: Tally(done=1)}, {}, answers))
    return engine


def test_a_value_that_no_case_names_is_the_leads_question_and_no_silent_end():
    engine = choosing({"red": key("d")})
    assert [(ask.key, ask.kind) for ask in engine.asks] == [(SWITCH, "choose")]
    assert (key("e"), 1) not in engine.rows
    for cases in ({"blue": key("d")}, {"red": END, "default": key("d")}):
        engine = choosing(cases)
        assert not engine.asks
        assert engine.rows[key("d"), 1].state == "begun"


def with_variables(editor: Editor, *rows: tuple[str, str]) -> None:
    said = {"row-TOTAL_FORMS": str(len(rows)), "row-INITIAL_FORMS": "0", "version": editor.version()}
    for at, (name, kind) in enumerate(rows):
        said |= {f"row-{at}-name": name, f"row-{at}-kind": kind, f"row-{at}-words": "", f"row-{at}-value": ""}
    assert editor.client.post(f"{editor.path}found-out/", said).status_code == 302


@pytest.mark.django_db
def test_a_yes_or_no_is_chosen_and_never_typed_wrong(client_of, inside):
    editor = begun(client_of("ashbourne"))
    with_variables(editor, ("hit", "bool"), ("how many", "integer"))
    only = editor.add("only_if")
    page = editor.client.get(f"{editor.path}steps/{only}/").content.decode()
    assert 'type="radio" id="id_holds" name="holds" value="true"' in page
    wrong = [
        ({"variable": "__hit__"}, "Answer yes or no."),
        ({"variable": "__hit__", "value": "ja"}, "Answer yes or no."),
        ({"variable": "__how_many__", "value": "a few"}, "whole number"),
    ]
    for said, words in wrong:
        refused = editor.write(only, title="Only if", **said)
        assert refused.status_code == 422, said
        assert words in refused.content.decode()
    right = [
        ({"variable": "__hit__", "holds": "false"}, "__hit__:value = false"),
        ({"variable": "__hit__", "value": "Yes"}, "__hit__:value = true"),
        ({"variable": "__how_many__", "value": "012"}, "__how_many__:value = 12"),
    ]
    for said, condition in right:
        assert editor.write(only, title="Only if", **said).status_code == 302
        with inside("ashbourne"):
            (block,) = from_json(PlaybookDraft.objects.get().content).main.items
        assert block.condition == condition
    assert client_of("gravenhurst").get(f"{editor.path}steps/{only}/").status_code == 404


@pytest.mark.django_db
def test_the_lists_of_a_yes_or_no_are_reached_by_the_answers_as_they_are_kept(client_of, inside):
    editor = begun(client_of("ashbourne"))
    with_variables(editor, ("hit", "bool"))
    choose = editor.add("choose")
    said = {"title": "Hit?", "variable": "__hit__", "case-1": "Yes", "case-2": "no"}
    assert editor.write(choose, **said).status_code == 302
    with inside("ashbourne"):
        (block,) = from_json(PlaybookDraft.objects.get().content).main.items
    assert [lane.case for lane in block.lanes] == ["true", "false"]
    page = editor.page()
    assert "If it is “yes”" in page
    assert "No answer is ever" not in page
    assert editor.write(choose, **said | {"case-2": "perhaps"}).status_code == 302
    assert "No answer is ever “perhaps”. Answer yes or no." in editor.page()


def test_a_case_that_no_answer_can_be_is_named():
    lanes = [Lane("end--1", "ten"), Lane("end--2", "007"), Lane("end--3", "7"), Lane("end--4", "default")]
    block = Block("switch-condition--1", "choose", condition="__n__:value", lanes=lanes)
    outline = Outline(
        "playbook--1", "start--1", Lane("end--0", items=[block]), variables=[Variable("__n__", "integer")]
    )
    never = [each.words for each in faults_of(outline) if "is ever" in each.words]
    assert [words.split("”")[0] for words in never] == ["No answer is ever “ten", "No answer is ever “007"]
