"""Answers told by telephone: who writes them, never over an organisation's own, and what it says of them at home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from incidents.by_telephone.writing import Said, report_task, settle_report
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, ReportedAnswer, Task
from incidents.transitions import answer_task, verify_task
from tests.api.asking import check_problem, send
from tests.incidents.test_own_actions import acts, incident, words
from tests.notifications.stage import Stage, address

__all__ = ["acts", "incident"]
pytestmark = pytest.mark.django_db(transaction=True)

GRACE = {"said_by": "Carol Dunn", "said_role": "Duty officer", "number": "+44 1632 960111"}


def said(status: str, text: str = "", **more: Any) -> Said:
    return Said(status=status, words=text, **{**GRACE, **more})


@pytest.fixture
def task(stage: Stage, incident: Incident) -> Any:
    """Dunmere's first step that waits and could be done."""
    return stage.owner(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready"
        " ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["dunmere"]],
    )[0][0]


def status_of(stage: Stage, task: Any) -> str:
    return stage.owner("SELECT status FROM incidents_task WHERE id = %s", [task])[0][0]


def test_the_lead_writes_it_down_and_the_organisation_reads_who_said_it(
    stage: Stage, incident: Incident, task: Any, acts: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    with acts("ashbourne") as actor:
        made = report_task(task_id=task, said=said("done", "Since twenty past eight."), actor=actor)
        assert report_task(task_id=task, said=said("done", "Since twenty past eight."), actor=actor).pk == made.pk
    assert status_of(stage, task) == "done"
    ((data, audience),) = stage.events("task.completed")
    assert (data["by"], data["organisation"]) == ("telephone", "dunmere")
    assert {stage.ids["dunmere"], stage.ids["ashbourne"]} <= set(audience)
    assert stage.ids["eastwick"] not in audience
    assert "Carol" not in str(data)  # no names of people in the ledger
    for slug in ("dunmere", "ashbourne", "northgate"):
        page = words(client_of(slug), f"/tasks/{task}/")
        assert "Told by telephone by Carol Dunn, Duty officer, on +44 1632 960111" in page, slug
        assert "Written down by" in page
    for slug in ("eastwick", "gravenhurst"):
        assert client_of(slug).get(f"/tasks/{task}/").status_code == 404
        assert stage.as_app(slug, "SELECT 1 FROM incidents_reportedanswer") == []
    assert "has written down an answer in your name" in words(client_of("dunmere"), "/my-tasks/")
    with acts("ashbourne") as actor:  # what was told by telephone can be checked like any other
        verify_task(task_id=task, actor=actor)
    with acts("dunmere") as actor:
        settle_report(report_id=made.pk, how="confirmed", actor=actor)
        settle_report(report_id=made.pk, how="confirmed", actor=actor)
    assert "in your name" not in words(client_of("dunmere"), "/my-tasks/").partition("Next")[0]
    assert status_of(stage, task) == "verified"


def test_it_is_put_right_by_its_organisation(stage: Stage, task: Any, acts: Callable[..., Any]) -> None:
    with acts("ashbourne") as actor:
        report_task(task_id=task, said=said("acknowledged"), actor=actor)
        made = report_task(task_id=task, said=said("done"), actor=actor)
    for slug, refused in (("ashbourne", NotYours), ("eastwick", ReportedAnswer.DoesNotExist)):
        with acts(slug) as actor, pytest.raises(refused):
            settle_report(report_id=made.pk, how="corrected", actor=actor)
    with acts("dunmere", "responder") as actor:
        settle_report(report_id=made.pk, how="corrected", actor=actor)
        settle_report(report_id=made.pk, how="corrected", actor=actor)
    assert status_of(stage, task) == "waiting"
    assert [data["settled"] for data, _audience in stage.events("task.undone")] == ["corrected"]
    with acts("dunmere") as actor:
        answer_task(task_id=task, to="acknowledged", actor=actor)
        with pytest.raises(WrongMoment):
            settle_report(report_id=made.pk, how="confirmed", actor=actor)
    with acts("ashbourne") as actor:
        wrong = report_task(task_id=task, said=said("done"), actor=actor)
        settle_report(report_id=wrong.pk, how="taken_back", actor=actor)
    assert status_of(stage, task) == "acknowledged"


def test_it_never_goes_over_what_the_organisation_said_itself(
    stage: Stage, task: Any, acts: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    with acts("dunmere") as actor:
        answer_task(task_id=task, to="acknowledged", actor=actor)
    for status in ("declined", "not_affected", "acknowledged"):
        with acts("ashbourne") as actor, pytest.raises(WrongMoment):
            report_task(task_id=task, said=said(status, "They say so."), actor=actor)
    with acts("ashbourne") as actor:
        report_task(task_id=task, said=said("in_progress"), actor=actor)
    for status in ("declined", "not_affected"):  # nor in two steps, the first of which is allowed
        with acts("ashbourne") as actor, pytest.raises(WrongMoment):
            report_task(task_id=task, said=said(status, "They say so."), actor=actor)
    page = words(client_of("ashbourne"), f"/tasks/{task}/")
    assert ("They are blocked" in page, "They refuse" in page) == (True, False)
    with acts("dunmere") as actor:
        answer_task(task_id=task, to="done", actor=actor)
    for status in ("blocked", "in_progress", "done"):
        with acts("ashbourne") as actor, pytest.raises(WrongMoment):
            report_task(task_id=task, said=said(status, "They say so."), actor=actor)
    assert status_of(stage, task) == "done"


def test_taking_one_back_leaves_what_was_reported_before(stage: Stage, task: Any, acts: Callable[..., Any]) -> None:
    with acts("ashbourne") as actor:
        first = report_task(task_id=task, said=said("blocked", "No key to the room."), actor=actor)
        wrong = report_task(task_id=task, said=said("done"), actor=actor)
        settle_report(report_id=wrong.pk, how="taken_back", actor=actor)
        assert report_task(task_id=task, said=said("blocked", "No key to the room."), actor=actor).pk == first.pk
    stands = "SELECT status, reason, reported_id FROM incidents_task WHERE id = %s"
    assert stage.owner(stands, [task]) == [("blocked", "No key to the room.", first.pk)]
    with acts("dunmere") as actor:  # which its organisation can still put right: it has said nothing itself
        settle_report(report_id=first.pk, how="corrected", actor=actor)
    assert stage.owner(stands, [task]) == [("waiting", "", None)]


def test_what_was_typed_in_its_name_goes_with_the_answer(stage: Stage, acts: Callable[..., Any]) -> None:
    incident = stage.opens(systems=("telecare-alarms",))  # Brackenfield has no fallback for Telecare
    ((task, step),) = stage.owner(
        "SELECT id, step_id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready"
        " ORDER BY position LIMIT 1",
        [incident.pk, stage.ids["brackenfield"]],
    )
    asks = '[{"name": "__lines__", "kind": "integer", "words": "Lines", "deciding": true}]'
    stage.owner("UPDATE incidents_step SET typed_confirmation = true, answers = %s WHERE id = %s", [asks, step])
    written = (
        "SELECT (SELECT count(*) FROM incidents_stopconfirmation), (SELECT count(*) FROM incidents_runanswer),"
        " (SELECT status FROM incidents_task WHERE id = %s)"
    )
    done = said("done", confirm="Telecare", answers={"__lines__": "4"})
    for how, slug in (("corrected", "brackenfield"), ("taken_back", "ashbourne")):
        with acts("ashbourne") as actor, pytest.raises(WrongMoment):
            report_task(task_id=task, said=said("done", answers={"__lines__": "4"}), actor=actor)
        with acts("ashbourne") as actor:
            made = report_task(task_id=task, said=done, actor=actor)
        assert stage.owner(written, [task]) == [(1, 1, "done")]
        with acts(slug) as actor:
            settle_report(report_id=made.pk, how=how, actor=actor)
        assert stage.owner(written, [task]) == [(0, 0, "waiting")], how


def test_a_look_at_the_run_is_before_it_or_after_it(
    stage: Stage, incident: Incident, task: Any, acts: Callable[..., Any]
) -> None:
    with acts("ashbourne") as actor:
        made = report_task(task_id=task, said=said("done"), actor=actor)
    with psycopg.connect(address("DATABASE_URL")) as run:
        run.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR NO KEY UPDATE", [incident.pk])
        with acts("ashbourne") as actor, connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                settle_report(report_id=made.pk, how="taken_back", actor=actor)
        run.execute("SELECT 1 FROM incidents_task WHERE id = %s FOR UPDATE NOWAIT", [task])  # the incident first
    assert status_of(stage, task) == "done"


def test_only_lead_and_deputy_write_it_and_for_others_alone(
    stage: Stage, incident: Incident, task: Any, acts: Callable[..., Any], client_of: Any, api_of: Any
) -> None:
    for slug, role, refused in (
        ("eastwick", "incident_manager", Task.DoesNotExist), ("gravenhurst", "incident_manager", Task.DoesNotExist),
        ("dunmere", "incident_manager", NotYours), ("ashbourne", "approver", NotYours),
    ):  # fmt: skip
        with acts(slug, role) as actor, pytest.raises(refused):
            report_task(task_id=task, said=said("acknowledged"), actor=actor)
    for wrong in (said("verified"), said("blocked"), said("done", said_by=" "), said("done", "x" * 601)):
        with acts("ashbourne") as actor, pytest.raises(Invalid):
            report_task(task_id=task, said=wrong, actor=actor)
    assert status_of(stage, task) == "waiting"
    at = f"/tasks/{task}/reported/"
    body = {"status": "blocked", "words": "No key to the room.", **GRACE}
    check_problem(send(api_of("ashbourne"), "post", at, body), 403)
    check_problem(send(client_of("gravenhurst"), "post", at, body), 404)
    check_problem(send(client_of("ashbourne"), "post", at, {**body, "number": ""}), 422)
    made = send(client_of("northgate"), "post", at, body)  # the deputy lead
    assert (made.status_code, made.json()["reporter"], made.json()["stands"]) == (201, "northgate", True)
    assert send(api_of("dunmere"), "get", at).json()["results"][0]["said_by"] == "Carol Dunn"
    check_problem(send(api_of("eastwick"), "get", at), 404)
    settle = f"/reported/{made.json()['id']}/settle/"
    check_problem(send(client_of("dunmere"), "post", settle, {"how": "well"}), 422)
    assert send(client_of("dunmere"), "post", settle, {"how": "corrected"}).json()["settled"] == "corrected"
    page = client_of("ashbourne")
    form = {"status": "acknowledged", **GRACE}
    assert page.post(f"/tasks/{task}/reported/", {**form, "said_by": ""}).status_code == 422
    assert page.post(f"/tasks/{task}/reported/", form).status_code == 302
    assert client_of("dunmere").post(f"/tasks/{task}/reported/", form).status_code == 403
