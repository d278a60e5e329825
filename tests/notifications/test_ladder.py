"""The ladder of an organisation in an incident: who is called when nobody answers, and what ends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from incidents.editing import edit_incident
from incidents.models import Incident, Task
from incidents.transitions import answer_task
from incidents.widening import declare
from notifications import ladder, sending
from notifications.climbing import escalate_due
from notifications.transports import TransportError
from partners.approvals import NotAllowed
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

BEN, SUNITA, ALAN, GRACE = "Ben Ashcroft", "Sunita Rao", "Alan Birtles", "Grace Holloway"


@pytest.fixture(autouse=True)
def dunmere(stage: Stage) -> None:
    """Ben is always on duty; Sunita is the deputy, Alan head of IT, Grace chief executive. Each has one mailbox."""
    stage.always_on_duty(BEN)
    stage.owner("DELETE FROM partners_ladderrung")
    for rung, name in (("deputy", SUNITA), ("head_of_it", ALAN), ("chief_executive", GRACE)):
        stage.owner(
            "INSERT INTO partners_ladderrung (id, organisation_id, rung, person_id)"
            " SELECT gen_random_uuid(), organisation_id, %s, id FROM partners_person WHERE name = %s",
            [rung, name],
        )


def climbs(stage: Stage) -> int:
    with as_worker():
        return escalate_due()


def comes_due(stage: Stage, incident: Incident, slug: str = "dunmere") -> None:
    stage.owner(
        "UPDATE notifications_ladderstep SET due_at = now() - interval '1 second'"
        " WHERE incident_id = %s AND organisation_id = %s AND state = 'waiting'",
        [incident.pk, stage.ids[slug]],
    )


def steps(stage: Stage, incident: Incident, columns: str = "rung, state", slug: str = "dunmere") -> list[Any]:
    return stage.owner(
        f"SELECT {columns} FROM notifications_ladderstep WHERE incident_id = %s AND organisation_id = %s ORDER BY nth",
        [incident.pk, stage.ids[slug]],
    )


def called(stage: Stage, incident: Incident, slug: str = "dunmere") -> list[str]:
    """Whom the ladder called, in the order of calling."""
    rows = stage.owner(
        "SELECT coalesce(p.name, 'desk') FROM notifications_delivery d"
        " JOIN notifications_ladderstep s ON s.id = d.step_id"
        " LEFT JOIN partners_person p ON p.id = d.person_id WHERE s.incident_id = %s AND s.organisation_id = %s"
        " AND d.state <> 'skipped' ORDER BY s.nth, d.created_at",
        [incident.pk, stage.ids[slug]],
    )
    return [name for (name,) in rows]


def acknowledges(stage: Stage, incident: Incident, slug: str = "dunmere") -> None:
    with stage.acting(slug) as actor:
        task = Task.objects.filter(incident=incident, organisation_id=actor.organisation_id, ready=True).first()
        answer_task(task_id=task.pk, to="acknowledged", actor=actor)


def next_of(stage: Stage, incident: Incident, slug: str = "dunmere") -> tuple[str, datetime | None, int]:
    (row,) = stage.owner(
        "SELECT next_step, next_step_at, times_climbed FROM incidents_participant"
        " WHERE incident_id = %s AND organisation_id = %s",
        [incident.pk, stage.ids[slug]],
    )
    return row


def test_silence_climbs_rung_by_rung_and_begins_again_with_twice_the_time(stage: Stage):
    incident = stage.opens(severity=3)
    stage.plans()
    assert called(stage, incident) == [BEN]
    assert climbs(stage) == 0, "nothing is due yet"
    for nth in range(2, 6):
        comes_due(stage, incident)
        assert climbs(stage) == 1
        assert called(stage, incident) == [BEN, SUNITA, ALAN, GRACE, BEN][:nth]
    assert steps(stage, incident, "rung, round, state") == [
        ("duty", 1, "passed"),
        ("deputy", 1, "passed"),
        ("head_of_it", 1, "passed"),
        ("chief_executive", 1, "passed"),
        ("duty", 2, "waiting"),
    ]
    assert next_of(stage, incident)[2] == 1
    assert steps(stage, incident, "due_at - begun_at = interval '20 minutes'")[-1] == (True,)


def test_the_board_s_row_says_what_comes_next_and_when(stage: Stage):
    incident = stage.opens(severity=3)
    stage.plans()
    words, at, climbed = next_of(stage, incident)
    ((due,),) = steps(stage, incident, "due_at")
    assert (words, at, climbed) == ("deputy by e-mail", due, 0)
    comes_due(stage, incident)
    climbs(stage)
    assert next_of(stage, incident)[0] == "head of IT by e-mail"


@pytest.mark.parametrize(("severity", "minutes"), [(None, 5), (1, 5), (2, 5), (3, 10)])
def test_the_worse_it_is_the_less_time_a_rung_has(stage: Stage, severity: int | None, minutes: int):
    incident = stage.opens(severity=severity)
    stage.plans()
    assert steps(stage, incident, f"due_at - begun_at = make_interval(mins => {minutes})") == [(True,)]


def test_an_organisation_s_own_times_count(stage: Stage):
    stage.owner(
        "INSERT INTO partners_laddertime (id, organisation_id, band, minutes)"
        " VALUES (gen_random_uuid(), %s, 'worst', 12)",
        [stage.ids["dunmere"]],
    )
    incident = stage.opens()
    stage.plans()
    assert steps(stage, incident, "due_at - begun_at = interval '12 minutes'") == [(True,)]
    assert steps(stage, incident, "due_at - begun_at = interval '5 minutes'", "eastwick") == [(True,)]


def test_of_the_worst_everybody_hears_at_once_and_the_ladder_still_calls(stage: Stage):
    incident = stage.opens()
    stage.plans()
    first = [name for name, state in stage.deliveries(incident, "dunmere", "p.name, d.state") if state == "pending"]
    assert first == [BEN, SUNITA, ALAN, GRACE], "one message each"
    comes_due(stage, incident)
    climbs(stage)
    assert called(stage, incident) == [BEN, SUNITA]


def test_an_urgent_call_goes_by_text_and_mail_together_and_a_quiet_one_by_the_first_way(stage: Stage, settings):
    settings.SENT_WAYS = ["email", "sms"]
    for name, number in ((BEN, "+447700900001"), (SUNITA, "+447700900002")):
        stage.owner(
            "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust,"
            ' trust_because, "order", is_active)'
            " SELECT gen_random_uuid(), organisation_id, id, 'sms', name, %s, 'trusted', '', 9, true"
            " FROM partners_person WHERE name = %s",
            [number, name],
        )
    urgent, quiet = stage.opens(severity=3), stage.opens(severity=5)
    stage.plans()
    for incident in (urgent, quiet):
        comes_due(stage, incident)
    assert climbs(stage) >= 1
    ways = "coalesce(p.name, 'desk'), d.way"
    told = [row for row in stage.deliveries(urgent, "dunmere", ways) if row[0] in {BEN, SUNITA}]
    assert told == [(BEN, "email"), (BEN, "sms"), (SUNITA, "email"), (SUNITA, "sms")]
    assert [row for row in stage.deliveries(quiet, "dunmere", ways) if row[0] == BEN] == [(BEN, "email")]


def test_an_answer_stops_its_own_ladder_and_takes_back_what_has_not_gone_out(stage: Stage):
    incident = stage.opens(severity=3)
    stage.plans()
    for slug in ("dunmere", "eastwick"):
        comes_due(stage, incident, slug)
    climbs(stage)
    acknowledges(stage, incident)
    assert steps(stage, incident, "state")[-1] == ("answered",)
    assert steps(stage, incident, "state", "eastwick")[-1] == ("waiting",), (
        "one council's answer stops no other's ladder"
    )
    states = dict(stage.deliveries(incident, "dunmere", "p.name, d.state")[-2:])
    assert states[SUNITA] == "superseded"
    assert states.get(BEN) in {"pending", None}, "that there is an incident is still said to whoever is on duty"
    assert next_of(stage, incident)[:2] == ("", None)
    comes_due(stage, incident)
    assert (climbs(stage), called(stage, incident)[-1]) == (0, SUNITA)


def test_a_rung_without_a_name_or_a_trusted_way_is_left_out_at_once(stage: Stage):
    stage.owner(
        "DELETE FROM partners_ladderrung WHERE rung = 'deputy' AND organisation_id = %s", [stage.ids["dunmere"]]
    )
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'compromised', trust_because = 'Their mail is read.'"
        " WHERE person_id = (SELECT id FROM partners_person WHERE name = %s)",
        [ALAN],
    )
    incident = stage.opens(severity=3)
    stage.plans()
    comes_due(stage, incident)
    climbs(stage)
    assert steps(stage, incident, "rung, state, because") == [
        ("duty", "passed", "Nobody answered in time."),
        ("deputy", "left_out", "Nobody is named."),
        ("head_of_it", "left_out", "No recorded way of theirs can be trusted at present."),
        ("chief_executive", "waiting", ""),
    ]


@pytest.mark.parametrize("sent", [["email"], ["email", "sms"]])
def test_a_rung_whose_only_number_cannot_be_used_is_left_out_instead_of_waited_for(stage: Stage, settings, sent):
    settings.SENT_WAYS = sent
    stage.owner(
        "UPDATE partners_contactpoint SET is_active = false"
        " WHERE person_id = (SELECT id FROM partners_person WHERE name = %s)",
        [SUNITA],
    )
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust, trust_because,"
        ' "order", is_active) SELECT gen_random_uuid(), organisation_id, id, %s, name, %s, %s, %s, 1, true'
        " FROM partners_person WHERE name = %s",
        ["sms", "+447700900002", "doubtful", "It may be read.", SUNITA],
    )
    incident = stage.opens(severity=3)
    stage.plans()
    comes_due(stage, incident)
    climbs(stage)
    assert steps(stage, incident, "rung, state")[1] == ("deputy", "left_out")
    assert steps(stage, incident, "rung, state")[-1][1] == "waiting"


def test_without_any_rung_everybody_is_told_at_once_however_low(stage: Stage):
    stage.owner("DELETE FROM partners_dutyshift")
    stage.owner("DELETE FROM partners_ladderrung")
    incident = stage.opens(severity=5)
    stage.plans()
    told = {name for name, state in stage.deliveries(incident, "dunmere", "p.name, d.state") if state == "pending"}
    assert {BEN, SUNITA, ALAN} <= told, "no rung, and the duty mailbox rides on the attacked mail"
    assert stage.side(incident, "dunmere")["not_told_because"] == ""


def test_a_suspicion_has_no_ladder_and_declaring_it_begins_one(stage: Stage):
    incident = stage.opens(suspected=True)
    stage.plans()
    assert stage.owner("SELECT 1 FROM notifications_ladderstep") == []
    with stage.acting("ashbourne") as actor:
        declare(incident_id=incident.pk, actor=actor)
    stage.plans()
    began = {
        row[0] for row in stage.owner("SELECT organisation_id FROM notifications_ladderstep WHERE state = 'waiting'")
    }
    assert {stage.ids["ashbourne"], stage.ids["northgate"], stage.ids["dunmere"]} <= began


def test_closing_stops_every_ladder(stage: Stage):
    incident = stage.opens()
    stage.plans()
    stage.closes(incident)
    assert stage.owner("SELECT DISTINCT state FROM notifications_ladderstep WHERE state NOT IN ('left_out')") == [
        ("stopped",)
    ]
    assert stage.owner("SELECT DISTINCT next_step, next_step_at FROM incidents_participant") == [("", None)]


def test_when_all_messages_of_a_rung_are_dead_the_next_is_called_at_once(stage: Stage, mail, monkeypatch):
    real = sending._hand_over

    def refused(held, transport):
        if held.address.startswith("ben."):
            raise TransportError("No such mailbox.", permanent=True)
        return real(held, transport)

    monkeypatch.setattr(sending, "_hand_over", refused)
    incident = stage.opens(severity=3)
    stage.works()
    assert climbs(stage) == 1, "without waiting for its time"
    assert steps(stage, incident, "rung, state, because")[:2] == [
        ("duty", "passed", "Every message to them failed."),
        ("deputy", "waiting", ""),
    ]


def test_a_quiet_ladder_waits_for_the_day_and_is_hurried_when_it_gets_worse(stage: Stage):
    incident = stage.opens(severity=5)
    stage.plans()
    ((quiet, by_day),) = steps(
        stage, incident, "quiet, due_at = sec.quiet_from(organisation_id, begun_at + interval '30 minutes')"
    )
    assert (quiet, by_day) == (True, True)
    with stage.acting("ashbourne") as actor:
        edit_incident(incident_id=incident.pk, changes={"severity": 1}, actor=actor)
    stage.plans()
    assert steps(stage, incident, "quiet, due_at <= now() + interval '5 minutes'") == [(False, True)]


def test_no_person_stops_a_ladder_or_has_it_climb_but_by_an_answer(stage: Stage):
    """A responder of the provider could silence every council's; what ends silence is an answer, and is recorded."""
    incident = stage.opens()
    stage.plans()
    dunmere = stage.ids["dunmere"]
    for slug, name in (("ashbourne", "Priya Nair"), ("gravenhurst", "Callum Reid"), ("dunmere", BEN)):
        for act in (ladder.stop, ladder.climb_now):
            with pytest.raises(NotAllowed), stage.as_person(slug, name):
                act(incident.pk, dunmere, "Enough.")
    assert steps(stage, incident, "state") == [("waiting",)]


def test_passing_on_gives_a_colleague_a_rung_s_time_once(stage: Stage, mail):
    incident = stage.opens(severity=3)
    stage.works()
    ((alan,),) = stage.owner("SELECT id FROM partners_person WHERE name = %s", [ALAN])
    ((grace,),) = stage.owner("SELECT id FROM partners_person WHERE name = %s", [GRACE])
    ((stranger,),) = stage.owner("SELECT id FROM partners_person WHERE name = 'Callum Reid'")
    with stage.as_person("dunmere", SUNITA, fresh=True):
        assert ladder.pass_on(incident.pk, alan) == "not_told"
    with pytest.raises(NotAllowed), stage.as_person("dunmere", BEN):
        ladder.pass_on(incident.pk, alan)
    with stage.as_person("dunmere", BEN, fresh=True):
        assert ladder.pass_on(incident.pk, stranger) == "nobody"
        assert ladder.pass_on(incident.pk, alan) == "done"
    assert climbs(stage) == 1
    assert called(stage, incident) == [BEN, ALAN]
    with stage.as_person("dunmere", BEN, fresh=True):
        assert ladder.pass_on(incident.pk, grace) == "again"
    assert steps(stage, incident, "rung, state") == [("duty", "passed"), ("duty", "waiting")]
    comes_due(stage, incident)
    climbs(stage)
    assert called(stage, incident)[-1] == SUNITA, "then it goes on where it was"


def test_one_message_to_a_person_in_ten_minutes_unless_their_ladder_climbs(stage: Stage):
    incident = stage.opens(severity=3)
    stage.plans()

    def another(key: str, ago: str = "0 minutes", step: bool = False) -> str:
        stage.owner(
            "UPDATE notifications_delivery SET created_at = now() - %s::interval WHERE incident_id = %s",
            [ago, incident.pk],
        )
        ((state,),) = stage.owner(
            "INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise,"
            " event_id, contact_point_id, person_id, way, message, code, state, idempotency_key, step_id)"
            " SELECT gen_random_uuid(), d.organisation_id, d.incident_id, '', false, gen_random_uuid(),"
            " contact_point_id, person_id, way, 'contact_test', %s, 'pending', %s::bytea,"
            " CASE WHEN %s THEN d.step_id END"
            " FROM notifications_delivery d JOIN partners_person p ON p.id = d.person_id"
            " WHERE p.name = %s AND d.message = 'opened' AND d.incident_id = %s RETURNING state",
            [key, key, step, BEN, incident.pk],
        )
        return str(state)

    assert another("a") == "skipped"
    assert another("b", step=True) == "pending"
    assert another("c", ago="11 minutes") == "pending"
    assert another("d") == "skipped"
    ((why,),) = stage.owner("SELECT error FROM notifications_delivery WHERE code = 'd'")
    assert why == "They had a message within ten minutes: this waits in the page."


def test_what_another_organisation_is_called_by_is_for_itself_and_the_overseers(stage: Stage):
    incident = stage.opens()
    stage.plans()
    read = "SELECT DISTINCT organisation_id FROM notifications_ladderstep WHERE incident_id = %s"
    assert stage.as_app("gravenhurst", read, [incident.pk]) == []
    assert stage.as_app("dunmere", read, [incident.pk]) == [(stage.ids["dunmere"],)]
    assert len(stage.as_app("ashbourne", read, [incident.pk])) == 7
