from __future__ import annotations

import pytest
from django.test import Client

from incidents.editing import edit_incident
from incidents.models import Task
from incidents.transitions import answer_task
from incidents.widening import declare
from notifications import planning
from notifications.kinds import TOLD_OF
from notifications.models import Planning
from notifications.planning import plan, plan_due
from notifications.sweep import look_at_leads
from portal import health
from tests.notifications.stage import Stage, as_worker, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

REACHED = {"ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "northgate"}


def test_one_row_waits_for_each_organisation_and_none_for_a_stranger(stage: Stage):
    incident = stage.opens()
    rows = stage.owner("SELECT kind, organisation_id FROM notifications_planning WHERE incident_id = %s", [incident.pk])
    assert sorted(rows, key=str) == sorted((("tasks.assigned", stage.ids[slug]) for slug in REACHED), key=str)


def test_an_answer_plans_nothing(stage: Stage):
    incident = stage.opens()
    before = stage.owner("SELECT count(*) FROM notifications_planning")
    with stage.acting("dunmere") as actor:
        task = Task.objects.filter(incident=incident, organisation_id=actor.organisation_id, ready=True).first()
        answer_task(task_id=task.pk, to="acknowledged", actor=actor)
    assert stage.owner("SELECT count(*) FROM notifications_planning") == before


def test_the_trigger_plans_from_the_kinds_that_the_code_names(stage: Stage):
    kinds = [*TOLD_OF, "task.acknowledged", "incident.opened", "organisation.told", "incident.backfill"]
    for kind in kinds:
        ((whom,),) = stage.owner('SELECT sec.told_of(%s, \'{"was": "suspected", "fields": ["severity"]}\')', [kind])
        assert whom == TOLD_OF.get(kind), kind
    assert stage.owner("SELECT sec.told_of('incident.moved', '{\"was\": \"open\"}')") == [(None,)]


def test_whoever_is_on_duty_is_told_first_and_nobody_else_changes_place(stage: Stage):
    stage.always_on_duty("Sunita Rao")
    incident = stage.opens()
    stage.plans()
    used = [name for name, state in stage.deliveries(incident, "dunmere", "p.name, d.state") if state == "pending"]
    assert used == ["Sunita Rao", "Ben Ashcroft", "Alan Birtles", "Grace Holloway"]


def test_who_is_told_alongside_hears_of_it_when_it_is_bad_enough(stage: Stage):
    stage.always_on_duty("Ben Ashcroft")
    incident = stage.opens(severity=4)
    stage.plans()

    def told() -> set[str]:
        rows = stage.deliveries(incident, "dunmere", "p.name, d.state")
        return {name for name, state in rows if state == "pending"}

    assert told() == {"Ben Ashcroft"}, "she hears from category 2 on, and the others when the ladder comes to them"
    with stage.acting("ashbourne") as actor:
        edit_incident(incident_id=incident.pk, changes={"title": "Breach, wider"}, actor=actor)
    assert stage.plans() == 0
    with stage.acting("ashbourne") as actor:
        edit_incident(incident_id=incident.pk, changes={"severity": 2}, actor=actor)
    stage.plans()
    assert told() == {"Ben Ashcroft", "Sunita Rao", "Alan Birtles", "Grace Holloway"}


def test_everybody_gets_one_message_and_a_doubtful_mailbox_none(stage: Stage):
    stage.owner("DELETE FROM partners_dutyshift")
    incident = stage.opens()
    assert stage.plans() == 7
    rows = stage.deliveries(incident, "ashbourne", "c.address, d.state")
    used = [address for address, state in rows if state == "pending"]
    assert used == ["duty@ashbourne-duty.example", "priya.nair@ashbourne-duty.example"]
    assert len(rows) == 6, "four mailboxes ride on the attacked mail and are passed over"


def test_dunmere_whose_duty_mailbox_rides_on_the_attacked_mail_is_told_by_its_people(stage: Stage):
    incident = stage.opens()
    stage.plans()
    rows = stage.deliveries(incident, "dunmere", "coalesce(p.name, 'desk'), d.state, d.error")
    assert [row[:2] for row in rows if row[0] == "desk"] == [("desk", "skipped")]
    assert {row[1] for row in rows if row[0] != "desk"} == {"pending"}
    assert len(rows) == 5
    ((_, _, why),) = [row for row in rows if row[0] == "desk"]
    assert why.startswith(f"{incident.reference} can reach ")
    ((trust, because),) = stage.owner(
        "SELECT trust, trust_because FROM partners_contactpoint WHERE address = 'duty@dunmere.example'"
    )
    assert (trust, because) == ("doubtful", why)


def test_planning_twice_writes_nothing_twice(stage: Stage):
    incident = stage.opens()
    stage.plans()
    before = stage.owner("SELECT id, state, code FROM notifications_delivery ORDER BY id")
    stage.owner("UPDATE notifications_planning SET state = 'pending'")
    assert stage.plans() == 7
    assert stage.owner("SELECT id, state, code FROM notifications_delivery ORDER BY id") == before
    assert stage.side(incident, "dunmere")["not_told_because"] == ""


def test_two_planners_at_once_share_the_work(stage: Stage):
    stage.opens()

    def plan_here() -> None:
        with as_worker():
            plan_due()

    assert in_threads(plan_here, plan_here, plan_here) == []
    assert stage.owner("SELECT DISTINCT state FROM notifications_planning") == [("done",)]
    assert (
        stage.owner(
            "SELECT count(*) FROM notifications_delivery GROUP BY contact_point_id, message HAVING count(*) > 1"
        )
        == []
    )


def test_named_rows_are_planned_once(stage: Stage):
    stage.opens()
    ids = [row[0] for row in stage.worker("SELECT id FROM notifications_planning ORDER BY id LIMIT 2")]
    with as_worker():
        assert plan(ids) == 2
        assert plan(ids) == 0


def test_a_row_that_cannot_be_planned_waits_and_does_not_stop_the_others(stage: Stage, monkeypatch):
    stage.opens()
    planned = planning._plan_row

    def fails_for_dunmere(row):
        if row.organisation_id == stage.ids["dunmere"]:
            raise RuntimeError("planted")
        return planned(row)

    monkeypatch.setattr(planning, "_plan_row", fails_for_dunmere)
    assert stage.plans() == 7
    rows = dict(stage.owner("SELECT organisation_id, state FROM notifications_planning"))
    assert rows.pop(stage.ids["dunmere"]) == "pending"
    assert set(rows.values()) == {"done"}
    assert stage.owner("SELECT attempts, due_at > now() FROM notifications_planning WHERE state = 'pending'") == [
        (1, True)
    ]
    assert stage.owner("SELECT 1 FROM notifications_delivery WHERE organisation_id = %s", [stage.ids["dunmere"]]) == []


def test_what_fails_for_hours_is_counted_and_never_given_up(stage: Stage, monkeypatch, client_of):
    planned, broken = planning._plan_row, [True]

    def fails_for_dunmere(row):
        if broken and row.organisation_id == stage.ids["dunmere"]:
            raise RuntimeError("planted")
        return planned(row)

    monkeypatch.setattr(planning, "_plan_row", fails_for_dunmere)
    monkeypatch.setattr(health._Memory, "counted_at", -health.COUNTED_SECONDS)
    incident = stage.opens()
    due = "UPDATE notifications_planning SET due_at = now() - interval '1 s' WHERE state IN ('pending', 'failed')"
    states = []
    for nth in range(1, 14):
        if nth == 13:  # days later
            stage.owner("UPDATE notifications_planning SET attempts = 999 WHERE state = 'failed'")
        stage.owner(due)
        with as_worker():
            look_at_leads()
        stage.plans()
        states += stage.owner(
            "SELECT state, attempts FROM notifications_planning WHERE organisation_id = %s", [stage.ids["dunmere"]]
        )
    tens = [("pending", nth) for nth in range(1, 11)]
    assert states == [*tens, ("failed", 11), ("failed", 12), ("failed", 1000)]
    ((wait,),) = stage.owner(
        "SELECT extract(epoch FROM due_at - now()) FROM notifications_planning WHERE attempts = 1000"
    )
    assert 140 < wait < 460, "once in five minutes, more or less"
    said = Client().get("/healthz").json()
    assert (said["status"], said["planning"]) == ("degraded", "failing")
    assert 'bulkhead_queue_rows{queue="planning",state="failed"} 1.0' in Client().get("/metrics").content.decode()
    for slug in ("dunmere", "gravenhurst"):  # the same to everybody, as `/healthz`: of nobody's incident
        page = client_of(slug).get("/deliveries/").content.decode()
        assert "it is tried again about every five minutes" in page
        assert incident.reference not in page or slug == "dunmere"
    assert "given up" not in Planning.State.FAILED.label.lower()
    broken.clear()
    with as_worker():
        look_at_leads()
    assert stage.plans() == 0, "it is not due yet"
    stage.owner(due)
    with as_worker():
        look_at_leads()
    assert stage.plans() == 1
    assert {slug for slug in REACHED if not stage.deliveries(incident, slug)} == set(), "everybody is told in the end"
    assert stage.deliveries(incident, "gravenhurst") == []
    monkeypatch.setattr(health._Memory, "counted_at", -health.COUNTED_SECONDS)
    assert Client().get("/healthz").json()["planning"] == "ok"
    assert "could not be planned" not in client_of("dunmere").get("/deliveries/").content.decode()


def test_when_every_way_is_doubtful_the_board_learns_why_nobody_was_told(stage: Stage):
    stage.owner(
        "UPDATE partners_contactpoint SET rides_on_id = (SELECT id FROM partners_sharedsystem WHERE slug ="
        " 'email-and-teams') WHERE organisation_id = %s",
        [stage.ids["dunmere"]],
    )
    incident = stage.opens()
    stage.plans()
    side = stage.side(incident, "dunmere")
    assert side["told_at"] is None
    assert side["not_told_because"].startswith("No recorded way can be used.")
    assert side["not_told_because"].endswith("Call the duty desk.")
    ((data, audience),) = stage.events("organisation.not_told")
    assert data == {"organisation": "dunmere", "because": side["not_told_because"]}
    assert set(audience) == {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}


def test_an_organisation_without_any_way_is_not_forgotten(stage: Stage):
    stage.owner(
        "UPDATE partners_contactpoint SET is_active = false WHERE organisation_id = %s", [stage.ids["eastwick"]]
    )
    incident = stage.opens()
    stage.plans()
    assert stage.side(incident, "eastwick")["not_told_because"].startswith("No way to reach anybody here is recorded")


@pytest.fixture
def samuel(stage: Stage):
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL WHERE address = 'samuel.osei@ashbourne.example'")
    ((person,),) = stage.owner("SELECT id FROM partners_person WHERE email = 'samuel.osei@ashbourne.example'")
    return person


def test_a_suspicion_is_told_to_named_people_the_desk_and_the_provider_only(stage: Stage, samuel):
    incident = stage.opens(suspected=True, tell_people=(samuel,))
    stage.plans()
    own = stage.deliveries(incident, "ashbourne", "coalesce(p.name, 'desk'), d.message, d.state")
    assert own == [("desk", "suspected", "pending"), ("Samuel Osei", "suspected", "pending")]
    assert len(stage.deliveries(incident, "northgate")) == 4
    others = stage.owner("SELECT DISTINCT organisation_id FROM notifications_delivery")
    assert {row[0] for row in others} == {stage.ids["ashbourne"], stage.ids["northgate"]}


def test_declaring_tells_everybody_and_nobody_twice_of_the_same(stage: Stage, samuel):
    incident = stage.opens(suspected=True, tell_people=(samuel,))
    stage.plans()
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    stage.plans()
    told = stage.owner("SELECT DISTINCT organisation_id FROM notifications_delivery WHERE message = 'opened'")
    assert {row[0] for row in told} == {stage.ids[slug] for slug in REACHED}
    mine = stage.deliveries(incident, "ashbourne", "coalesce(p.name, 'desk'), d.message, d.state")
    assert ("desk", "suspected", "superseded") in mine, "what had not gone out yet is replaced"
    assert ("Samuel Osei", "opened", "pending") in mine


def test_an_exercise_goes_round_doubtful_ways_and_marks_none(stage: Stage):
    incident = stage.opens(exercise=True)
    stage.plans()
    assert ("skipped",) in stage.deliveries(incident, "dunmere", "d.state")
    assert stage.owner("SELECT DISTINCT trust FROM partners_contactpoint") == [("trusted",)]


def test_closing_before_anybody_was_told_tells_nobody(stage: Stage):
    incident = stage.opens()
    stage.closes(incident)
    stage.plans()
    assert stage.owner("SELECT 1 FROM notifications_delivery") == []


def test_what_the_incident_made_doubtful_is_trusted_again_when_it_ends(stage: Stage):
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'compromised' WHERE address = 'tom.whitlock@ashbourne.example'"
    )
    incident = stage.opens()
    stage.plans()
    assert stage.owner("SELECT count(*) FROM partners_contactpoint WHERE trust = 'doubtful'") == [(12,)]
    stage.closes(incident)
    stage.plans()
    left = stage.owner("SELECT address, trust FROM partners_contactpoint WHERE trust <> 'trusted'")
    assert left == [("tom.whitlock@ashbourne.example", "compromised")], "a mark that somebody set stays"


def test_a_second_open_incident_keeps_a_way_doubtful(stage: Stage):
    first, second = stage.opens(), stage.opens()
    stage.plans()
    stage.closes(first)
    stage.plans()
    because = stage.owner("SELECT DISTINCT trust_because FROM partners_contactpoint WHERE trust = 'doubtful'")
    assert [row[0].split()[0] for row in because] == [second.reference]
