"""Answers told by telephone that are corrected or taken back: what stands then, and what goes with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from incidents.by_telephone.writing import report_task, settle_report
from incidents.errors import WrongMoment
from incidents.models import Incident
from tests.incidents.test_by_telephone import said, status_of, task
from tests.incidents.test_own_actions import acts, incident
from tests.notifications.stage import Stage, address

__all__ = ["acts", "incident", "task"]
pytestmark = pytest.mark.django_db(transaction=True)


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
