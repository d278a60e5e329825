"""Checking a message: the code and the organisation together, yes with the time, or one and the same no."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from notifications.codes import as_printed
from portal import clock
from portal.mail_sink import Mailbox
from tests.incidents.test_duties import aware
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"
NO = "We know of no message"


@pytest.fixture
def elsewhere() -> object:
    """`elsewhere()`: somebody who has not signed in, each time from another address."""
    numbers = iter(range(1, 200))
    return lambda: Client(REMOTE_ADDR=f"203.0.113.{next(numbers)}")


def asked(client: Client, code: str, organisation: str, status: int = 200) -> str:
    answer = client.post("/verify/", {"code": code, "organisation": organisation})
    assert answer.status_code == status
    return answer.content.decode()


def plain(page: str, *typed: str) -> str:
    """A page without what was typed into it and without its token."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)
    for each in typed:
        for shown in ("to “%s”", 'value="%s"', "code %s to"):
            page = page.replace(shown % each, shown % "…")
    return page


def code_in(mail: Mailbox, to: str = BEN) -> str:
    return re.search(r"code (\S{4}-\S{4})\.", mail.messages(to=to)[0]["text"])[1]


def test_yes_with_the_time_for_both_and_one_no_for_everything_else(stage: Stage, mail: Mailbox, elsewhere):
    stage.opens()
    stage.works()
    code = code_in(mail)
    yes = asked(elsewhere(), code, "dunmere")
    assert "Yes, we sent it" in yes
    assert re.search(rf"code {code} went to dunmere on \d+ \w+ at \d\d:\d\d", yes)
    for typed in (code.lower().replace("-", " "), code.replace("0", "o").replace("1", "l"), f" {code} "):
        assert "Yes, we sent it" in asked(elsewhere(), typed, "Dunmere")
    wrong = {
        ("0000-0000", "dunmere"): "a code that nobody got",
        (code, "ashbourne"): "somebody else's message",
        (code, "gravenhurst"): "the stranger's",
        (code, "nowhere"): "no organisation",
    }
    answers = {plain(asked(elsewhere(), *each), *each) for each in wrong}
    assert len(answers) == 1
    assert NO in answers.pop()


def test_a_code_ends_with_its_incident_and_that_of_the_stand_down_a_day_later(
    stage: Stage, mail: Mailbox, elsewhere, monkeypatch
):
    incident = stage.opens()
    stage.works()
    code = code_in(mail)
    stage.closes(incident)
    stage.works()
    down = code_in(mail)
    assert down != code
    assert NO in asked(elsewhere(), code, "dunmere")
    assert "Yes, we sent it" in asked(elsewhere(), down, "dunmere")
    later = datetime.now(UTC) + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert NO in asked(elsewhere(), down, "dunmere")


def test_a_clock_outlives_its_incident_and_so_does_what_was_said_of_it(
    stage: Stage, mail: Mailbox, elsewhere, monkeypatch
):
    samuel = "samuel.osei@ashbourne.example"
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL WHERE address = %s", [samuel])
    incident = stage.opens()
    aware(incident, stage)
    stage.works()
    stage.closes(incident)
    stage.works()
    (goes_on,) = [each for each in mail.messages(to=samuel) if "a clock of yours" in each["subject"]]
    code = re.search(r"Code (\S{4}-\S{4})\.", goes_on["text"])[1]
    now = datetime.now(UTC)
    for days, ours in ((0, True), (6, True), (8, False)):
        at = now + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        assert ("Yes, we sent it" in asked(elsewhere(), code, "ashbourne")) is ours, days
        assert NO in asked(elsewhere(), code, "gravenhurst")


def test_what_did_not_go_out_is_not_ours(stage: Stage, mail: Mailbox, elsewhere):
    mail.set_fault(BEN, "5xx")
    incident = stage.opens()
    stage.works()
    rows = stage.deliveries(incident, "dunmere", "d.code, d.state")
    states = dict(rows).values()
    assert {"dead", "skipped", "accepted"} <= set(states)
    for code, state in rows:  # the server may have lied of the one that it refused; nobody handed over what was skipped
        assert (NO in asked(elsewhere(), code, "dunmere")) == (state == "skipped"), state
    stage.closes(incident)
    stage.plans()
    waiting = stage.owner("SELECT code FROM notifications_delivery WHERE message = 'stood_down' AND state = 'pending'")
    assert waiting
    assert NO in asked(elsewhere(), waiting[0][0], "dunmere")


@pytest.mark.usefixtures("time_stands")
def test_ten_questions_an_hour_from_an_address(stage: Stage, mail: Mailbox):
    stage.opens()
    stage.works()
    client = Client(REMOTE_ADDR="203.0.113.250")
    for wrong in ({"code": "", "organisation": "dunmere"}, {"code": "4K7M-9QX", "organisation": "dunmere"},
                  {"code": "4K7M-9QXU", "organisation": ""}, {"code": "x" * 41, "organisation": "x"},
                  {"code": "4K7M\0-9QXR", "organisation": "dunmere"},
                  {"code": "0000-0000", "organisation": "du\0nmere"}):  # fmt: skip
        answer = client.post("/verify/", wrong)
        assert (answer.status_code, "There is a problem" in answer.content.decode()) == (422, True)
    for _ in range(10):
        assert NO in asked(client, "0000-0000", "dunmere")
    assert client.post("/verify/", {"code": code_in(mail), "organisation": "dunmere"}).status_code == 429
    assert "Yes, we sent it" in asked(Client(REMOTE_ADDR="203.0.113.251"), code_in(mail), "dunmere")


def test_a_form_of_ten_megabytes_is_refused_unread(elsewhere):
    answer = elsewhere().post("/verify/", {"code": "0000-0000", "organisation": "x" * 10_000_000})
    assert answer.status_code in {400, 413, 422}


def test_opening_the_page_asks_nothing_and_a_form_of_another_site_is_refused(client):
    assert client.get("/verify/").status_code == 200
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/verify/", {"code": "0000-0000", "organisation": "dunmere"}).status_code == 403


@pytest.mark.parametrize(
    ("typed", "printed"),
    [("4k7m9qxr", "4K7M-9QXR"), ("oil0-0000", "0110-0000"), ("4K7M–9QXR", "4K7M-9QXR"), ("U000-0000", ""), ("", "")],
)
def test_a_code_is_read_as_people_type_it(typed: str, printed: str):
    assert as_printed(typed) == printed
