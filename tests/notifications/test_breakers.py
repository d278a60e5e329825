"""A server that is down is left alone: the urgent go another way, others wait, and half a minute later one tries."""

from __future__ import annotations

import pytest

from notifications import late, sending
from notifications.breakers import Outcome, Record
from portal.children import free_port
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker
from tests.notifications.test_notices import happens
from tests.notifications.test_update_asked import asks, earlier
from tests.notifications.texting import number, service

SUNITA, HER_NUMBER = "sunita.rao@dunmere.example", "+447700900201"


def record(word: str) -> Record:
    """`f`: another message failed, `s`: the same one as before, `d`: the server was down, `.`: taken."""
    made, last = Record(), 0
    for letter in word:
        last += letter != "s"
        made.add(Outcome(str(last), ok=letter == ".", down=letter == "d"))
    return made


@pytest.mark.parametrize(
    ("word", "is_open"),
    [
        ("ffff", False),
        ("fffff", True),
        ("ffff.ffff", False),
        ("fsssssss", False),  # one mailbox that keeps failing says nothing of the others
        ("ddddd", True),
        ("f." * 9 + ".f", True),  # half of twenty
        ("f." * 9 + "..", False),
        ("fffff.", False),  # the first success closes it
    ],
)
def test_when_a_breaker_opens(word, is_open):
    assert record(word).is_open is is_open


def shut(stage: Stage) -> list[tuple]:
    return stage.owner(
        "SELECT transport, opened_at IS NOT NULL, because FROM notifications_wayout WHERE transport = 'smtp'"
    )


def fails_until_shut() -> None:
    for _ in range(6):
        sending.deliver_due(most=1)


@pytest.mark.django_db(transaction=True)
def test_the_urgent_go_round_a_server_that_is_down_and_the_rest_waits(stage: Stage, mail: Mailbox, settings):
    right = settings.EMAIL_PORT
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HER_NUMBER, order=9)  # her second way
        settings.EMAIL_PORT = free_port()
        incident = stage.opens()
        stage.plans()
        with as_worker():
            fails_until_shut()
            assert shut(stage) == [("smtp", True, "The mail server cannot be reached.")]
            burned = stage.owner("SELECT sum(attempts) FROM notifications_delivery")
            assert sending.deliver_due() == 0, "nothing is claimed for it"
            assert stage.owner("SELECT sum(attempts) FROM notifications_delivery") == burned == [(5,)]
            assert late.go_round_late() > 0
            assert sending.deliver_due() == 1
        (text,) = texts.messages()
        assert text["to"] == [HER_NUMBER]
        with as_worker():
            assert late.go_round_late() == 0, "once"
        stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
        stage.owner("UPDATE notifications_wayout SET probe_at = now()")
        with as_worker():
            assert sending.deliver_due() == 1, "one message tries it"
            assert shut(stage)[0][1], "still down"
        settings.EMAIL_PORT = right
        stage.owner(
            "UPDATE notifications_wayout SET host = %s, probe_at = now() WHERE transport = 'smtp'",
            [f"127.0.0.1:{right}"],
        )
        stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
        with as_worker():
            assert sending.deliver_due() == 1
        assert not shut(stage)[0][1]
        stage.works()
        assert len(mail.messages(to=SUNITA)) == 1, "the first way went on being tried"
        assert {state for _, state in stage.deliveries(incident, "dunmere")} - {"skipped"} == {"accepted"}


@pytest.mark.django_db(transaction=True)
def test_an_answer_by_the_next_way_ends_what_waits_on_the_first(stage: Stage, mail: Mailbox, settings):
    with service(settings):
        number(stage, "dunmere", SUNITA, HER_NUMBER, order=9)
        mail.set_fault(SUNITA, "4xx")
        incident = stage.opens()
        stage.works()
        with as_worker():
            assert late.go_round_late() == 0, "it has only just begun"
        stage.owner("UPDATE notifications_delivery SET created_at = now() - interval '61 seconds'")
        with as_worker():
            assert late.go_round_late() == 1, "a minute without being accepted"
        stage.works()
        columns = "d.way, d.state, d.next_way, p.email"
        rows = [row for row in stage.deliveries(incident, "dunmere", columns) if row[3] == SUNITA]
        assert [row[:3] for row in rows] == [("email", "pending", "taken"), ("sms", "accepted", "")]
        stage.owner("UPDATE notifications_delivery SET state = 'answered', answered_at = now() WHERE way = 'sms'")
        rows = [row for row in stage.deliveries(incident, "dunmere", columns) if row[3] == SUNITA]
        assert [row[1] for row in rows] == ["superseded", "answered"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["update_asked", "stood_down", "emergency_access"])
def test_whatever_is_urgent_goes_round_a_way_that_is_late(stage: Stage, mail: Mailbox, settings, client_of, what: str):
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HER_NUMBER, order=9)
        incident = stage.opens()
        stage.works()
        earlier(stage)
        mail.set_fault(SUNITA, "4xx")
        if what == "update_asked":
            asks(stage, client_of, incident)
        elif what == "stood_down":
            stage.closes(incident)
        else:
            happens(stage, "emergency_access.given", of="dunmere")
        stage.works()
        states = "SELECT way, state, next_way FROM notifications_delivery WHERE message = %s AND person_id ="
        hers = f"{states} (SELECT id FROM partners_person WHERE email = %s) AND state <> 'skipped' ORDER BY created_at"
        assert stage.owner(hers, [what, SUNITA]) == [("email", "pending", "")]
        with as_worker():
            assert late.go_round_late() == 0, "it has only just begun"
        stage.owner(
            "UPDATE notifications_delivery SET created_at = now() - interval '61 seconds' WHERE state = 'pending'"
        )
        with as_worker():
            assert [late.go_round_late(), late.go_round_late()] == [1, 0]
        stage.works()
        assert stage.owner(hers, [what, SUNITA]) == [("email", "pending", "taken"), ("sms", "accepted", "")]
        assert [each["to"] for each in texts.messages()] == [[HER_NUMBER]]


@pytest.mark.django_db(transaction=True)
def test_one_councils_thousands_do_not_hold_up_anothers_message(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.plans()
    stage.owner("UPDATE notifications_delivery SET due_at = now() - interval '1 minute'")
    stage.owner(
        "INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise, event_id,"
        " contact_point_id, person_id, way, message, code, idempotency_key, state, due_at)"
        " SELECT gen_random_uuid(), d.organisation_id, d.incident_id, d.incident_reference, false, d.event_id,"
        " d.contact_point_id, d.person_id, d.way, 'lead_offered', 'X' || n, uuid_send(gen_random_uuid()), 'pending',"
        " now() - interval '1 hour' FROM (SELECT * FROM notifications_delivery WHERE organisation_id = %s"
        " AND state = 'pending' LIMIT 1) d, generate_series(1, 10000) n",
        [stage.ids["dunmere"]],
    )
    stage.owner("ANALYZE notifications_delivery")
    others = "SELECT count(*) FROM notifications_delivery WHERE organisation_id <> %s AND state = 'pending'"
    ((waiting,),) = stage.owner(others, [stage.ids["dunmere"]])
    assert waiting > 10
    with as_worker():
        assert sending.deliver_due() == 20
        assert sending.deliver_due() == 20
    assert stage.owner(others, [stage.ids["dunmere"]]) == [(0,)], "two batches, not five hundred"
