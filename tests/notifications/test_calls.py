"""Calls by a person: who is put on the list, who may hold a call, what they see, and what their word changes."""

from __future__ import annotations

import re
import uuid
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.test import Client

from incidents.models import Incident
from notifications import calls
from notifications.answer_links import token_of
from notifications.answers import settle_answers
from notifications.calls import Call
from partners.approvals import NotAllowed
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

DESK = "01632 960134"  # Dunmere's, as the demonstration has it


def unreachable(stage: Stage, slug: str = "dunmere") -> None:
    """No message may be sent to anybody there."""
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'compromised', trust_because = 'Read by the intruder.'"
        " WHERE organisation_id = %s AND label NOT LIKE 'Desk %%'",
        [stage.ids[slug]],
    )


def telephone(stage: Stage, number: str, *, slug: str = "dunmere", order: int = 1, private: bool = False) -> UUID:
    """A number of the duty desk itself."""
    point = uuid.uuid4()
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, kind, address, label, trust, trust_because, is_active,"
        ' is_private, "order") VALUES (%s, %s, %s, %s, %s, %s, %s, true, %s, %s)',
        [point, stage.ids[slug], "phone", number, f"Desk {order}", "trusted", "", private, order],
    )
    return point


def listed(stage: Stage, slug: str) -> list[Call]:
    with stage.as_person(slug):
        return calls.waiting()


def claimed(stage: Stage, slug: str, call: UUID) -> int:
    with stage.as_person(slug):
        return calls.claim(call)


def state(stage: Stage, columns: str = "state") -> list[tuple[Any, ...]]:
    return stage.owner(f"SELECT {columns} FROM notifications_delivery WHERE way = 'phone' ORDER BY created_at")


def opened(stage: Stage, **how: Any) -> tuple[Incident, UUID]:
    """An incident in which Dunmere cannot be told by any message, and the call that waits."""
    unreachable(stage)
    incident = stage.opens(**how)
    stage.plans()
    (call,) = listed(stage, "ashbourne")
    return incident, call.id


def test_who_cannot_be_told_by_any_message_is_put_on_the_list_once(stage: Stage):
    telephone(stage, "+441632960135")
    incident, call = opened(stage)
    for slug in ("ashbourne", "northgate"):
        (shown,) = listed(stage, slug)
        assert (shown.id, shown.organisation, shown.desk, shown.person_id) == (call, "Dunmere", True, None)
        assert "telephone" in shown.because or "Call the duty desk" in shown.because
    assert [each.id for each in listed(stage, "dunmere")] == [call]
    for stranger in ("brackenfield", "gravenhurst"):
        assert listed(stage, stranger) == []
        ask = "SELECT id FROM notifications_delivery WHERE way = 'phone'"
        assert stage.as_app(stranger, ask) == []
    stage.owner("UPDATE notifications_planning SET state = 'pending' WHERE incident_id = %s", [incident.pk])
    stage.plans()
    assert state(stage) == [("pending",)]


def test_no_worker_ever_takes_a_call(stage: Stage):
    opened(stage)
    assert stage.sends() > 0
    assert state(stage, "state, attempts") == [("pending", 0)]


def test_the_number_is_for_whoever_holds_the_call_and_both_sides_hear_of_it(stage: Stage):
    telephone(stage, "+441632960135")
    _, call = opened(stage)
    with stage.as_person("ashbourne"), pytest.raises(NotAllowed):
        calls.number_of(call)
    claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"):
        assert calls.number_of(call).number == "+441632960135"
    for other in ("northgate", "dunmere", "gravenhurst"):
        with stage.as_person(other), pytest.raises(NotAllowed):
            calls.number_of(call)
    with stage.as_person("northgate"), pytest.raises(NotAllowed, match="ringing them just now"):
        calls.claim(call)
    (shown,) = listed(stage, "dunmere")
    assert (shown.held_by, shown.holder_id, shown.mine) == ("Ashbourne", None, False)  # and not who of them
    ((data, audience),) = stage.events("call.taken")
    assert data["organisation"] == "dunmere"
    assert {stage.ids["dunmere"], stage.ids["ashbourne"]} <= set(audience)
    assert stage.ids["gravenhurst"] not in audience
    assert "960135" not in str(data)


def test_of_two_who_take_a_call_at_once_one_gets_it(stage: Stage):
    _, call = opened(stage)
    raised = in_threads(lambda: claimed(stage, "ashbourne", call), lambda: claimed(stage, "northgate", call))
    assert [type(each) for each in raised] == [NotAllowed]
    assert state(stage, "state, attempts") == [("claimed", 1)]


def test_a_hold_that_lapses_is_free_again_and_its_word_comes_too_late(stage: Stage):
    _, call = opened(stage)
    assert claimed(stage, "ashbourne", call) == 1
    stage.owner("UPDATE notifications_delivery SET claimed_until = now() - interval '1 second' WHERE id = %s", [call])
    assert listed(stage, "northgate")[0].held_until is None
    with stage.as_person("ashbourne"), pytest.raises(NotAllowed):
        calls.number_of(call)
    assert claimed(stage, "northgate", call) == 2
    with stage.as_person("ashbourne"), pytest.raises(NotAllowed):
        calls.settle(call, 1, "reached")
    with stage.as_person("northgate"), pytest.raises(NotAllowed):
        calls.settle(call, 1, "reached")  # the attempt of another hold
    with stage.as_person("northgate"):
        assert calls.settle(call, 2, "reached") == "delivered"
    assert stage.owner("SELECT attempt, outcome FROM notifications_callattempt ORDER BY attempt") == [
        (1, "lapsed"),
        (2, "reached"),
    ]


def test_who_holds_a_call_can_keep_it(stage: Stage):
    _, call = opened(stage)
    claimed(stage, "ashbourne", call)
    stage.owner("UPDATE notifications_delivery SET claimed_until = now() + interval '1 minute' WHERE id = %s", [call])
    assert claimed(stage, "ashbourne", call) == 1
    ((seconds,),) = state(stage, "extract(epoch FROM claimed_until - now())::int")
    assert 590 <= seconds <= 600
    assert len(stage.events("call.taken")) == 1


def test_reached_marks_the_organisation_told_and_what_they_acknowledge_is_written_down(stage: Stage):
    incident, call = opened(stage)
    nth = claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"), pytest.raises(NotAllowed):
        calls.settle(call, nth, "reached", has_it=True)  # nobody named
    with stage.as_person("ashbourne"):
        assert calls.settle(call, nth, "reached", has_it=True, reported_by="Sunita Rao") == "answered"
    side = stage.side(incident, "dunmere")
    assert (side["told_by"], side["people_told"], side["not_told_because"]) == ("Telephone", 1, "")
    assert listed(stage, "ashbourne") == []
    (told,) = [data for data, _ in stage.events("organisation.told") if data["by"] == "phone"]
    assert told["organisation"] == "dunmere"
    assert "Sunita" not in str(stage.events("call.ended"))  # other overseers read that event, too
    by_table = {
        slug: [row[0] for row in stage.as_app(slug, "SELECT reported_by FROM notifications_callattempt")]
        for slug in ("ashbourne", "dunmere", "northgate", "brackenfield", "gravenhurst")
    }
    assert by_table == {
        "ashbourne": ["Sunita Rao"],
        "dunmere": ["Sunita Rao"],
        "northgate": [],
        "brackenfield": [],
        "gravenhurst": [],
    }
    # Answering is theirs alone: whoever rings cannot open private numbers by saying that they acknowledged.
    assert stage.owner(
        "SELECT acknowledged_at FROM incidents_participant WHERE incident_id = %s AND organisation_id = %s",
        [incident.pk, stage.ids["dunmere"]],
    ) == [(None,)]


def test_a_channel_beside_a_call_tells_nobody(stage: Stage):
    incident, call = opened(stage)
    stage.owner(
        "INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise, event_id,"
        " contact_point_id, person_id, way, message, code, idempotency_key, state, due_at)"
        " SELECT gen_random_uuid(), c.organisation_id, %s, %s, false, gen_random_uuid(), c.id, c.person_id, 'slack',"
        " 'opened', 'X', 'x', 'pending', now() FROM partners_contactpoint c"
        " JOIN partners_person p ON p.id = c.person_id WHERE p.email = 'sunita.rao@dunmere.example' LIMIT 1",
        [incident.pk, incident.reference],
    )
    for became in ("state = 'claimed', attempts = 1", "state = 'accepted', accepted_at = now()"):
        stage.owner(f"UPDATE notifications_delivery SET {became} WHERE way = 'slack'")
    nth = claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"):
        assert calls.settle(call, nth, "reached") == "delivered"
    side = stage.side(incident, "dunmere")
    assert (side["told_by"], side["people_told"]) == ("Telephone", 1)


def test_what_they_did_and_whom_they_name_is_one_press_from_the_call(stage: Stage, client_of: Any):
    _, call = opened(stage)
    lead, responder = client_of("ashbourne"), client_of("ashbourne", "responder")
    lead.post(f"/calls/{call}/claim/")
    page = lead.get(f"/calls/{call}/").content.decode()
    assert "Should I speak to somebody else?" in page
    steps = stage.owner(
        "SELECT id FROM incidents_task WHERE organisation_id = %s AND ready ORDER BY position LIMIT 5",
        [stage.ids["dunmere"]],
    )
    hrefs = re.findall(r'href="(/tasks/[^"]+/)#told-by-telephone"', page)
    assert hrefs == [f"/tasks/{step}/" for (step,) in steps]
    there = lead.get(hrefs[0]).content.decode()
    assert 'id="told-by-telephone"' in there
    assert "They refuse" in there.partition('id="told-by-telephone"')[2]
    # A responder may ring and may not write in their name, and is shown no way to; a stranger sees no call.
    lead.post(f"/calls/{call}/outcome/", {"outcome": "let_go", "attempt": "1"})
    responder.post(f"/calls/{call}/claim/")
    page = responder.get(f"/calls/{call}/").content.decode()
    assert "Should I speak to somebody else?" in page
    assert "#told-by-telephone" not in page
    assert client_of("gravenhurst").get(f"/calls/{call}/").status_code == 404


def test_a_wrong_number_gives_way_to_the_next_and_the_duty_desks_own_is_the_last(stage: Stage):
    wrong = telephone(stage, "+441632960135")
    incident, call = opened(stage)
    nth = claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"):
        assert calls.settle(call, nth, "wrong_number") == "dead"
    assert stage.owner("SELECT failed_at IS NOT NULL FROM partners_contactpoint WHERE id = %s", [wrong]) == [(True,)]
    stage.plans()
    (following,) = listed(stage, "ashbourne")
    nth = claimed(stage, "ashbourne", following.id)
    with stage.as_person("ashbourne"):
        assert calls.number_of(following.id).number == DESK
    with stage.as_person("ashbourne"):
        assert calls.settle(following.id, nth, "refused") == "pending"  # there is no other
    ((work,),) = stage.owner(
        "SELECT count(*) FROM partners_workitem WHERE organisation_id = %s AND key LIKE 'wrong_number:%%'",
        [stage.ids["dunmere"]],
    )
    assert work == 1
    assert stage.side(incident, "dunmere")["told_at"] is None


@pytest.mark.parametrize(("outcome", "minutes"), [("voicemail", 15), ("no_answer", 5)])
def test_a_call_that_found_nobody_is_tried_later_and_thrice_at_most(stage: Stage, outcome: str, minutes: int):
    telephone(stage, "+441632960135")
    _, call = opened(stage)
    for nth in (1, 2, 3):
        assert claimed(stage, "ashbourne", call) == nth
        with stage.as_person("ashbourne"):
            now = calls.settle(call, nth, outcome)
        if nth == 1:
            ((seconds,),) = state(stage, "extract(epoch FROM due_at - now())::int")
            assert minutes * 60 - 10 <= seconds <= minutes * 60
        assert now == ("dead" if nth == 3 else "pending")
    stage.plans()
    (following,) = listed(stage, "ashbourne")
    assert following.id != call


def test_who_was_told_by_telephone_is_stood_down_by_telephone(stage: Stage):
    incident, call = opened(stage)
    nth = claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"):
        calls.settle(call, nth, "reached")
    stage.closes(incident)
    stage.works()
    (over,) = listed(stage, "ashbourne")
    assert (over.message, over.desk, over.organisation) == ("stood_down", True, "Dunmere")


def test_a_call_that_waits_when_all_is_over_goes(stage: Stage):
    incident, _ = opened(stage)
    stage.closes(incident)
    stage.works()
    assert listed(stage, "ashbourne") == []
    assert state(stage) == [("superseded",)]


def test_an_exercise_rings_no_private_number(stage: Stage):
    telephone(stage, "ends 01", private=True)
    opened(stage, exercise=True)
    assert state(stage, "contact_point_id") == [(None,)]  # the duty desk's number of record


def test_a_private_number_needs_a_reason_and_a_passkey(stage: Stage):
    telephone(stage, "ends 01", private=True)
    _, call = opened(stage)
    claimed(stage, "ashbourne", call)
    with stage.as_person("ashbourne"):
        assert calls.number_of(call).number is None
    with stage.as_person("ashbourne"), pytest.raises(NotAllowed, match="passkey"):
        calls.number_of(call, because="Nobody answers")


def test_somebody_can_ask_that_an_organisation_be_rung_and_asks_again(stage: Stage):
    incident = stage.opens()
    stage.plans()
    assert listed(stage, "ashbourne") == []
    with stage.as_person("ashbourne"):
        assert calls.ask(incident, stage.ids["brackenfield"])
    with stage.as_person("ashbourne"):
        assert not calls.ask(incident, stage.ids["brackenfield"])  # one waits already
    (call,) = listed(stage, "ashbourne")
    nth = claimed(stage, "ashbourne", call.id)
    with stage.as_person("ashbourne"):
        calls.settle(call.id, nth, "reached")
    with stage.as_person("ashbourne"):
        assert calls.ask(incident, stage.ids["brackenfield"])
    for outsider, whom in (("brackenfield", "dunmere"), ("gravenhurst", "gravenhurst"), ("gravenhurst", "dunmere")):
        with stage.as_person(outsider), pytest.raises(NotAllowed):
            calls.ask(incident, stage.ids[whom])


def test_whoever_asks_by_link_to_be_rung_is_put_on_the_list(stage: Stage, mail: Mailbox):
    telephone(stage, "+441632960135")
    stage.opens()
    stage.works()
    ((delivery,),) = stage.owner(
        "SELECT d.id FROM notifications_delivery d JOIN partners_contactpoint c ON c.id = d.contact_point_id"
        " WHERE c.address = 'ben.ashcroft@dunmere.example' AND d.state = 'accepted'"
    )
    assert Client().post(f"/answer/{token_of(delivery)}/", {"said": "call"}).status_code == 200
    with as_worker():
        settle_answers()
    (call,) = listed(stage, "ashbourne")
    assert (call.organisation, call.because) == ("Dunmere", "They asked to be rung.")
    assert mail.messages()


def test_an_observer_makes_no_call_and_a_job_asks_from_inside_alone(stage: Stage):
    incident, call = opened(stage)
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE name = 'Tom Whitlock'")
    with stage.as_person("ashbourne", role="observer"), pytest.raises(NotAllowed):
        calls.claim(call)
    want = "SELECT sec.want_call(%s, 'opened', NULL, true, '{}', 'x', 'x')"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stage.worker(want, [incident.pk])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stage.as_app("ashbourne", want, [incident.pk])
