"""What is taken back, or done late, while the lead is asked; and what is not taken back any more."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connections

from incidents.models import Incident
from incidents.transitions import undo_task
from incidents.widening import declare
from tests.incidents.playbooks import key
from tests.notifications.stage import Stage, address
from tests.notifications.test_running_mends import SLUG, db, in_a_line, kept, moves, person, says, task_of


def answers(stage: Stage, incident: Incident, slug: str, to: str) -> None:
    said = "UPDATE incidents_task SET status = %s, reason = 'so' WHERE id = %s"
    assert says(stage.ticket(slug), said, [to, task_of(stage, incident, slug, "A")]) == 1
    moves()


def sides(stage: Stage, incident: Incident) -> list[str]:
    with_a = "SELECT organisation_id FROM incidents_task WHERE incident_id = %s AND title = 'A'"
    found = stage.owner(with_a, [incident.pk])
    return sorted(slug for slug, pk in stage.ids.items() if (pk,) in found)


def open_questions(stage: Stage) -> int:
    ((count,),) = stage.owner(
        "SELECT count(*) FROM incidents_decision WHERE kind = 'failed' AND chosen IS NULL AND withdrawn_at IS NULL"
    )
    return count


@db
def test_a_refusal_that_is_taken_back_is_not_asked_about_and_what_is_done_late_succeeds(stage: Stage):
    kept(stage, "ashbourne", in_a_line())
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    for slug in sides(stage, incident):
        answers(stage, incident, slug, "declined")
    assert open_questions(stage) == 1
    answers(stage, incident, "brackenfield", "acknowledged")
    assert open_questions(stage) == 0
    answers(stage, incident, "brackenfield", "declined")
    assert open_questions(stage) == 1, "the same question comes again"
    assert len(stage.events("incident.asked")) >= 2
    answers(stage, incident, "brackenfield", "acknowledged")
    answers(stage, incident, "brackenfield", "done")
    assert open_questions(stage) == 0
    step = "SELECT state, outcome FROM incidents_runstep WHERE key = %s"
    assert stage.owner(step, [key("a")]) == [("ended", "success")]
    assert stage.owner("SELECT count(*) > 0 FROM incidents_task WHERE title = 'E' AND ready") == [(True,)]


@db
def test_what_is_done_after_its_time_goes_on_without_the_lead(stage: Stage):
    document = in_a_line()
    document["workflow"][key("a")] |= {"timeout": 60_000}
    kept(stage, "ashbourne", document)
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    stage.owner("UPDATE incidents_runstep SET due_at = now() - interval '1 second' WHERE key = %s", [key("a")])
    stage.owner("UPDATE incidents_run SET due_at = now()")
    moves()
    assert open_questions(stage) == 1, "it is not done"
    for slug in sides(stage, incident):
        assert open_questions(stage) == 1, "not by all of them"
        answers(stage, incident, slug, "done")
    assert open_questions(stage) == 0
    assert stage.owner("SELECT count(*) > 0 FROM incidents_task WHERE title = 'E' AND ready") == [(True,)]


@db
def test_undo_is_offered_and_accepted_only_while_the_plan_has_not_gone_on(stage: Stage, client_of: Any):
    kept(stage, "ashbourne", in_a_line(asks=True))
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    own, page = task_of(stage, incident, "brackenfield", "A"), client_of("brackenfield")
    said, undo = {"answer:__hit__": "true"}, f"/tasks/{own}/undo/"
    for slug in sides(stage, incident):
        task = task_of(stage, incident, slug, "A")
        assert client_of(slug).post(f"/tasks/{task}/complete/", said).status_code == 302
    places = (f"/tasks/{own}/", "/my-tasks/")
    assert [undo in page.get(place).content.decode() for place in places] == [True, True]
    moves()
    assert [undo in page.get(place).content.decode() for place in places] == [False, False]
    raw = "UPDATE incidents_task SET status = previous_status WHERE id = %s"
    with pytest.raises(psycopg.errors.CheckViolation, match="gone on by this answer"):
        says(person(stage, "brackenfield", "responder"), raw, [own])


@db
def test_an_answer_that_was_undone_keeps_nobody_from_undoing_what_came_after(stage: Stage, client_of: Any):
    kept(stage, "ashbourne", in_a_line(asks=True))
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    own, page = task_of(stage, incident, "brackenfield", "A"), client_of("brackenfield")
    said, undo = {"answer:__hit__": "true"}, f"/tasks/{own}/undo/"
    assert page.post(f"/tasks/{own}/complete/", said).status_code == 302
    assert page.post(undo).status_code == 302
    assert page.post(f"/tasks/{own}/decline/", {"as": "declined", "reason": "Not here."}).status_code == 302
    for slug in sides(stage, incident):
        task = task_of(stage, incident, slug, "A")
        if slug != "brackenfield":
            assert client_of(slug).post(f"/tasks/{task}/complete/", said).status_code == 302
    moves()
    assert undo in page.get(f"/tasks/{own}/").content.decode()
    assert page.post(undo).status_code == 302


@db
def test_undo_and_a_look_at_the_run_do_not_cross(stage: Stage, client_of: Any):
    kept(stage, "ashbourne", in_a_line(asks=True))
    incident = stage.opens(systems=("telephony",), playbook=SLUG)
    moves()
    own = task_of(stage, incident, "brackenfield", "A")
    assert client_of("brackenfield").post(f"/tasks/{own}/complete/", {"answer:__hit__": "true"}).status_code == 302
    with psycopg.connect(address("DATABASE_URL")) as look, stage.acting("brackenfield") as actor:
        look.execute("SELECT 1 FROM incidents_incident WHERE id = %s FOR SHARE", [incident.pk])
        with connections["default"].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            undo_task(task_id=own, actor=actor)
        connections["default"].set_rollback(True)


@db
def test_times_of_suspicions_from_before_begin_when_they_are_declared(stage: Stage):
    document = in_a_line()
    document["workflow"][key("a")] |= {"timeout": 60_000, "on_failure": key("e")}
    kept(stage, "ashbourne", document)
    under_way = stage.opens(systems=("telephony",), playbook=SLUG)
    incident = stage.opens(systems=("telephony",), playbook=SLUG, suspected=True)
    moves()
    stage.owner("UPDATE incidents_runstep SET due_at = now() - interval '1 hour' WHERE key = %s", [key("a")])
    stage.owner(import_module("incidents.migrations.0033_confirm_mends").AFRESH)
    due = "SELECT due_at < now() FROM incidents_runstep WHERE incident_id = %s AND key = %s"
    assert stage.owner(due, [under_way.pk, key("a")]) == [(True,)]
    assert stage.owner(due, [incident.pk, key("a")]) == [(None,)]
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    moves()
    left = "SELECT state, due_at BETWEEN now() + interval '30 seconds' AND now() + interval '60 seconds'"
    assert stage.owner(
        f"{left} FROM incidents_runstep WHERE incident_id = %s AND key = %s", [incident.pk, key("a")]
    ) == [("begun", True)]
