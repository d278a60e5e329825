"""A lead that nobody answers at: the next in the succession is asked, once, also when two look at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.handing_over import offer_for_the_silent
from incidents.models import Task
from incidents.seeing import mark_seen
from incidents.transitions import answer_task
from notifications.messages import compose
from portal.mail_sink import Mailbox
from tests.notifications.processes import Processes, kill, seconds_since_beat
from tests.notifications.stage import Stage, as_worker, in_threads
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LATER = "UPDATE incidents_task SET acknowledge_by = acknowledge_by - %s * interval '1 minute'"
ASKED = (
    "SELECT o.slug, h.kind, h.expires_at - h.offered_at = interval '30 minutes' FROM incidents_handover h"
    " JOIN partners_organisation o ON o.id = h.to_organisation_id ORDER BY h.offered_at"
)


def looks() -> int:
    with as_worker():
        return offer_for_the_silent()


def passes(stage: Stage, minutes: int) -> None:
    """Everything that has happened happened so much earlier."""
    stage.owner(LATER, [minutes])
    stage.owner("UPDATE incidents_handover SET offered_at = offered_at - %s * interval '1 minute'", [minutes])


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
    stage.opens()
    passes(stage, 21)
    with Processes(tmp_path / "log") as processes:
        first = processes.start("scheduler")
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
