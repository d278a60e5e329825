"""What a plan answers of the techniques on an incident: one small plan by hand, as each side may see it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from incidents.playbooks import keep_playbook
from incidents.techniques.coverage import PlanStep, coverage, tactics_of
from incidents.techniques.plan import Tally, stands
from incidents.techniques.saying import say
from incidents.transitions import Answer, answer_task
from tests.incidents.playbooks import key, small_document
from tests.notifications.stage import Stage

INNER = "playbook--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b0bb"
CALL = "playbook-action--1f0a7c52-6d0e-4a6b-9a55-0d4ac1f1b00c"


def carrying(step: dict[str, Any], *ids: str) -> None:
    step["external_references"] = [{"name": "MITRE", "external_id": each} for each in ids]


def plan() -> dict[str, Any]:
    """A asks for a second factor, B is about valid accounts, D filters contents; C is a playbook of its own."""
    document = small_document()
    workflow = document["workflow"]
    carrying(workflow[key("a")], "D3-MFA")
    carrying(workflow[key("b")], "T1078", "CVE-2024-1")
    carrying(workflow[key("d")], "D3-CF")
    called = workflow.pop(key("c"))
    workflow[CALL] = {"type": "playbook-action", "name": "Filter", "playbook_id": INNER}
    workflow[CALL]["on_completion"] = called["on_completion"]
    branches = next(each for each in workflow.values() if each["type"] == "parallel")
    branches["next_steps"] = [key("b"), CALL]
    return document


def simple(name: str, number: str, *ids: str) -> dict[str, Any]:
    """A playbook of one step that carries these ids."""
    document = small_document()
    document |= {"id": number, "name": name}
    workflow = document["workflow"]
    (start,) = (each for each in workflow if each.startswith("start"))
    (end,) = (each for each in workflow if each.endswith("b005"))
    step = {**workflow[key("a")], "name": f"Only step of {name}", "on_completion": end}
    carrying(step, *ids)
    document["workflow"] = {start: workflow[start], key("a"): step, end: workflow[end]}
    return document


def words(client, incident) -> str:
    answer = client.get(reverse("incident-coverage", args=[incident.reference]))
    assert answer.status_code == 200
    main = answer.content.decode().split("<main")[1].split("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def rows_of(client, incident) -> dict[str, str]:
    """What stands in each row, by the id of its technique, in the order of the page."""
    page = client.get(reverse("incident-coverage", args=[incident.reference])).content.decode()
    body = page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
    plain = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in body]
    return {re.search(r"T\d{4}(\.\d{3})?", row)[0]: row for row in plain}  # type: ignore[index]


@pytest.mark.django_db(transaction=True)
def test_one_small_plan_by_hand(stage: Stage, inside, client_of):
    with stage.acting("ashbourne") as actor:
        for document in (
            simple("Filter what comes in", INNER, "D3-ITF"),
            simple("Encrypted files", INNER.replace("b0bb", "b0bc"), "T1486"),
            plan(),
        ):
            keep_playbook(document, organisation_id=actor.organisation_id, actor=None)
    incident = stage.opens(systems=("telephony",), playbook="two-branches-then-one-step")
    with inside("ashbourne"):
        for technique in ("T1199", "T1078.002", "T1534", "T1486", "T1490"):
            say(incident, technique, said="hypothesised")
        say(incident, "T1490", said="ruled_out", words="The backups are whole.")
    ((task,),) = stage.owner(
        "SELECT t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        " WHERE t.incident_id = %s AND t.title = 'A' AND o.slug = 'brackenfield'",
        [incident.pk],
    )
    with stage.acting("brackenfield") as actor:
        answer_task(task_id=task, to="done", actor=actor)
    with inside("brackenfield"):
        say(incident, "T1199", said="observed", words="A session of the supplier at night.")
    ((having,),) = stage.owner(
        "SELECT count(*) FROM incidents_task WHERE incident_id = %s AND title = 'A'", [incident.pk]
    )

    rows = rows_of(client_of("ashbourne"), incident)
    # Nothing, a hint alone (D3-CF touches the same artifact as T1534), and what is answered.
    assert list(rows) == ["T1486", "T1534", "T1078.002", "T1199"]
    assert "Nothing in the plan answers it" in rows["T1486"]
    assert "Encrypted files" in rows["T1486"]
    assert "D3-RAPA" in rows["T1486"]  # asserted by way of M1040
    assert "Only a hint" in rows["T1534"]
    assert "D (Two branches, then one step) D3-CF" in rows["T1534"]
    # D3-MFA is asserted by way of M1032 against both; B names the technique that T1078.002 is a part of.
    assert f"A (Two branches, then one step) D3-MFA done at 1 of {having} organisations" in rows["T1199"]
    assert "Only step of Filter what comes in (Filter what comes in) D3-ITF" in rows["T1199"]
    assert "B (Two branches, then one step) T1078 done at 0 of" in rows["T1078.002"]
    assert "D3-MFA" in rows["T1078.002"]
    assert "B (" not in rows["T1199"]
    assert "Seen at one organisation" in rows["T1199"]
    page = words(client_of("ashbourne"), incident)
    assert "Nothing in the plan answers 1 technique." in page
    assert "1 technique was ruled out" in page
    assert "18.1" in page
    assert "1.2.0" in page
    # By hand of ATT&CK 18.1: T1199 is initial access; T1078 also persistence, privilege escalation and defence evasion;
    # T1534 lateral movement; T1486 and T1490 impact.
    quiet = page.split("Nobody has said anything about:")[1].split(". That is no sign")[0]
    assert sorted(each.strip() for each in quiet.split(",")) == [
        "Collection", "Command and Control", "Credential Access", "Discovery", "Execution", "Exfiltration",
        "Reconnaissance", "Resource Development",
    ]  # fmt: skip
    assert "Seen: Initial Access." in page
    # A participant reads how far its own steps are, and nothing of others.
    own = rows_of(client_of("brackenfield"), incident)
    assert list(own) == list(rows)
    assert "yours: done" in own["T1199"]
    assert "yours: waits for you" in rows_of(client_of("gravenhurst"), incident)["T1199"]
    assert not any("organisations" in row for row in own.values())
    assert client_of("dunmere").get(reverse("incident-coverage", args=[incident.reference])).status_code == 404
    # A participant's own refusal says nothing of the others, who do it.
    ((task,),) = stage.owner(
        "SELECT t.id FROM incidents_task t JOIN partners_organisation o ON o.id = t.organisation_id"
        " WHERE t.incident_id = %s AND t.title = 'A' AND o.slug = 'gravenhurst'",
        [incident.pk],
    )
    with stage.acting("gravenhurst") as actor:
        answer_task(task_id=task, to="declined", actor=actor, answer=Answer(reason="No second factor here."))
    own = rows_of(client_of("gravenhurst"), incident)["T1078.002"]
    assert "Nothing in the plan answers it" not in own
    assert "Only if the plan comes to it A (" in own
    assert "yours: refused; whether others do it is for lead and deputy lead" in own
    lead = rows_of(client_of("ashbourne"), incident)["T1078.002"]
    assert f"D3-MFA done at 1 of {having} organisations, refused at 1" in lead
    # What had no task when the plan ended never comes, and counts no more.
    filters = "Only step of Filter what comes in"
    stage.owner("DELETE FROM incidents_task WHERE incident_id = %s AND title = %s", [incident.pk, filters])
    assert (
        f"{filters} (Filter what comes in) D3-ITF no organisation has it yet"
        in rows_of(client_of("ashbourne"), incident)["T1199"]
    )
    stage.owner("UPDATE incidents_run SET ended_at = now() WHERE incident_id = %s", [incident.pk])
    gone = rows_of(client_of("ashbourne"), incident)["T1199"]
    off = "Would answer it, and is called off, refused, not needed, or never came:"
    assert f"{off} {filters} (Filter what comes in) D3-ITF the plan has ended without it" in gone


HAD = {"done": 0, "blocked": 0, "status": "waiting"}


@pytest.mark.parametrize(
    ("tally", "certain", "ended", "lead", "own"),
    [
        (None, True, False, "counts", "counts"),  # comes in any case
        (None, False, False, "may_come", "may_come"),  # in a branch that nobody has chosen
        (None, True, True, "off", "may_come"),
        (None, False, True, "off", "may_come"),  # the branch was never chosen
        (Tally(all=3, refused=1, off=1, **HAD), False, True, "counts", "counts"),  # somebody had it
        (Tally(all=3, refused=2, off=1, **HAD), True, False, "off", "may_come"),  # refused or off everywhere
    ],
)
def test_what_counts_as_a_step_of_the_plan(tally, certain, ended, lead, own):
    assert stands(tally, certain=certain, ended=ended, oversees=True) == lead
    assert stands(tally, certain=certain, ended=ended, oversees=False) == own


def test_what_is_called_off_answers_nothing():
    steps = [
        PlanStep("Off", 1, "Plan", frozenset({"D3-ITF"}), stands="off"),
        PlanStep("Hint", 2, "Plan", frozenset({"D3-ST"}), stands="off"),
    ]
    (found,) = coverage(["T1199"], steps)
    assert found.how == "nothing"
    assert [each.step.title for each in found.off] == ["Off"]
    (found,) = coverage(["T1199"], [*steps, PlanStep("Branch", 3, "Plan", frozenset({"D3-ITF"}), stands="may_come")])
    assert (found.how, [each.step.title for each in found.may_come]) == ("may_come", ["Branch"])
    (unknown,) = coverage(["T9999"], [PlanStep("Any", 1, "Plan", frozenset({"D3-ITF"}))])
    assert (unknown.how, unknown.asserted, unknown.derived) == ("nothing", (), 0)


def test_each_tactic_stands_once_by_the_most_that_was_said_of_it():
    # T1566 is initial access; so is T1199. T1486 is impact. T1110 is credential access.
    found = tactics_of({"T1566": "hypothesised", "T1199": "observed", "T1486": "ruled_out", "T1110": "hypothesised",
                        "T9999": "observed"})  # fmt: skip
    assert (found.seen, found.supposed, found.ruled_out) == (("Initial Access",), ("Credential Access",), ("Impact",))
    assert len(found.quiet) == 11
