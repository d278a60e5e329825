"""A lead that nobody answers at: the next in the succession is asked, once, also when two look at the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from incidents.handing_over import offer_for_the_silent
from incidents.models import Incident, Task
from incidents.seeing import mark_seen
from incidents.transitions import answer_task
from notifications.climbing import escalate_due
from notifications.messages import compose
from portal.mail_sink import Mailbox
from tests.notifications.processes import Processes, kill, seconds_since_beat
from tests.notifications.stage import Stage, as_worker, in_threads
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LATER = "UPDATE incidents_task SET acknowledge_by = acknowledge_by - %s * interval '1 minute'"
BY_TELEPHONE = "SELECT sec.end_ladder(%s, %s, 'stopped', 'They acknowledged by telephone.')"
CLIMBED = (
    "UPDATE notifications_ladderstep SET begun_at = begun_at - %(minutes)s * interval '1 minute',"
    " due_at = due_at - %(minutes)s * interval '1 minute' WHERE state = 'waiting'"
)
ASKED = (
    "SELECT o.slug, h.kind, round(extract(epoch FROM h.expires_at - h.offered_at)) = 1800 FROM incidents_handover h"
    " JOIN partners_organisation o ON o.id = h.to_organisation_id ORDER BY h.offered_at"
)


def looks() -> int:
    with as_worker():
        return offer_for_the_silent()


def passes(stage: Stage, minutes: int) -> None:
    """Everything that has happened happened so much earlier, and ladders have climbed meanwhile."""
    # Offers first: one that somebody makes because of what follows is of now.
    stage.owner("UPDATE incidents_handover SET offered_at = offered_at - %s * interval '1 minute'", [minutes])
    stage.owner(LATER, [minutes])
    stage.owner(CLIMBED, {"minutes": minutes})
    with as_worker():
        escalate_due()


def test_it_is_offered_after_a_quarter_of_an_hour_and_once_to_each(stage: Stage):
    stage.opens()
    passes(stage, 19)  # the first answer was due five minutes after the opening
    assert looks() == 0
    passes(stage, 2)
    assert looks() == 1
    assert looks() == 0
    assert stage.owner(ASKED) == [("northgate", "silent", True)]
    passes(stage, 14)
    assert looks() == 0
    passes(stage, 2)
    assert [looks(), looks()] == [1, 0]
    for _ in range(9):
        passes(stage, 16)
        looks()
    asked = [slug for slug, *_ in stage.owner(ASKED)]
    assert asked == ["northgate", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh"]
    assert "gravenhurst" not in asked


def test_the_clock_looks_by_itself_and_asks_once_also_after_a_restart(stage: Stage, mail: Mailbox, tmp_path: Path):
    incident = stage.opens()
    with Processes(tmp_path / "log") as processes:
        first = processes.start("scheduler")
        wait_for(lambda: at_home(stage, incident), seconds=20)
        passes(stage, 21)
        wait_for(lambda: stage.owner(ASKED), seconds=20)
        kill(first)
        processes.start("scheduler")
        wait_for(lambda: seconds_since_beat(stage, "scheduler") < 1, seconds=20)
        told = "SELECT 1 FROM notifications_delivery WHERE message = 'lead_offered' AND state = 'accepted'"
        wait_for(lambda: stage.owner(told), seconds=20)
    assert len(stage.owner(ASKED)) == 1


def test_six_that_look_at_once_ask_once_and_the_worker_learns_ids_alone(stage: Stage):
    incident = stage.opens()
    passes(stage, 21)
    assert stage.worker("SELECT s FROM sec.silent_leads() s") == [(incident.pk,)]
    for forbidden in ("SELECT 1 FROM incidents_handover", "SELECT sec.accept_lead(gen_random_uuid())"):
        with pytest.raises(Exception, match="permission denied"):
            stage.worker(forbidden)
    assert in_threads(*[looks] * 6) == []
    assert len(stage.owner(ASKED)) == 1


def test_a_lead_that_gave_a_sign_keeps_the_lead(stage: Stage):
    stage.closes(stage.opens())
    stage.opens(suspected=True)
    looked, accepted = stage.opens(), stage.opens()
    with stage.acting("ashbourne") as actor:
        mark_seen(looked, actor=actor)
        task = Task.objects.filter(incident=accepted, organisation_id=actor.organisation_id, ready=True).first()
        answer_task(task_id=task.pk, to="acknowledged", actor=actor)
    passes(stage, 60)
    assert looks() == 0


def test_who_is_cut_off_is_not_asked_and_who_declined_lets_the_next_be_asked_at_once(stage: Stage):
    stage.opens()
    stage.owner("UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s", [stage.ids["northgate"]])
    passes(stage, 21)
    looks()
    stage.owner("UPDATE incidents_handover SET declined_at = now(), declined_because = 'no'")
    looks()
    assert [slug for slug, *_ in stage.owner(ASKED)] == ["brackenfield", "coldharbour"]


def test_a_silent_lead_that_is_taken_over_is_not_even_the_deputy_and_one_that_woke_up_keeps_it(stage: Stage, client_of):
    awake, silent = stage.opens(), stage.opens()
    passes(stage, 21)
    assert looks() == 2
    with stage.acting("ashbourne") as actor:
        task = Task.objects.filter(incident=awake, organisation_id=actor.organisation_id, ready=True).first()
        answer_task(task_id=task.pk, to="acknowledged", actor=actor)
    came = {}
    for incident in (awake, silent):
        page = f"/incidents/{incident.reference}/hand-over/"
        ((offer,),) = stage.owner("SELECT id FROM incidents_handover WHERE incident_id = %s", [incident.pk])
        assert client_of("gravenhurst", fresh=True).post(f"{page}{offer}/", {"answer": "accept"}).status_code == 404
        came[incident.pk] = client_of("northgate", fresh=True).post(f"{page}{offer}/", {"answer": "accept"}).status_code
    assert came == {awake.pk: 409, silent.pk: 302}
    leads = "SELECT lead_id, deputy_lead_id, %s = ANY (overseers) FROM incidents_incident WHERE id = %s"
    ashbourne, northgate = stage.ids["ashbourne"], stage.ids["northgate"]
    assert stage.owner(leads, [ashbourne, silent.pk]) == [(northgate, stage.ids["brackenfield"], False)]
    assert stage.owner(leads, [ashbourne, awake.pk])[0][0] == ashbourne
    board = client_of("eastwick").get(f"/incidents/{silent.reference}/").content.decode()
    assert "leads now, in place of Ashbourne" in board


def test_its_people_are_told_and_nobody_elses(stage: Stage):
    incident = stage.opens()
    stage.plans()
    passes(stage, 21)
    looks()
    assert stage.plans() == 1
    rows = stage.owner(
        "SELECT o.slug, coalesce(p.role, 'desk') FROM notifications_delivery d"
        " JOIN partners_organisation o ON o.id = d.organisation_id LEFT JOIN partners_person p ON p.id = d.person_id"
        " WHERE d.message = 'lead_offered' AND d.state = 'pending'"
    )
    assert {slug for slug, _ in rows} == {"northgate"}
    assert {role for _, role in rows} <= {"desk", "administrator", "incident_manager"}
    assert "incident_manager" in {role for _, role in rows}
    ((data, audience),) = stage.events("lead.offered")
    assert data == {"offer": "silent", "was": "ashbourne", "organisation": "northgate"}
    assert stage.ids["gravenhurst"] not in audience
    assert stage.ids["eastwick"] not in audience
    stage.closes(incident)
    stage.plans()
    states = stage.owner("SELECT DISTINCT state FROM notifications_delivery WHERE message = 'lead_offered'")
    assert ("pending",) not in states


def test_the_message_says_nothing_but_that_and_the_reference():
    text = compose(message="lead_offered", reference="INC-7KQ4", code="431", exercise=True)
    assert text.subject == "EXERCISE: Bulkhead: you are asked to take the lead, INC-7KQ4"
    assert text.body.startswith("EXERCISE. You are asked to take the lead of INC-7KQ4, code 431.")
    assert "http" not in text.body


def at_home(stage: Stage, incident: Incident) -> Any:
    return stage.owner(
        "SELECT state FROM notifications_ladderstep WHERE incident_id = %s AND organisation_id = %s ORDER BY nth",
        [incident.pk, stage.ids["ashbourne"]],
    )


def test_the_ladder_of_the_lead_has_to_have_climbed_in_vain(stage: Stage):
    incident = stage.opens()
    stage.plans()
    stage.owner(LATER, [60])  # its first rung has its time still
    assert at_home(stage, incident) == [("waiting",)]
    assert looks() == 0
    passes(stage, 21)
    first, *_, newest = at_home(stage, incident)
    assert (first, newest) == (("passed",), ("waiting",))
    assert looks() == 1


def test_whoever_acknowledged_by_telephone_is_not_silent(stage: Stage, client_of):
    """The call that reached them has ended the ladder: nobody has signed in, and nobody takes the lead away."""
    answered, late = stage.opens(), stage.opens()
    stage.plans()
    stage.owner(BY_TELEPHONE, [answered.pk, stage.ids["ashbourne"]])
    passes(stage, 60)
    assert looks() == 1
    ((offer, asked),) = stage.owner("SELECT id, incident_id FROM incidents_handover")
    assert asked == late.pk
    stage.owner(BY_TELEPHONE, [late.pk, stage.ids["ashbourne"]])
    page = f"/incidents/{late.reference}/hand-over/{offer}/"
    assert client_of("northgate", fresh=True).post(page, {"answer": "accept"}).status_code == 409


def test_at_night_a_ladder_that_waits_for_the_day_is_no_silence(stage: Stage):
    incident = stage.opens()
    stage.plans()
    stage.owner(
        "UPDATE notifications_ladderstep SET quiet = true, begun_at = NULL, due_at = now() + interval '5 hours'"
        " WHERE organisation_id = %s",
        [stage.ids["ashbourne"]],
    )
    stage.owner(LATER, [120])
    assert looks() == 0
    assert at_home(stage, incident) == [("waiting",)]


def test_without_a_time_to_acknowledge_the_first_call_begins_it(stage: Stage):
    stage.opens()
    stage.plans()
    stage.owner("UPDATE incidents_task SET acknowledge_by = NULL")
    assert looks() == 0
    passes(stage, 21)
    assert looks() == 1
