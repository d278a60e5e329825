"""Which playbooks are refused, and where the mistake is said to stand; which are taken over with a warning."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from incidents.cacao.extension import EXTENSION
from incidents.cacao.reading import PlaybookRefused, read_playbook
from tests.incidents.playbooks import DEMO, SMALL, Document, key, small_document


@pytest.fixture
def small() -> Document:
    return small_document()


def pointers(document: Document, *, strict: bool = False) -> list[str]:
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(document, strict=strict)
    assert all(problem.detail.endswith(".") for problem in refused.value.errors)
    return [problem.pointer for problem in refused.value.errors]


A, B, C, D, E = (f"/workflow/{key(letter)}" for letter in "abcde")
START = "start--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b003"
PARALLEL = "parallel--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b004"
END = "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b005"


def step(letter: str, **changes: Any) -> Callable[[Document], None]:
    return lambda document: document["workflow"][key(letter)].update(changes)


def top(**changes: Any) -> Callable[[Document], None]:
    return lambda document: document.update(changes)


def without(name: str, *, within: str | None = None) -> Callable[[Document], None]:
    return lambda document: (document["workflow"][within] if within else document).pop(name)


def secret(**values: Any) -> Callable[[Document], None]:
    kind = "user-auth--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0cc"
    return top(authentication_info_definitions={kind: {"type": "user-auth", "username": "root", **values}})


def extension(**values: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["extension_definitions"] = {
            EXTENSION: {
                "type": "extension-definition",
                "name": "x",
                "created_by": document["created_by"],
                "schema": "x",
                "version": "1",
            }
        }
        document["workflow"][key("a")]["step_extensions"] = {EXTENSION: values}

    return change


MISTAKES: dict[str, tuple[Callable[[Document], Any], str]] = {
    "another type": (top(type="incident"), "/type"),
    "another version of the standard": (top(spec_version="1.1"), "/spec_version"),
    "an id that is none": (top(id="playbook--17"), "/id"),
    "an id of another type": (top(id="action--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b001"), "/id"),
    "no name": (without("name"), "/name"),
    "a name that is a number": (top(name=7), "/name"),
    "an unknown property": (top(colour="red"), "/colour"),
    "a time that is none": (top(created="yesterday"), "/created"),
    "a time with an offset": (top(created="2026-01-05T08:00:00.000+01:00"), "/created"),
    "modified before created": (top(modified="2025-01-05T08:00:00.000Z"), "/modified"),
    "valid until before it begins": (
        top(valid_from="2026-03-01T00:00:00.000Z", valid_until="2026-03-01T00:00:00.000Z"),
        "/valid_until",
    ),
    "a priority out of range": (top(priority=101), "/priority"),
    "a priority that is a truth": (top(priority=True), "/priority"),
    "no workflow start": (without("workflow_start"), "/workflow_start"),
    "a start that is absent": (top(workflow_start="start--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1bfff"), "/workflow_start"),
    "a start that is an action": (top(workflow_start=key("a")), "/workflow_start"),
    "an exception step that is absent": (top(workflow_exception=key("f")), "/workflow_exception"),
    "a marking that is not defined": (top(markings=["marking-tlp--x"]), "/markings/0"),
    "a reference with a name alone": (top(external_references=[{"name": "x"}]), "/external_references/0"),
    "a variable with a bad name": (top(playbook_variables={"city": {"type": "string"}}), "/playbook_variables/city"),
    "a successor that is absent": (step("a", on_completion=key("f")), f"{A}/on_completion"),
    "no successor": (without("on_completion", within=key("a")), f"{A}/on_completion"),
    "both kinds of successor": (step("a", on_success=key("e")), f"{A}/on_completion"),
    "a type that disagrees with the key": (step("a", type="end"), A),
    "a type that is unknown": (step("a", type="pause"), f"{A}/type"),
    "no commands": (step("a", commands=[]), f"{A}/commands"),
    "no agent": (without("agent", within=key("a")), f"{A}/agent"),
    "an agent that is not defined": (step("a", agent="group--nobody"), f"{A}/agent"),
    "a command without text": (step("a", commands=[{"type": "manual"}]), f"{A}/commands/0"),
    "a command with two texts": (
        step("a", commands=[{"type": "manual", "command": "x", "command_b64": "eA=="}]),
        f"{A}/commands/0",
    ),
    "base64 that is none": (
        step("a", commands=[{"type": "manual", "command_b64": "*"}]),
        f"{A}/commands/0/command_b64",
    ),
    "base64 for addresses": (
        step("a", commands=[{"type": "manual", "command_b64": "-_-_"}]),
        f"{A}/commands/0/command_b64",
    ),
    "a command that is a text": (step("a", commands=["x"]), f"{A}/commands/0"),
    "a variable that is not defined": (
        step("a", commands=[{"type": "manual", "command": "x __town__:value"}]),
        f"{A}/commands/0/command",
    ),
    "an answer without a variable": (step("a", out_args=["__town__"]), f"{A}/out_args/0"),
    "a negative timeout": (step("a", timeout=-1), f"{A}/timeout"),
    "a step that is a list": (lambda document: document["workflow"].update({key("a"): []}), A),
    "one branch only": (
        lambda document: document["workflow"][PARALLEL].update(next_steps=[key("b")]),
        f"/workflow/{PARALLEL}/next_steps",
    ),
    "a branch that is a number": (
        lambda document: document["workflow"][PARALLEL].update(next_steps=[key("b"), 7]),
        f"/workflow/{PARALLEL}/next_steps/1",
    ),
    "an end with a successor": (
        lambda document: document["workflow"][END].update(on_completion=key("a")),
        f"/workflow/{END}",
    ),
    "a start with two ways": (
        lambda document: document["workflow"][START].update(on_failure=END),
        f"/workflow/{START}/on_completion",
    ),
    "a circle": (step("e", on_completion=key("a")), A),
    "a circle within a branch": (step("d", on_completion=key("b")), B),
    "a branch that runs past its join": (step("d", on_completion=key("e")), E),
    "a literal password": (secret(password="hunter2"), "password"),
    "a literal token": (secret(token="abc"), "token"),
    "an extension that is not declared": (
        step("a", step_extensions={EXTENSION: {}}),
        f"{A}/step_extensions/{EXTENSION}",
    ),
    "an audience that is unknown": (extension(audience="neighbours"), f"{A}/step_extensions/{EXTENSION}/audience"),
    "a join rule that is unknown": (extension(join="some"), f"{A}/step_extensions/{EXTENSION}/join"),
    "no minute to finish": (extension(finish_minutes=0), f"{A}/step_extensions/{EXTENSION}/finish_minutes"),
    "acknowledged after it is finished": (
        extension(acknowledge_minutes=30, finish_minutes=10),
        f"{A}/step_extensions/{EXTENSION}/acknowledge_minutes",
    ),
    "minutes as a text": (extension(finish_minutes="10"), f"{A}/step_extensions/{EXTENSION}/finish_minutes"),
    "an unknown text": (extension(texts={"why": "x"}), f"{A}/step_extensions/{EXTENSION}/texts/why"),
    "a short title that is long": (extension(short_title="x" * 17), f"{A}/step_extensions/{EXTENSION}/short_title"),
    "a typing error in the extension": (extension(audiance="all"), f"{A}/step_extensions/{EXTENSION}/audiance"),
}


ANYTHING = [
    *(None, True, 0, -1, 7.5, 10**30, "", "x", "\0", "\ud800", "__city__:value", key("a"), END),
    *([], [[]], [{}], [key("a")], {}, {"x": []}, {"x": {}}, {"type": "manual"}, {"type": []}, {EXTENSION: 7}),
    {END: {"type": "end"}},
]


def places_in(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value within a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for part, each in pairs for place in [(*way, part), *places_in(each, (*way, part))]]


class TestRefused:
    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_a_mistake_is_refused_where_it_stands(self, small: Document, mistake: str):
        change, pointer = MISTAKES[mistake]
        change(small)
        found = pointers(small)
        assert any(each == pointer or each.endswith(f"/{pointer}") or each.startswith(f"{pointer}/") for each in found)

    @pytest.mark.parametrize("document", [[], "playbook", None, 7, b"[]", b"", b"{", b"\xff", b'{"a": NaN}'])
    def test_what_is_no_object_is_refused(self, document: Any):
        assert pointers(document) == [""]

    def test_a_repeated_key_is_refused(self):
        text = SMALL.read_bytes().replace(b'"type": "playbook",', b'"type": "playbook", "type": "playbook",', 1)
        assert pointers(text) == [""]  # type: ignore[arg-type]

    @pytest.mark.parametrize(("path", "each"), [(SMALL, len(ANYTHING)), (DEMO, 3)], ids=["small", "demo"])
    def test_whatever_stands_in_any_place_the_answer_is_a_plan_or_a_refusal(self, path: Path, each: int):
        document = json.loads(path.read_bytes())
        values = cycle(ANYTHING)
        for *way, last in places_in(document):
            inside = document
            for part in way:
                inside = inside[part]
            before = inside[last]
            for value in islice(values, each):
                inside[last] = value
                with contextlib.suppress(PlaybookRefused):
                    assert read_playbook(document).steps
            inside[last] = before

    def test_every_mistake_is_named_at_once(self, small: Document):
        step("a", commands=[])(small)
        step("b", agent="group--nobody")(small)
        assert pointers(small) == [f"{A}/commands", f"{B}/agent"]


class TestWarned:
    def test_a_step_that_is_never_reached_is_left_out_with_a_warning(self, small: Document):
        small["workflow"][key("f")] = dict(small["workflow"][key("e")])
        plan = read_playbook(small)
        assert [each.pointer for each in plan.warnings] == [f"/workflow/{key('f')}"]
        assert len(plan.steps) == 5
        assert pointers(small, strict=True) == [f"/workflow/{key('f')}"]

    def test_branches_that_share_an_end_are_accepted_with_a_warning(self, small: Document):
        small["workflow"][key("c")]["on_completion"] = END
        del small["workflow"]["end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b006"]
        plan = read_playbook(small)
        assert [each.pointer for each in plan.warnings] == [f"/workflow/{END}"]
        assert plan.steps[-1].after == (key("d"), key("c"))

    def test_a_reference_to_a_key_store_is_no_secret(self, small: Document):
        secret(kms=True, kms_key_identifier="vault-1")(small)
        assert read_playbook(small).runnable
        secret(password="__password__:value")(small)
        assert read_playbook(small).runnable

    def test_positions_that_are_not_complete_give_way_to_workflow_order(self, small: Document):
        extension(position=5)(small)
        plan = read_playbook(small)
        assert [each.pointer for each in plan.warnings] == ["/workflow"]
        assert [step.position for step in plan.steps] == [1, 2, 3, 4, 5]
        assert plan.steps[0].title == "A"


class TestOwnTypes:
    """Agents of a tool's own type: nothing is known of their fields, but the few that are looked at must fit."""

    @pytest.mark.parametrize("name", ["authentication_info", "agent_target_extensions"])
    @pytest.mark.parametrize("value", [None, [], 5, True, "x", {"a": 1}, [{}]])
    def test_a_field_that_is_looked_at_is_refused_where_it_stands(self, small: Document, name: str, value: Any):
        key = "edr--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ff"
        small["agent_definitions"][key] = {"type": "edr", "name": "Endpoint tool", name: value}
        assert all(each.startswith(f"/agent_definitions/{key}/{name}") for each in pointers(small))
        assert pointers(small)

    def test_a_text_of_many_beginnings_is_read_once(self, small: Document):
        """Read from each beginning to the end it would take hours."""
        next(iter(small["workflow"].values()))["description"] = "x"
        step("a", commands=[{"type": "manual", "command": "__a" * 300_000}])(small)
        assert read_playbook(small).steps
