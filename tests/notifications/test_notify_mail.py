"""E-mail by two roads: GOV.UK Notify and our own mail server, whichever works, and never both for one message."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client

from notifications.sending import deliver_due
from notifications.transports import notify
from portal.children import free_port
from portal.mail_sink import Mailbox
from portal.notify_stand_in import NotifyStandIn
from tests.notifications.stage import Stage, as_worker
from tests.notifications.texting import WORD, service

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"


@pytest.fixture
def posts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        settings.NOTIFY_EMAIL_TEMPLATE, settings.NOTIFY_EMAIL_FIRST = str(uuid.uuid4()), True
        yield box


def to_ben(stage: Stage, columns: str = "state, transport") -> list[tuple]:
    return stage.owner(
        f"SELECT {columns} FROM notifications_delivery d JOIN partners_contactpoint c ON c.id = d.contact_point_id"
        " WHERE c.address = %s AND d.state <> 'skipped'",
        [BEN],
    )


def test_the_service_takes_mail_first_and_says_no_more_than_our_own_would(stage: Stage, mail: Mailbox, posts: Mailbox):
    incident = stage.opens()
    stage.works()
    (message,) = posts.messages(to=BEN)
    assert message["subject"] == f"Bulkhead: you have a notice, {incident.reference}"
    assert "identity" not in message["text"].lower()
    assert mail.messages() == []
    assert to_ben(stage) == [("accepted", "notify-email")]


def test_mail_goes_by_our_own_server_while_the_service_is_away(stage: Stage, mail: Mailbox, posts: Mailbox, settings):
    settings.NOTIFY_API_URL = f"http://127.0.0.1:{free_port()}"
    stage.opens()
    stage.works()
    assert posts.messages() == []
    assert len(mail.messages(to=BEN)) == 1
    assert to_ben(stage) == [("accepted", "smtp")]


def test_when_neither_road_takes_anything_the_way_is_shut(stage: Stage, posts: Mailbox, settings):
    settings.NOTIFY_API_URL, settings.EMAIL_PORT = f"http://127.0.0.1:{free_port()}", free_port()
    stage.opens()
    stage.plans()
    with as_worker():
        for _ in range(6):
            deliver_due(most=1)
        assert deliver_due() == 0, "nothing is claimed for it"
    ((transport, host, shut),) = stage.owner("SELECT transport, host, opened_at IS NOT NULL FROM notifications_wayout")
    assert (transport, shut) == ("email", True)
    assert str(settings.EMAIL_PORT) in host
    assert posts.messages() == []


@pytest.mark.usefixtures("posts")
def test_a_refused_key_is_no_reason_to_stay_silent(stage: Stage, mail: Mailbox, settings):
    settings.NOTIFY_API_KEY = f"tests-{uuid.uuid4()}-{uuid.uuid4()}"
    stage.opens()
    stage.works()
    assert len(mail.messages(to=BEN)) == 1


@pytest.mark.parametrize("fault", ["lost", "hang", "late"])
def test_what_the_service_may_have_taken_is_not_sent_again_by_the_other_road(
    stage: Stage, mail: Mailbox, posts: Mailbox, monkeypatch, fault: str
):
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.5)
    posts.set_fault(BEN, fault)
    stage.opens()
    stage.works()
    assert mail.messages(to=BEN) == []
    assert to_ben(stage, "state, attempts") == [("pending", 1)]
    posts.set_fault(BEN, None)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.works()
    assert len(posts.messages(to=BEN)) == 1
    assert to_ben(stage) == [("accepted", "notify-email")]


def test_a_service_that_answers_late_is_waited_for_and_takes_it_once(stage: Stage, mail: Mailbox, posts: Mailbox):
    posts.late_seconds = 1.0
    posts.set_fault(BEN, "late")
    stage.opens()
    stage.works()
    assert to_ben(stage, "state, attempts, transport") == [("accepted", 1, "notify-email")]
    assert (len(posts.messages(to=BEN)), mail.messages(to=BEN)) == (1, [])


@pytest.mark.parametrize("then", ["away", "no key", "busy"])
def test_while_nobody_can_say_whether_it_was_taken_the_other_road_is_not_used(
    stage: Stage, mail: Mailbox, posts: Mailbox, settings, monkeypatch, then: str
):
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.5)
    posts.set_fault(BEN, "lost")
    stage.opens()
    stage.works()
    assert len(posts.messages(to=BEN)) == 1, "it was taken, and nobody heard of it"
    key, address = settings.NOTIFY_API_KEY, settings.NOTIFY_API_URL
    if then == "away":
        settings.NOTIFY_API_URL = f"http://127.0.0.1:{free_port()}"
    elif then == "no key":
        settings.NOTIFY_API_KEY = f"tests-{uuid.uuid4()}-{uuid.uuid4()}"
    else:
        busy = (429, {"status_code": 429, "errors": [{"error": "RateLimitError", "message": "x"}]})
        monkeypatch.setattr(NotifyStandIn, "get", lambda *asked: busy)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.works()
    assert mail.messages(to=BEN) == []
    assert to_ben(stage, "state") == [("pending",)]
    settings.NOTIFY_API_KEY, settings.NOTIFY_API_URL = key, address
    monkeypatch.undo()
    posts.set_fault(BEN, None)
    stage.owner("UPDATE notifications_wayout SET opened_at = NULL, probe_at = NULL, recent = '[]'")
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")
    stage.works()
    assert (len(posts.messages(to=BEN)), mail.messages(to=BEN)) == (1, [])
    assert to_ben(stage) == [("accepted", "notify-email")]


def test_our_own_server_may_be_first(stage: Stage, mail: Mailbox, posts: Mailbox, settings):
    settings.NOTIFY_EMAIL_FIRST = False
    stage.opens()
    stage.works()
    assert len(mail.messages(to=BEN)) == 1
    assert posts.messages() == []


def test_our_own_server_is_away_and_the_service_takes_it(stage: Stage, posts: Mailbox, settings):
    settings.NOTIFY_EMAIL_FIRST, settings.EMAIL_HOST, settings.EMAIL_PORT = False, "127.0.0.1", free_port()
    stage.opens()
    stage.works()
    assert len(posts.messages(to=BEN)) == 1
    assert to_ben(stage) == [("accepted", "notify-email")]


@pytest.mark.usefixtures("mail", "posts")
def test_a_report_that_a_mailbox_is_none_makes_the_message_dead(stage: Stage):
    stage.opens()
    stage.works()
    ((delivery, ref),) = to_ben(stage, "d.id, d.provider_ref")
    said = {"id": ref, "reference": str(delivery), "status": "permanent-failure", "notification_type": "email"}
    answer = Client().post(
        "/transports/notify/receipts/",
        json.dumps(said),
        content_type="application/json",
        headers={"Authorization": f"Bearer {WORD}"},
    )
    assert answer.status_code == 204
    stage.settles()
    assert to_ben(stage, "d.state, d.error") == [("dead", "Their mail server knows no such mailbox.")]
