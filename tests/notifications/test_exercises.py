"""Exercises: one step begins one, words come in their minute, what is real puts it aside, each reads its own score."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connections

from incidents.advance import advance_due
from incidents.board import board_of
from incidents.errors import WrongMoment
from incidents.exercises import Planned, plan_inject, resume, send_injects, start_exercise, suspend
from incidents.models import Incident, Inject, Score, Update
from incidents.personal_data.notices import Notice, send_notice
from incidents.scores import score_page
from incidents.transitions import Answer, answer_task
from notifications.climbing import escalate_due
from partners.approvals import NotAllowed
from tests.incidents.test_data_notices import ABOUT, KNOWN, SINCE
from tests.notifications.stage import Stage, as_worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mail")]
PLAN = "shared-platform-containment"
EARLY, LATE = Planned(0, "A colleague finds odd sign-ins."), Planned(45, "A newspaper rings.")


def begins(stage: Stage) -> Incident:
    with stage.as_person("ashbourne", role="incident_manager"):
        return start_exercise(
            system="identity-platform",
            name="Identity platform",
            playbook=PLAN,
            injects=[EARLY, LATE],
            severity=None,
            actor=stage.actor("ashbourne"),
        )


def sends(stage: Stage) -> int:
    with as_worker():
        return send_injects()


def moves(stage: Stage) -> int:
    with as_worker():
        return advance_due()


def read(stage: Stage, slug: str, incident: Incident) -> list[str]:
    with stage.as_person(slug):
        return list(Update.objects.filter(incident=incident).order_by("at").values_list("text", flat=True))


def test_words_come_in_their_minute_once_and_until_then_the_lead_alone_reads_them(stage: Stage):
    incident = begins(stage)
    assert incident.exercise
    assert sends(stage) == 1
    assert sends(stage) == 0
    assert read(stage, "dunmere", incident) == ["EXERCISE. A colleague finds odd sign-ins."]
    assert read(stage, "gravenhurst", incident) == []
    for slug, count in (("ashbourne", 2), ("dunmere", 0), ("northgate", 0), ("gravenhurst", 0)):
        with stage.as_person(slug):
            assert Inject.objects.count() == count, slug
    ((events,),) = stage.owner(
        "SELECT count(*) FROM ledger_event WHERE kind = 'update.sent' AND data ->> 'text' LIKE 'EXERCISE. %%'", []
    )
    assert events == 1
    with stage.as_person("dunmere"), pytest.raises(NotAllowed):
        plan_inject(incident.pk, EARLY)


def test_put_aside_it_wakes_nobody_until_the_lead_goes_on_and_nobody_is_named(stage: Stage):
    incident = begins(stage)
    moves(stage)
    stage.plans()
    pending = (
        "SELECT count(*) FROM notifications_delivery WHERE incident_id = %s AND state = 'pending' AND due_at <= now()"
    )
    assert stage.owner(pending, [incident.pk])[0][0] > 0
    answers(stage, "dunmere", incident, "done", 3)
    with stage.as_person("eastwick"):
        send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE))
    for slug, role in (("gravenhurst", "incident_manager"), ("fernleigh", "observer")):
        with stage.as_person(slug, role=role), pytest.raises(NotAllowed):
            suspend(incident.pk)
    with stage.as_person("dunmere", role="responder"):
        suspend(incident.pk)
        suspend(incident.pk)
    assert stage.owner(pending, [incident.pk]) == [(0,)]
    assert stage.sends() == 0
    with as_worker():
        assert escalate_due() == 0
    # What a worker had in its hands comes back, and what is planned meanwhile lies with the rest.
    stage.owner("UPDATE notifications_delivery SET state = 'claimed', claimed_by = 'w' WHERE state = 'pending'")
    stage.owner(
        "UPDATE notifications_delivery SET state = 'pending', due_at = now(), claimed_by = '' WHERE state = 'claimed'"
    )
    stage.owner("UPDATE notifications_planning SET state = 'pending', due_at = now()")
    stage.plans()
    assert stage.sends() == 0
    stage.owner("UPDATE incidents_inject SET due_at = now()")
    assert sends(stage) == 0
    with pytest.raises(WrongMoment, match="put aside"):
        answers(stage, "dunmere", incident, "done", 7)
    assert moves(stage) == 0, "the plan stands still"
    said = stage.owner(
        "SELECT kind, actor_kind, actor_organisation_id, actor_person_id, data FROM ledger_event"
        " WHERE kind LIKE 'exercise.%%'",
        [],
    )
    assert said == [("exercise.suspended", "system", None, None, {"suspended": True})]
    with stage.as_person("dunmere", role="responder"), pytest.raises(NotAllowed):
        resume(incident.pk)
    stage.owner("UPDATE incidents_incident SET suspended_at = now() - interval '1 hour'")
    times = "SELECT min(finish_by) - now() > interval '60 minutes' FROM incidents_task WHERE status = 'waiting'"
    assert stage.owner(times) == [(False,)]
    with stage.as_person("ashbourne", role="incident_manager"):
        resume(incident.pk)
    assert stage.owner(times) == [(True,)], "ten minutes and the hour that it lay"
    left = "SELECT bool_and(due_at - now() > interval '4 hours 50 minutes') FROM incidents_datanotice"
    assert stage.owner(left) == [(True,)], "four hours, and the same hour"
    assert sends(stage) == 0, "they are an hour away, too"
    assert moves(stage) > 0, "what was answered before counts"
    stage.works()
    told = stage.owner("SELECT slug FROM incidents_participant WHERE told_at IS NOT NULL ORDER BY slug")
    assert ("brackenfield",) in told, "who was not told before is told now"
    left = stage.owner("SELECT count(*) FROM notifications_planning WHERE state <> 'done'")
    assert left == [(0,)]
    ((climbs,),) = stage.owner(
        "SELECT bool_and(due_at BETWEEN now() + interval '1 minute' AND now() + interval '3 hours')"
        " FROM notifications_ladderstep WHERE state = 'waiting'"
    )
    assert climbs, "ladders wait as long as they would have, and an hour"
    with stage.as_person("dunmere"):
        shown = board_of(Incident.objects.get(pk=incident.pk), me=stage.ids["dunmere"], may_lead=False)
    said = [(each["who"], each["words"]) for each in shown["feed"]]
    assert ("Bulkhead", "the exercise goes on") in said
    assert ("Bulkhead", "the exercise was put aside") in said


def test_a_real_incident_is_never_put_aside(stage: Stage):
    incident = stage.opens()
    with stage.as_person("ashbourne", role="incident_manager"), pytest.raises(NotAllowed):
        suspend(incident.pk)
    with pytest.raises(DatabaseError), stage.as_person("ashbourne"), connections["default"].cursor() as cursor:
        cursor.execute("UPDATE incidents_incident SET suspended_at = now()")


def answers(stage: Stage, slug: str, incident: Incident, to: str, count: int) -> None:
    with stage.acting(slug) as actor:
        tasks = incident.tasks.filter(organisation_id=stage.ids[slug], ready=True).order_by("position")[:count]
        for task in tasks:
            answer_task(task_id=task.pk, to=to, actor=actor, answer=Answer(reason="Because."))


def shown(stage: Stage, slug: str, incident: Incident) -> dict[str, Any] | None:
    with stage.as_person(slug):
        return score_page(Incident.objects.get(pk=incident.pk), me=stage.ids[slug])


def by_name(score: dict[str, Any], column: str) -> list[str]:
    return [row[column] for row in score["rows"]]


def test_each_reads_its_own_score_beside_the_middle_and_its_last_and_the_lead_who_took_part(stage: Stage):
    first = begins(stage)
    stage.works()
    answers(stage, "brackenfield", first, "done", 2)
    answers(stage, "dunmere", first, "declined", 1)
    stage.owner(  # the times that each took, by the clock of the database
        "UPDATE incidents_participant SET acknowledged_at = joined_at + n * interval '30 seconds', seen_at = joined_at"
        " + interval '7 seconds' FROM unnest(ARRAY['ashbourne', 'brackenfield', 'coldharbour', 'dunmere',"
        " 'eastwick', 'northgate'], ARRAY[1, 2, 4, 3, 9, 3]) AS t(who, n) WHERE slug = t.who"
    )
    stage.closes(first)
    own = shown(stage, "brackenfield", first)
    assert own is not None
    assert by_name(own, "mine")[1:3] == ["7 s", "60 s"]
    assert by_name(own, "median")[1:3] == ["0 s", "90 s"], "in half minutes"
    assert by_name(own, "mine")[4].startswith("2 of ")
    assert set(by_name(own, "last")) == {"no earlier one"}
    assert own["took_part"] == []
    dunmere = shown(stage, "dunmere", first)
    assert dunmere is not None
    assert by_name(dunmere, "mine")[5] == "1"
    fernleigh = shown(stage, "fernleigh", first)
    assert fernleigh is not None
    assert by_name(fernleigh, "mine")[2] == "never"
    lead = shown(stage, "ashbourne", first)
    assert lead is not None
    said = {each["name"]: each["words"] for each in lead["took_part"]}
    assert said["Fernleigh"] == "did not answer"
    assert said["Brackenfield"] == "took part"
    assert "Gravenhurst" not in said
    for slug in ("brackenfield", "ashbourne", "gravenhurst"):
        with stage.as_person(slug):
            of = set(Score.objects.values_list("organisation_id", flat=True))
            assert of == ({stage.ids[slug]} if slug != "gravenhurst" else set())
    with stage.as_person("gravenhurst"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT organisations FROM sec.exercise_medians(%s)", [first.pk])
        assert cursor.fetchall() == [(0,)]

    second = begins(stage)
    answers(stage, "brackenfield", second, "done", 1)
    stage.closes(second)
    again = shown(stage, "brackenfield", second)
    assert again is not None
    assert by_name(again, "last") == by_name(own, "mine")
    assert by_name(again, "median")[2] == "fewer than six"
    real = stage.opens()
    stage.closes(real)
    assert shown(stage, "ashbourne", real) is None, "what is real has no score"
