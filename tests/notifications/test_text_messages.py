"""Text messages over a stand-in of GOV.UK Notify that checks tokens, refuses, hangs, drops lines and reports back."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from notifications.messages import NOTICES, compose
from notifications.models import Delivery
from notifications.reading import deliveries_of
from notifications.transports import notify
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.texting import KEY, WORD, number, service
from tests.running import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SUNITA, HER_NUMBER = "sunita.rao@dunmere.example", "+447700900201"
YUSUF = "yusuf.kaya@gravenhurst.example"
# What a text message may be written in and still be one of 160: the basic set of GSM 03.38, as far as we use it.
GSM = re.compile(r"[A-Za-z0-9 \n@$_!\"#%&'()*+,\-./:;<=>?]*")


@pytest.fixture
def texts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        yield box


def sms(stage: Stage, columns: str = "state, attempts, error") -> list[tuple]:
    return stage.owner(f"SELECT {columns} FROM notifications_delivery WHERE way = 'sms' ORDER BY created_at")


def again(stage: Stage) -> None:
    """What waits for its next attempt is due now."""
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state IN ('pending', 'claimed')")
    stage.works()


def test_whoever_has_a_number_first_is_told_by_one_short_message(stage: Stage, mail: Mailbox, texts: Mailbox):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    number(stage, "gravenhurst", YUSUF, "+447700900202")
    incident = stage.opens()
    stage.works()
    (text,) = texts.messages()  # the stranger's number heard nothing
    assert text["to"] == [HER_NUMBER]
    assert re.fullmatch(
        rf"{incident.reference}: your organisation could be reached, code \S{{4}}-\S{{4}}\."
        r" Open the app or type the address on your card\. Never sign in from a link\.",
        text["text"],
    )
    assert mail.messages(to=SUNITA) == []  # one message a person
    for slug, ways in (("ashbourne", {"E-mail", "Text message"}), ("gravenhurst", set())):
        with stage.acting(slug):
            assert {each.way for each in deliveries_of(incident)} == ways
    assert sms(stage, "state, transport") == [("accepted", "notify-sms")]
    stage.closes(incident)
    stage.works()
    assert texts.messages()[0]["text"].startswith(f"Stand down: {incident.reference} is closed, code ")


def test_without_a_service_a_number_is_called_by_a_person(stage: Stage, mail: Mailbox):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.opens()
    stage.works()
    assert len(mail.messages(to=SUNITA)) == 1
    assert sms(stage) == []


def test_a_private_number_gets_nothing(stage: Stage, mail: Mailbox, texts: Mailbox):
    number(stage, "dunmere", SUNITA, "ends 01", private=True)
    stage.opens()
    stage.works()
    assert texts.messages() == []
    assert len(mail.messages(to=SUNITA)) == 1


def test_an_exercise_stays_in_the_house(stage: Stage, mail: Mailbox, texts: Mailbox, settings):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    settings.SUNK_WAYS = ["email"]  # a real service for text messages beside a sink for mail
    stage.opens(exercise=True)
    stage.works()
    assert texts.messages() == []
    assert sms(stage, "state, transport") == [("accepted", "sandbox")]


@pytest.mark.usefixtures("mail")
def test_a_reply_that_was_lost_is_asked_for_and_nothing_is_sent_twice(stage: Stage, texts: Mailbox):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    texts.set_fault(HER_NUMBER, "lost")
    stage.opens()
    stage.works()
    assert len(texts.messages()) == 1  # it was taken, and we were not told
    assert sms(stage, "state, attempts") == [("pending", 1)]
    again(stage)
    assert len(texts.messages()) == 1
    assert sms(stage, "state, attempts, error") == [("accepted", 2, "")]


@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize(
    ("fault", "because"),
    [
        ("4xx", "Too many text messages within a minute."),
        ("5xx", "The text message service refused the message (500)."),
        ("refuse", "The text message service cannot be reached."),
        ("hang", "The text message service did not answer in time."),
    ],
)
def test_what_it_refuses_for_now_is_tried_again(stage: Stage, texts: Mailbox, monkeypatch, fault: str, because: str):
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.5)
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    texts.set_fault("*", fault)
    stage.opens()
    stage.works()
    assert sms(stage) == [("pending", 1, because)]
    texts.set_fault("*", None)
    again(stage)
    assert sms(stage) == [("accepted", 2, "")]
    assert len(texts.messages()) == 1


@pytest.mark.usefixtures("mail")
def test_a_key_that_is_not_ours_stops_the_batch_and_loses_nothing(stage: Stage, texts: Mailbox, settings):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    settings.NOTIFY_API_KEY = KEY[:-1] + "3"
    stage.opens()
    stage.works()
    assert sms(stage) == [("pending", 1, "The text message service does not accept our key.")]
    settings.NOTIFY_API_KEY = KEY
    again(stage)
    assert sms(stage) == [("accepted", 2, "")]


def test_a_number_that_is_none_gives_way_to_the_next(stage: Stage, mail: Mailbox, texts: Mailbox):
    number(stage, "dunmere", SUNITA, "+44 not a number")
    stage.opens()
    stage.works()
    assert sms(stage) == [("dead", 1, "The text message service takes no message to this number.")]
    assert len(mail.messages(to=SUNITA)) == 1


def test_every_message_is_one_text_message():
    for message in Delivery.Message:
        for exercise in (False, True) if message not in NOTICES else (False,):
            short = compose(
                message=message, reference="INC-7K2M9X", code="4K7M-9QXR", exercise=exercise,
                link="https://bulkhead.partnership.example/test/0123456789abcdef0123456789abcdef/",
            ).short  # fmt: skip
            assert len(short) <= 150, (message, len(short))  # ten are left for a sender's name in front
            assert GSM.fullmatch(short), short


def report(client, ref: str, delivery: str, status: str = "delivered", word: str = WORD):
    said = {"id": ref, "reference": delivery, "status": status, "completed_at": "2026-11-26T03:00:00.123456Z"}
    return client.post(
        "/transports/notify/receipts/", json.dumps(said), content_type="application/json",
        headers={"Authorization": f"Bearer {word}"},
    )  # fmt: skip


def receipts(stage: Stage) -> int:
    return stage.owner("SELECT count(*) FROM notifications_receipt")[0][0]


@pytest.mark.usefixtures("mail")
def test_a_receipt_says_delivered_once_however_often_it_comes(stage: Stage, texts: Mailbox, client):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    incident = stage.opens()
    stage.works()
    ((delivery, ref),) = sms(stage, "id::text, provider_ref")
    for _ in range(2):
        assert report(client, ref, delivery).status_code == 204
    assert receipts(stage) == 1
    stage.settles()
    assert report(client, ref, delivery).status_code == 204
    stage.settles()
    assert receipts(stage) == 0
    assert sms(stage, "state, delivered_at IS NOT NULL, delivered_at <= now()") == [("delivered", True, True)]
    ((data, audience),) = stage.events("delivery.delivered")
    assert data["by"] == "sms"
    assert set(audience) == {stage.ids[slug] for slug in ("dunmere", "ashbourne", "northgate")}
    stranger = "SELECT count(*) FROM notifications_delivery WHERE incident_id = %s"
    assert stage.as_app("gravenhurst", stranger, [incident.pk]) == [(0,)]
    assert report(client, ref, delivery, "permanent-failure").status_code == 204
    stage.settles()
    assert sms(stage, "state") == [("delivered",)]  # what has arrived has arrived


@pytest.mark.parametrize(
    ("status", "because"),
    [
        ("permanent-failure", "The network knows no such number."),
        ("temporary-failure", "The telephone could not be reached."),
        ("technical-failure", "The text message service lost it."),
    ],
)
def test_a_receipt_of_failure_has_the_next_way_taken(
    stage: Stage, mail: Mailbox, texts: Mailbox, client, status: str, because: str
):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.opens()
    stage.works()
    ((delivery, ref),) = sms(stage, "id::text, provider_ref")
    assert mail.messages(to=SUNITA) == []
    report(client, ref, delivery, status)
    stage.settles()
    stage.works()
    assert sms(stage, "state, error") == [("dead", because)]
    assert len(mail.messages(to=SUNITA)) == 1


@pytest.mark.usefixtures("mail")
def test_a_receipt_that_fits_no_message_changes_nothing_and_goes(stage: Stage, texts: Mailbox, client):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.opens()
    stage.works()
    ((delivery, _ref),) = sms(stage, "id::text, provider_ref")
    assert report(client, "00000000-0000-4000-8000-000000000001", delivery).status_code == 204
    stage.settles()
    assert sms(stage, "state") == [("accepted",)]
    assert receipts(stage) == 1  # its sender may not have written down yet that it was taken
    stage.owner("UPDATE notifications_receipt SET taken_at = now() - interval '73 hours', due_at = now()")
    stage.settles()
    assert receipts(stage) == 0
    assert sms(stage, "state") == [("accepted",)]


@pytest.mark.usefixtures("time_stands")
def test_the_door_for_receipts_knows_its_caller_and_says_what_is_wrong(texts: Mailbox, client, settings):
    good = "00000000-0000-4000-8000-000000000001"
    assert report(client, good, good, word="another").status_code == 401
    assert report(client, good, good, word="").status_code == 401
    assert report(client, good, "not one of ours").status_code == 422
    assert report(client, good, good, status="created").status_code == 422
    assert report(client, "x" * 20_000, good).status_code == 413
    assert report(client, "a\0b", good).status_code == 422
    assert report(client, good, "a\0b").status_code == 422
    assert report(client, "x" * 10_000_000, good).status_code == 413
    for body in (b"[]", b"\xff", b'{"id": 1}', b"[" * 5000):
        answer = client.post(
            "/transports/notify/receipts/", body, content_type="application/json",
            headers={"Authorization": f"Bearer {WORD}"},
        )  # fmt: skip
        assert answer.status_code == 422, body[:10]
    assert client.get("/transports/notify/receipts/").status_code == 405
    for _ in range(20):
        answer = report(client, good, good, word="guess")
    assert answer.status_code == 429
    assert report(client, good, good).status_code == 204  # whoever knows the word is not held up by guessers
    settings.NOTIFY_CALLBACK_TOKEN = ""
    assert report(client, good, good, word="").status_code == 404


@pytest.mark.usefixtures("mail")
def test_the_stand_in_reports_over_http_as_the_door_expects(stage: Stage, settings, client):
    came: list[tuple[str, bytes]] = []

    class Listens(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append((self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with service(settings, report_to=f"http://127.0.0.1:{server.server_address[1]}/"):
            number(stage, "dunmere", SUNITA, "07700900002")
            stage.opens()
            stage.works()
            wait_for(lambda: len(came) == 1, seconds=10)
    finally:
        server.shutdown()
        server.server_close()
    ((authorization, body),) = came
    answer = client.post(
        "/transports/notify/receipts/", body, content_type="application/json", headers={"Authorization": authorization}
    )
    assert answer.status_code == 204
    stage.settles()
    assert sms(stage, "state, error") == [("dead", "The network knows no such number.")]


def test_a_number_is_tested_like_a_mailbox_by_one_tap(stage: Stage, texts: Mailbox, client_of, client):
    point = number(stage, "dunmere", SUNITA, HER_NUMBER)
    ashbourne, dunmere = client_of("ashbourne", fresh=True), client_of("dunmere", fresh=True)
    assert ashbourne.post(f"/partners/contacts/{point}/test/").status_code == 404
    assert dunmere.post(f"/partners/contacts/{point}/test/").status_code == 302
    stage.works()
    (text,) = texts.messages()
    words, _, path = text["text"].partition("http")
    assert words == "TEST. Press the button on this page, it asks for no password: "
    path = path[path.index("/test/") :]
    assert stage.owner("SELECT tested_at FROM partners_contactpoint WHERE id = %s", [point]) == [(None,)]
    assert client.get(path).status_code == 200
    assert stage.owner("SELECT tested_at FROM partners_contactpoint WHERE id = %s", [point]) == [(None,)]
    assert client.post(path).status_code == 200
    assert stage.owner("SELECT tested_at <= now() FROM partners_contactpoint WHERE id = %s", [point]) == [(True,)]
    assert client.post(path).status_code == 404
