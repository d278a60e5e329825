"""A text message service that lies, a set-up that is half done, and what neither may stop."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from notifications import deliveries
from notifications.transports import NotifySms, notify
from portal.mail_sink import Mailbox
from portal.notify_stand_in import NotifyStandIn
from tests.notifications.stage import Stage, as_worker
from tests.notifications.test_text_messages import HER_NUMBER, SUNITA, again, receipts, report, sms
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)
STRANGE = "The text message service answered in a way that nobody knows."


@pytest.fixture
def texts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        yield box


@pytest.mark.parametrize("lie", ["\0", "\ud800", "", "x" * 5000, None])
def test_an_id_that_is_none_costs_that_message_alone_a_try(
    stage: Stage, mail: Mailbox, texts: Mailbox, monkeypatch, lie: str | None
):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    answers = NotifyStandIn.post

    def lies(self, *asked):
        status, answer = answers(self, *asked)
        return status, {**answer, "id": lie}

    monkeypatch.setattr(NotifyStandIn, "post", lies)
    stage.opens()
    stage.works()
    assert len(mail.messages()) == 21
    assert sms(stage) == [("pending", 1, STRANGE)]


def test_half_a_set_up_holds_up_no_mail(stage: Stage, mail: Mailbox, texts: Mailbox, settings):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    settings.NOTIFY_API_KEY = ""
    stage.opens()
    stage.works()
    assert len(mail.messages()) == 21
    assert sms(stage) == [("pending", 1, "The text message service is not set up: NOTIFY_API_KEY is no key.")]


def test_a_way_that_cannot_even_be_opened_holds_up_no_mail(stage: Stage, mail: Mailbox, texts: Mailbox, monkeypatch):
    number(stage, "dunmere", SUNITA, HER_NUMBER)

    def breaks(self):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(NotifySms, "__init__", breaks)
    stage.opens()
    stage.works()
    assert len(mail.messages()) == 21
    assert sms(stage) == [("pending", 1, "Bulkhead could not open this way.")]


def test_mail_of_a_batch_goes_before_a_text_message_that_hangs(
    stage: Stage, mail: Mailbox, texts: Mailbox, monkeypatch
):
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.3)
    number(stage, "ashbourne", "priya.nair@ashbourne.example", "+447700900203")
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.owner(
        "UPDATE partners_contactpoint SET is_active = false WHERE kind = 'email' AND address NOT LIKE '%%@dunmere%%'"
    )
    texts.set_fault("*", "hang")
    stage.opens()
    stage.works()
    # Two text messages, of which one was tried: who does not answer one does not answer the other.
    assert sorted(sms(stage, "state, attempts, error")) == [
        ("pending", 0, "The text message service did not answer in time."),
        ("pending", 1, "The text message service did not answer in time."),
    ]
    assert len(mail.messages()) == 3


@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\0", 5, None, ["x"]])
def test_a_receipt_with_an_impossible_time_holds_up_no_other(stage: Stage, texts: Mailbox, client, at: object):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.opens()
    stage.works()
    ((delivery, ref),) = sms(stage, "id::text, provider_ref")
    said = {"id": ref, "reference": delivery, "status": "delivered", "completed_at": at, "sent_at": at}
    answer = client.post(
        "/transports/notify/receipts/", json.dumps(said), content_type="application/json",
        headers={"Authorization": "Bearer a word that only the service and we have"},
    )  # fmt: skip
    assert answer.status_code == 204
    stage.settles()
    assert sms(stage, "state, delivered_at BETWEEN accepted_at AND now()") == [("delivered", True)]


@pytest.mark.usefixtures("mail")
def test_one_receipt_that_breaks_waits_and_the_others_go_on(stage: Stage, texts: Mailbox, client):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    number(stage, "ashbourne", "priya.nair@ashbourne.example", "+447700900203")
    stage.opens()
    stage.works()
    (first, first_ref), (second, second_ref) = sms(stage, "id::text, provider_ref")
    report(client, first_ref, first)
    stage.owner("UPDATE notifications_receipt SET at = '0044-03-15 12:00:00 BC'")  # nobody can read it
    report(client, second_ref, second)
    stage.settles()
    assert sorted(sms(stage, "state")) == [("accepted",), ("delivered",)]
    assert receipts(stage) == 1


@pytest.mark.usefixtures("mail")
def test_reports_of_messages_that_are_not_there_are_not_kept(stage: Stage, texts: Mailbox, client):
    incident = stage.opens()
    stage.works()
    assert report(client, str(uuid.uuid4()), str(uuid.uuid4())).status_code == 204
    assert receipts(stage) == 0
    # Mail may go over the same service: what it says of ours waits until it fits, and changes nothing until then.
    before = stage.deliveries(incident, "dunmere", "d.id::text, d.state")
    for each, _ in before:
        assert report(client, str(uuid.uuid4()), each).status_code == 204
    stage.settles()
    assert stage.deliveries(incident, "dunmere", "d.id::text, d.state") == before


@pytest.mark.usefixtures("mail")
def test_a_worker_killed_for_a_day_still_hears_that_it_did_not_arrive(stage: Stage, texts: Mailbox, client):
    """Taken, killed before it was written down, the receipt comes meanwhile: the next way is taken all the same."""
    number(stage, "dunmere", SUNITA, "07700900002")
    texts.set_fault("07700900002", "lost")
    stage.opens()
    stage.works()
    assert sms(stage, "state") == [("pending",)]
    notify_says = {"permanent-failure"}
    for each in _taken_by(texts):
        each["status"] = notify_says.pop()
    again(stage)
    assert sms(stage, "state, error") == [("dead", "The message did not arrive.")]


def _taken_by(texts: Mailbox) -> list[dict]:
    return list(texts.stand_in.taken.values())  # type: ignore[attr-defined]


def test_alarms_are_claimed_before_planned_work_that_is_due_longer(stage: Stage):
    incident = stage.opens()
    stage.plans()
    stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER kept_quiet")
    stage.owner(
        "UPDATE notifications_delivery SET message = 'planned', due_at = now() - interval '1 hour'"
        " WHERE organisation_id <> %s AND state = 'pending'",
        [stage.ids["dunmere"]],
    )
    with as_worker():
        first = deliveries.claim("one")
        second = deliveries.claim("two")
    assert {each.message for each in first} == {"opened"}
    assert {each.organisation_id for each in first} == {stage.ids["dunmere"]}
    assert {each.message for each in second} == {"planned"}
    assert stage.deliveries(incident, "gravenhurst") == []


def test_a_message_that_waited_for_days_is_tried_more_than_once(stage: Stage, mail: Mailbox):
    incident = stage.opens()
    stage.plans()
    old = datetime.now(UTC) - timedelta(days=3)
    stage.owner("UPDATE notifications_delivery SET created_at = %s WHERE state = 'pending'", [old])
    mail.set_fault("*", "4xx")
    stage.works()
    assert {state for _, state in stage.deliveries(incident, "dunmere")} == {"pending", "skipped"}
    mail.set_fault("*", None)
    stage.owner("UPDATE notifications_wayout SET probe_at = now()")  # the server was taken for down: one tries it
    again(stage)
    again(stage)
    assert {state for _, state in stage.deliveries(incident, "dunmere")} == {"accepted", "skipped"}
