"""Playbooks in: which documents are taken over, which are refused and where, and what plan comes out."""

from __future__ import annotations

import copy
import json
import re

import pytest

from incidents.cacao.plan import Plan
from incidents.cacao.reading import PlaybookRefused, read_playbook
from tests.incidents.playbooks import DEMO, PUBLISHED, Document, key, needs_published, small_document


@pytest.fixture
def small() -> Document:
    return small_document()


@pytest.fixture(scope="module")
def demo() -> Plan:
    return read_playbook(DEMO.read_bytes())


class TestDemonstrationPlaybook:
    def test_it_is_valid_without_a_single_note(self, demo: Plan):
        assert demo.warnings == ()
        assert demo.runnable
        assert (demo.slug, demo.version) == ("shared-platform-containment", "2026-09-14T10:00:00.000Z")
        assert read_playbook(DEMO.read_bytes(), strict=True).fingerprint == demo.fingerprint

    def test_its_thirteen_steps_have_the_agreed_audiences_and_times(self, demo: Plan):
        found = [(step.position, step.audience, step.acknowledge_minutes, step.finish_minutes) for step in demo.steps]
        assert found == [
            (1, "all", 5, 10),
            (2, "all", 10, 15),
            (3, "councils", 10, 30),
            (4, "all", 15, 60),
            (5, "provider", 5, 15),
            (6, "provider", 5, 30),
            (7, "councils", 10, 30),
            (8, "provider", 10, 30),
            (9, "provider", 15, 45),
            (10, "councils", 15, 45),
            (11, "councils", 30, 240),
            (12, "councils", 30, 120),
            (13, "lead", 15, 60),
        ]

    def test_the_containing_steps_and_the_one_that_councils_confirm_are_marked(self, demo: Plan):
        assert [step.position for step in demo.steps if step.containing] == [5, 6, 7, 8, 9, 10]
        assert [step.position for step in demo.steps if step.confirmed_by_council] == [8]

    def test_only_what_must_wait_waits(self, demo: Plan):
        positions = {step.id: step.position for step in demo.steps}
        waits = {step.position: [positions[each] for each in step.after] for step in demo.steps if step.after}
        assert waits == {2: [1], 7: [3], 8: [5], 9: [5], 11: [7, 8, 9]}

    def test_every_step_tells_its_reader_everything(self, demo: Plan):
        for step in demo.steps:
            for text in (step.do, step.why, step.who, step.stops, step.worked, step.undo, step.cannot):
                assert text.endswith("."), step.title
            assert max(len(sentence.split()) for sentence in re.split("[.:?]", step.do)) <= 25, step.title
            assert step.instructions == ()
            assert 0 < len(step.short_title) <= 16

    def test_readers_see_no_id_and_no_unexplained_abbreviation(self, demo: Plan):
        texts = " ".join(f"{step.title} {step.do} {step.why} {step.worked}" for step in demo.steps)
        for word in ("D3-", "T1", "NCSC", "ICO", "DPO", "MFA", "krbtgt"):
            assert word not in texts

    @needs_published
    def test_its_techniques_exist_under_these_names(self, demo: Plan):
        listed = json.loads((PUBLISHED / "d3fend" / "d3fend-1.2.0-techniques.json").read_bytes())["techniques"]
        names = {each["id"]: each["name"] for each in listed}
        used = [technique for step in demo.steps for technique in step.d3fend]
        assert len(used) >= 10
        assert [each.name for each in used] == [names[each.id] for each in used]


class TestPlan:
    def test_a_step_waits_for_what_comes_before_it_through_the_join(self, small: Document):
        plan = read_playbook(small)
        assert [step.title for step in plan.steps] == ["A", "B", "D", "C", "E"]
        titles = {step.id: step.title for step in plan.steps}
        after = {step.title: [titles[each] for each in step.after] for step in plan.steps}
        assert after == {"A": [], "B": ["A"], "D": ["B"], "C": ["A"], "E": ["D", "C"]}

    def test_commands_that_are_not_manual_are_shown_and_never_run(self, small: Document):
        steps = {step.title: step for step in read_playbook(small).steps}
        assert steps["B"].do == "Do B."
        assert [(each.kind, each.text) for each in steps["B"].instructions] == [
            ("http-api", "POST /block HTTP/1.1\nAccept: text/plain\nx=1")
        ]
        assert steps["C"].instructions[0].text == "ip link set eth0 down"
        assert steps["C"].do == "Carry out the instruction below with your own tooling."

    def test_a_variable_whose_value_is_known_is_filled_in(self, small: Document):
        assert read_playbook(small).steps[0].do == "Do A for Dunmere."

    def test_a_step_without_our_extension_goes_to_all_and_takes_its_timeout(self, small: Document):
        steps = {step.title: step for step in read_playbook(small).steps}
        assert (steps["A"].audience, steps["A"].acknowledge_minutes, steps["A"].finish_minutes) == ("all", 15, 60)
        assert steps["B"].finish_minutes == 90
        assert steps["B"].why == "Because B."

    def test_the_document_is_kept_as_it_came(self, small: Document):
        before = copy.deepcopy(small)
        plan = read_playbook(small)
        assert plan.document == before
        assert plan.fingerprint == read_playbook(dict(reversed(small.items()))).fingerprint

    def test_branches_within_branches_join_one_after_the_other(self, small: Document):
        inner, end = "parallel--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa", "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0a"
        workflow = small["workflow"]
        workflow[key("b")]["on_success"] = inner
        workflow[inner] = {
            "type": "parallel",
            "next_steps": [key("d"), key("f")],
            "on_completion": key("9"),
        }
        workflow[key("f")] = {**workflow[key("c")], "name": "F", "on_completion": f"{end}b"}
        workflow[key("9")] = {**workflow[key("c")], "name": "G", "on_completion": f"{end}c"}
        workflow |= {f"{end}b": {"type": "end"}, f"{end}c": {"type": "end"}}
        steps = read_playbook(small).steps
        titles = {step.id: step.title for step in steps}
        after = {step.title: [titles[each] for each in step.after] for step in steps}
        assert after["G"] == ["D", "F"]
        assert after["E"] == ["G", "C"]

    def test_a_thousand_steps_in_a_row_are_read(self, small: Document):
        workflow, last = small["workflow"], key("e")
        ending = dict(workflow[last])
        for at in range(1_000):
            fresh = f"action--1f0a7c52-6d0e-4a6b-9a55-{at:012x}"
            workflow[fresh] = ending
            workflow[last] = {**workflow[last], "on_completion": fresh}
            last = fresh
        assert len(read_playbook(small).steps) == 1_005


class TestDecided:
    def test_a_step_behind_a_condition_is_read_and_comes_by_decision(self, small: Document):
        small["workflow"]["if-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"] = {
            "type": "if-condition",
            "name": "Is it encrypted?",
            "condition": "__city__:value = 'Dunmere'",
            "on_true": key("d"),
            "on_completion": "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b005",
        }
        small["workflow"]["end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab"] = {"type": "end"}
        small["workflow"][key("d")]["on_completion"] = "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab"
        small["workflow"][key("b")]["on_success"] = "if-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"
        plan = read_playbook(small)
        assert plan.runnable
        steps = {step.title: step for step in plan.steps}
        assert not steps["D"].certain
        assert steps["D"].after == ()
        assert steps["E"].certain
        assert steps["E"].after == (key("b"), key("c"))
        assert [title for title, step in steps.items() if step.at_opening] == ["A"]

    def test_a_failure_branch_and_an_exception_come_by_decision_and_stand_last(self, small: Document):
        new = "action--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0f"
        for at, leads in (("1", "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b005"), ("2", small["workflow_start"])):
            end = leads if leads.startswith("end") else "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b007"
            small["workflow"][new + at] = {**small["workflow"][key("c")], "name": at, "on_completion": end}
        small["workflow"][key("b")]["on_failure"] = f"{new}1"
        small["workflow_exception"] = f"{new}2"
        plan = read_playbook(small)
        assert [step.title for step in plan.steps if not step.certain] == ["1", "2"]
        assert plan.steps[-1].title == "2"

    def test_a_delayed_step_does_not_begin_at_opening(self, small: Document):
        small["workflow"][key("a")]["delay"] = 1_000
        assert not any(step.at_opening for step in read_playbook(small).steps)

    def test_answers_are_asked_and_only_those_of_conditions_go_to_the_lead(self, small: Document):
        small["playbook_variables"] |= {
            "__hit__": {"type": "bool", "description": "Is it hit?"},
            "__count__": {"type": "integer"},
        }
        small["workflow"][key("a")]["out_args"] = ["__hit__", "__count__"]
        small["workflow"]["while-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"] = {
            "type": "while-condition",
            "condition": "__hit__:value = true",
            "on_true": key("9"),
            "on_completion": "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b005",
        }
        small["workflow"][key("9")] = {
            **small["workflow"][key("d")],
            "on_completion": "end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab",
        }
        small["workflow"]["end--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0ab"] = {"type": "end"}
        small["workflow"][key("d")]["on_completion"] = "while-condition--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0aa"
        first = read_playbook(small).steps[0]
        assert [(each.kind, each.words, each.deciding) for each in first.answers] == [
            ("bool", "Is it hit?", True),
            ("integer", "count", False),
        ]


@needs_published
class TestPublished:
    @pytest.mark.parametrize("name", ["oasis-basic-example-1", "oasis-spec-3.1-example"])
    def test_clean_examples_are_accepted_without_a_note(self, name: str):
        assert read_playbook(published(name), strict=True).runnable

    @pytest.mark.parametrize(
        "name", ["oasis-locky-bart-mbc-examples", "soarca-http-playbook", "soarca-manual-playbook"]
    )
    def test_others_are_accepted_with_warnings_and_refused_when_strict(self, name: str):
        plan = read_playbook(published(name))
        assert plan.warnings
        assert plan.runnable
        with pytest.raises(PlaybookRefused):
            read_playbook(published(name), strict=True)

    def test_a_literal_password_is_refused_and_not_repeated(self):
        with pytest.raises(PlaybookRefused) as refused:
            read_playbook(published("soarca-ssh-playbook"))
        (problem,) = refused.value.errors
        assert problem.pointer.endswith("/password")
        assert "'password'" not in problem.detail

    def test_an_answer_to_be_typed_keeps_its_document(self):
        plan = read_playbook(published("soarca-manual-playbook"))
        assert plan.steps[0].do == "prepare Falcon for hyperspeed jump"
        assert plan.steps[0].finish_minutes == 1


def published(name: str) -> bytes:
    return (PUBLISHED / "cacao" / "playbooks" / f"{name}.json").read_bytes()
