"""From a planned delivery to a mailbox and back onto the board, over real SMTP."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as django_settings

from notifications import deliveries, sending
from notifications.transports import Smtp
from portal.children import free_port
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_app, as_worker, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

CODE = "[0-9A-HJKMNP-TV-Z]{4}"
BEN = "ben.ashcroft@dunmere.example"


def test_everybody_is_told_once_and_the_board_knows(stage: Stage, mail: Mailbox):
    incident = stage.opens()
    assert stage.side(incident, "dunmere")["told_at"] is None
    stage.works()
    assert len(mail.messages()) == 22
    assert len({tuple(message["to"]) for message in mail.messages()}) == 22
    side = stage.side(incident, "dunmere")
    assert side["told_at"] is not None
    assert (side["told_by"], side["people_told"], side["not_told_because"]) == ("E-mail", 4, "")
    told = stage.events("organisation.told")
    assert len(told) == 14, "the first and the last of each organisation, whatever the number of people"
    dunmere = [(data["people"], set(audience)) for data, audience in told if data["organisation"] == "dunmere"]
    overseen = {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}
    assert dunmere == [(1, overseen), (4, overseen)]


def test_a_message_says_nothing_but_that_there_is_a_notice(stage: Stage, mail: Mailbox):
    incident = stage.opens(summary="The intruder is in file-02")
    stage.works()
    (message,) = mail.messages(to=BEN)
    assert re.fullmatch(
        rf"You have a notice in Bulkhead, {incident.reference}, code {CODE}-{CODE}\.\s+"
        r"Open the app or type the address on your card\. Never sign in from a link\.\s+"
        r"You cannot get to it now\? Say on this page that you have it; it asks for no name and no password:\s+"
        r"http://localhost:8000/answer/[\w-]{43}/\s*",
        message["text"],
    )
    said = message["text"].partition("http://localhost:8000/answer/")[0]  # the link is no word of it
    everything = " ".join([said, *message["headers"].values()]).lower()
    for word in ("://", "www.", "breach", "file-02", "ashbourne", "northgate", "identity", "<a "):
        assert word not in everything
    assert message["headers"]["Auto-Submitted"] == "auto-generated"


def test_the_code_differs_and_the_message_id_is_the_deliverys(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.works()
    codes = [re.search(r"code (\S+)\.", message["text"])[1] for message in mail.messages()]
    assert len(set(codes)) == 22
    ids = {str(row[0]) for row in stage.owner("SELECT id FROM notifications_delivery")}
    assert {message["headers"]["Message-ID"].strip("<>").split("@")[0] for message in mail.messages()} <= ids


def test_one_connection_serves_a_batch(stage: Stage, mail: Mailbox, monkeypatch):
    opened = []
    opens = Smtp._connected

    def counted(self):
        opened.append(self.connection is None)
        return opens(self)

    monkeypatch.setattr(Smtp, "_connected", counted)
    stage.opens()
    stage.plans()
    with as_worker():
        assert sending.deliver_due() == 20
    assert opened.count(True) == 1
    assert len(opened) == 20


def test_exercise_is_the_first_word_of_subject_and_text(stage: Stage, mail: Mailbox):
    stage.opens(exercise=True)
    stage.works()
    assert mail.messages()
    assert all(message["subject"].startswith("EXERCISE") for message in mail.messages())
    assert all(message["text"].startswith("EXERCISE") for message in mail.messages())


def test_an_exercise_never_leaves_the_building(stage: Stage, mail: Mailbox, settings):
    settings.SUNK_WAYS = []  # a real mail server, no sink
    incident = stage.opens(exercise=True)
    stage.works()
    assert mail.messages() == []
    rows = stage.owner("SELECT DISTINCT transport, state FROM notifications_delivery WHERE state <> 'skipped'")
    assert rows == [("sandbox", "accepted")]
    assert stage.side(incident, "dunmere")["people_told"] == 4


def test_a_stand_down_goes_to_exactly_those_who_were_told_the_same_way_once(stage: Stage, mail: Mailbox):
    mail.set_fault(BEN, "5xx")
    incident = stage.opens()
    stage.works()
    told = {message["to"][0] for message in mail.messages()}
    assert BEN not in told
    mail.set_fault(BEN, None)
    before = len(mail.messages())
    stage.closes(incident)
    stage.works()
    stage.owner("UPDATE notifications_planning SET state = 'pending' WHERE kind = 'incident.closed'")
    stage.works()
    after = mail.messages()[: len(mail.messages()) - before]
    assert sorted(message["to"][0] for message in after) == sorted(told)
    assert all(f"Stand down: {incident.reference} is closed" in message["text"] for message in after)


def test_a_message_under_way_at_closing_is_followed_by_its_stand_down(stage: Stage, mail: Mailbox, monkeypatch):
    stage.owner("UPDATE partners_contactpoint SET is_active = false WHERE address NOT LIKE '%%@dunmere.example'")
    incident = stage.opens()
    stage.plans()
    sends = Smtp.send

    def closes_meanwhile(self, delivery_id, address, text, **how):
        reference = sends(self, delivery_id, address, text, **how)
        if address == BEN and "Stand down" not in text.body:
            with as_app():  # the worker's connection is in use here
                stage.closes(incident)
            stage.plans()
        return reference

    monkeypatch.setattr(Smtp, "send", closes_meanwhile)
    stage.works()
    told = [message for message in mail.messages() if "You have a notice" in message["text"]]
    stood_down = [message for message in mail.messages() if "Stand down" in message["text"]]
    assert BEN in {message["to"][0] for message in told}
    assert sorted(message["to"][0] for message in told) == sorted(message["to"][0] for message in stood_down)


def test_a_mailbox_that_does_not_exist_is_dead_at_once_and_visible(stage: Stage, mail: Mailbox):
    mail.set_fault(BEN, "5xx")
    incident = stage.opens()
    stage.works()
    (row,) = [
        row for row in stage.deliveries(incident, "dunmere", "c.address, d.state, d.attempts, d.error") if row[0] == BEN
    ]
    assert row[1:] == ("dead", 1, "The mail server knows no such mailbox (550).")
    ((data, audience),) = stage.events("delivery.dead")
    assert (data["organisation"], data["message"]) == ("dunmere", "opened")
    assert BEN not in str(data)
    assert stage.ids["brackenfield"] not in audience
    assert stage.side(incident, "dunmere")["people_told"] == 3


def test_the_next_way_of_the_same_person_is_taken_when_one_is_dead(stage: Stage, mail: Mailbox):
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust, trust_because,"
        " \"order\", is_active) SELECT gen_random_uuid(), organisation_id, person_id, kind, 'Ben, at home',"
        " 'ben@home.example', 'trusted', '', 9, true FROM partners_contactpoint WHERE address = %s",
        [BEN],
    )
    mail.set_fault(BEN, "5xx")
    stage.opens()
    stage.works()
    assert len(mail.messages(to="ben@home.example")) == 1
    assert mail.messages(to=BEN) == []


def test_when_every_message_fails_the_board_says_that_nobody_was_told(stage: Stage, mail: Mailbox):
    for address in ("ben.ashcroft", "sunita.rao", "alan.birtles", "grace.holloway"):
        mail.set_fault(f"{address}@dunmere.example", "5xx")
    incident = stage.opens()
    stage.works()
    side = stage.side(incident, "dunmere")
    assert side["told_at"] is None
    assert side["not_told_because"] == "Every message to them failed. Call the duty desk."


@pytest.mark.parametrize(
    ("fault", "because"),
    [
        ("4xx", "The mail server did not take it for this mailbox (451)."),
        ("refuse", "The mail server did not take it for this mailbox (421)."),
        ("hang", "The mail server did not answer in time."),
    ],
)
def test_a_passing_fault_holds_up_one_message_and_not_the_others(stage: Stage, mail: Mailbox, settings, fault, because):
    settings.EMAIL_TIMEOUT = 1
    mail.set_fault(BEN, fault)
    incident = stage.opens()
    stage.works()
    assert len(mail.messages()) == 21
    (row,) = [
        row
        for row in stage.deliveries(incident, "dunmere", "c.address, d.state, d.error, d.due_at > now()")
        if row[0] == BEN
    ]
    assert row[1] == "pending"
    assert row[3], "later"
    assert row[2] in {because, "The mail server broke off."}
    mail.set_fault(BEN, None)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.works()
    assert len(mail.messages(to=BEN)) == 1


def test_a_server_that_answers_late_is_waited_for_and_gets_it_once(stage: Stage, mail: Mailbox):
    mail.late_seconds = 1.0
    mail.set_fault(BEN, "late")
    incident = stage.opens()
    stage.plans()
    assert in_threads(*[stage.sends] * 3) == [], "others look for something to send meanwhile"
    rows = stage.deliveries(incident, "dunmere", "c.address, d.state, d.attempts")
    assert [row[1:] for row in rows if row[0] == BEN] == [("accepted", 1)]
    assert len(mail.messages(to=BEN)) == 1
    assert len(mail.messages()) == 22


def test_a_mistake_of_ours_over_one_message_does_not_hold_up_the_others(stage: Stage, mail: Mailbox, monkeypatch):
    sends = Smtp.send

    def stumbles(self, delivery_id, address, text, **how):
        if address == BEN:
            raise KeyError("planted")
        return sends(self, delivery_id, address, text, **how)

    monkeypatch.setattr(Smtp, "send", stumbles)
    stage.opens()
    stage.works()
    assert len(mail.messages()) == 21
    rows = stage.owner("SELECT error FROM notifications_delivery WHERE state = 'pending'")
    assert rows == [("Bulkhead could not hand it over.",)]


def test_two_workers_that_settle_at_once_count_each_other(stage: Stage, mail: Mailbox):
    incident = stage.opens()
    stage.plans()

    def deliver() -> None:
        with as_worker():
            while sending.deliver_due(most=1):
                pass

    assert in_threads(deliver, deliver, deliver, deliver) == []
    assert len(mail.messages()) == 22
    assert [stage.side(incident, slug)["people_told"] for slug in ("dunmere", "northgate", "ashbourne")] == [4, 4, 2]


def test_a_mail_server_that_is_away_is_asked_once_a_batch(stage: Stage, mail: Mailbox, settings, monkeypatch):
    settings.EMAIL_PORT = free_port()
    asked = []
    opens = Smtp._connected
    monkeypatch.setattr(Smtp, "_connected", lambda self: asked.append(1) or opens(self))
    stage.opens()
    stage.plans()
    with as_worker():
        assert sending.deliver_due() == 20
    assert len(asked) == 1
    rows = stage.owner(
        "SELECT state, error, attempts, count(*) FROM notifications_delivery WHERE due_at > now() GROUP BY 1, 2, 3"
        " ORDER BY 3"
    )
    away = ("pending", "The mail server cannot be reached.")
    assert rows == [(*away, 0, 19), (*away, 1, 1)], "those that were not tried have lost no attempt"


def test_a_way_that_lost_its_trust_since_planning_is_not_used(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.plans()
    stage.owner("UPDATE partners_contactpoint SET trust = 'compromised' WHERE address = %s", [BEN])
    stage.works()
    assert mail.messages(to=BEN) == []
    ((state, error),) = stage.owner(
        "SELECT d.state, d.error FROM notifications_delivery d"
        " JOIN partners_contactpoint c ON c.id = d.contact_point_id WHERE c.address = %s",
        [BEN],
    )
    assert (state, error) == ("dead", sending.NOT_TRUSTED)


def test_a_stand_down_still_goes_out_on_a_way_that_lost_its_trust(stage: Stage, mail: Mailbox):
    incident = stage.opens()
    stage.works()
    stage.owner("UPDATE partners_contactpoint SET trust = 'compromised' WHERE address = %s", [BEN])
    stage.closes(incident)
    stage.works()
    assert len(mail.messages(to=BEN)) == 2


def test_a_slow_batch_gives_the_rest_back(stage: Stage, mail: Mailbox, monkeypatch):
    monkeypatch.setattr(deliveries, "BATCH_SECONDS", -1)
    stage.opens()
    stage.plans()
    with as_worker():
        assert sending.deliver_due() == 20
    assert mail.messages() == []
    assert stage.owner("SELECT count(*) FROM notifications_delivery WHERE state = 'pending' AND due_at <= now()") == [
        (22,)
    ]


def test_an_address_that_is_none_is_dead_and_sends_nothing(stage: Stage, mail: Mailbox):
    people = ("ben.ashcroft", "sunita.rao", "alan.birtles", "grace.holloway")
    for person, address in zip(people, ("no at sign", "a@b\r\nBcc: c@d.example", "", "a@b@c"), strict=True):
        sql = "UPDATE partners_contactpoint SET address = %s WHERE address = %s"
        stage.owner(sql, [address, f"{person}@dunmere.example"])
    stage.opens()
    stage.works()
    assert len(mail.messages()) == 18
    assert stage.owner("SELECT count(*) FROM notifications_delivery WHERE state = 'dead'") == [(4,)]


def test_sending_stays_inside_the_lease():
    worst_message = 9 * django_settings.EMAIL_TIMEOUT  # connect, greeting, TLS, sign-in, four steps of one message
    assert deliveries.BATCH_SECONDS + worst_message < deliveries.LEASE_SECONDS
    assert deliveries.BATCH_SECONDS + worst_message < django_settings.CELERY_TASK_SOFT_TIME_LIMIT
