"""Answers told by telephone: who writes them, never over an organisation's own, and what it says of them at home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from incidents.by_telephone.writing import Said, report_task, settle_report
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, ReportedAnswer, Task
from incidents.transitions import answer_task, verify_task
from tests.api.asking import check_problem, send
from tests.incidents.test_own_actions import acts, incident, words
from tests.notifications.stage import Stage

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
    for slug, told in (
        ("dunmere", "Carol Dunn, Duty officer, on +44 1632 960111"),
        ("ashbourne", "Carol Dunn, Duty officer, on +44 1632 960111"),
        ("northgate", "Duty officer"),  # oversees, and did not ring: neither name nor number
    ):
        page = words(client_of(slug), f"/tasks/{task}/")
        assert f"Told by telephone by {told}. Written down by" in page, slug
    for slug, voices in (("dunmere", 1), ("ashbourne", 1), ("northgate", 0), ("eastwick", 0), ("gravenhurst", 0)):
        assert len(stage.as_app(slug, "SELECT 1 FROM incidents_reportedvoice")) == voices, slug
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
    for reads, who in ((client_of("dunmere"), "Carol Dunn"), (client_of("ashbourne"), None), (api_of("dunmere"), None)):
        shown = send(reads, "get", at).json()["results"][0]
        assert (shown["said_by"], shown["said_role"]) == (who, "Duty officer")
    check_problem(send(api_of("eastwick"), "get", at), 404)
    settle = f"/reported/{made.json()['id']}/settle/"
    check_problem(send(client_of("dunmere"), "post", settle, {"how": "well"}), 422)
    assert send(client_of("dunmere"), "post", settle, {"how": "corrected"}).json()["settled"] == "corrected"
    page = client_of("ashbourne")
    form = {"status": "acknowledged", **GRACE}
    assert page.post(f"/tasks/{task}/reported/", {**form, "said_by": ""}).status_code == 422
    assert page.post(f"/tasks/{task}/reported/", form).status_code == 302
    assert client_of("dunmere").post(f"/tasks/{task}/reported/", form).status_code == 403
