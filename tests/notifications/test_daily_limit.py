"""The service's own daily limit: nothing more goes that road until its midnight, and nobody waits for it or is lost."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from notifications.canary import send_canaries
from notifications.late import go_round_late
from notifications.service_day import NEXT_DAY
from portal import clock, health
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker, in_threads
from tests.notifications.test_text_budget import HER_NUMBER, SUNITA
from tests.notifications.texting import number, opens_again, service

pytestmark = pytest.mark.django_db(transaction=True)
USED_UP = "Today's limit of text messages is used up."


def texts(stage: Stage) -> list[tuple[Any, ...]]:
    return stage.owner(
        f"SELECT state, attempts, error, {opens_again('due_at')}, next_way"
        " FROM notifications_delivery WHERE way = 'sms'"
    )


def becomes_midnight(stage: Stage) -> None:
    """As if the service's next day had begun: what lies at midnight is due now."""
    stage.owner("UPDATE notifications_wayout SET used_up_until = now() - interval '1 second'")
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")


@pytest.fixture(autouse=True)
def just_started(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.WATCH_PROCESSES, settings.CANARIES = True, {}
    for name, value in {"heard": {}, "blocked": [], "ways": None, "read_at": -10.0}.items():
        monkeypatch.setattr(health._Memory, name, value)


def test_texts_stop_for_the_day_and_everybody_is_told_another_way_at_once(
    stage: Stage, mail: Mailbox, settings, client_of, monkeypatch
):
    def page(slug: str) -> str:
        monkeypatch.setattr(health._Memory, "read_at", -10.0)
        return client_of(slug).get("/deliveries/ways-out/").content.decode()

    with service(settings) as box:
        service_ = box.stand_in  # type: ignore[attr-defined]
        service_.daily_limit = 0
        number(stage, "dunmere", SUNITA, HER_NUMBER)
        number(stage, "brackenfield", "gareth.lowe@brackenfield.example", "+447700900202")
        stage.opens()
        stage.works()
        asked = service_.asked
        assert asked == 1, "the others are not tried after the first"
        assert {row[:2] for row in texts(stage)} == {("pending", 0)}, "no attempt is lost"
        held = [row for row in texts(stage) if row[2] == USED_UP and row[3]]
        assert held
        with as_worker():
            assert go_round_late() >= 1
        stage.works()
        assert len(mail.messages(to=SUNITA)) == 1, "by e-mail, within the same minute"
        settings.CANARIES = {"sms": "+447700900203"}
        with as_worker():
            assert send_canaries() == 0
        assert service_.asked == asked, "not a message, not a canary, not a probe"
        assert stage.owner("SELECT opened_at FROM notifications_wayout WHERE transport = 'notify-sms'") == [(None,)]
        assert Client().get("/healthz").json()["ways_out"]["notify-sms"] == "used up"
        for slug in ("dunmere", "gravenhurst"):
            assert "Text messages: today’s limit of the service is used up" in page(slug)
            assert "Used up for today" in page(slug)
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        service_.daily_limit, service_.today = 50, lambda: tomorrow
        becomes_midnight(stage)
        stage.owner("UPDATE notifications_wayout SET canary_accepted_at = now() - interval '9 hours'")
        assert "used up" not in page("dunmere")
        with as_worker():
            assert send_canaries() == 1
        stage.works()
        assert {row[:3] for row in texts(stage)} == {("accepted", 1, "")}
        assert Client().get("/healthz").json()["ways_out"]["notify-sms"] == "ok"


def test_a_limit_that_is_raised_in_the_day_is_found_by_a_canary_within_the_hour_and_costs_nobody_an_attempt(
    stage: Stage, mail: Mailbox, settings, monkeypatch
):
    way = "SELECT used_up_until, canary_due_at FROM notifications_wayout WHERE transport = 'notify-sms'"
    held = "SELECT DISTINCT state, attempts FROM notifications_delivery WHERE way = 'sms'"
    still = "SELECT count(*) FROM notifications_delivery WHERE way = 'sms' AND due_at > now() + interval '30 seconds'"

    def an_hour_later() -> None:
        stage.owner("UPDATE notifications_wayout SET canary_due_at = now()")

    def canaries() -> int:
        with as_worker():
            return send_canaries()

    with service(settings) as box:
        service_ = box.stand_in  # type: ignore[attr-defined]
        service_.daily_limit = 0
        number(stage, "dunmere", SUNITA, HER_NUMBER)
        number(stage, "brackenfield", "gareth.lowe@brackenfield.example", "+447700900202")
        incident = stage.opens()
        stage.works()
        settings.CANARIES = {"sms": "+447700900203"}
        ((until, due),) = stage.owner(way)
        in_an_hour = min(until, clock.now() + timedelta(hours=1))
        assert abs((due - in_an_hour).total_seconds()) < 30
        asked = service_.asked
        assert canaries() == 0
        assert service_.asked == asked, "the hour is not over"
        an_hour_later()
        tries: list[int] = []
        assert in_threads(*[lambda: tries.append(canaries())] * 3) == []
        assert (tries, service_.asked) == ([0, 0, 0], asked + 1), "one of three asks, and is refused"
        assert [row[0] for row in stage.owner(way)] == [until], "it ends when it would have ended"
        assert canaries() == 0
        stage.works()
        assert service_.asked == asked + 1, "not before the next hour, and no message"
        assert stage.owner(held) == [("pending", 0)]
        assert stage.owner(still) != [(0,)], "one was refused, and waits for the next day"
        service_.daily_limit = 50
        an_hour_later()
        assert canaries() == 1
        assert [row[0] for row in stage.owner(way)] == [None]
        monkeypatch.setattr(health._Memory, "read_at", -10.0)
        assert Client().get("/healthz").json()["ways_out"]["notify-sms"] == "ok"
        # What was held until midnight is due now; what was not tried beside it is in a few seconds anyway.
        assert stage.owner(still) == [(0,)]
        stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending' AND way = 'sms'")
        stage.works()
        assert stage.owner(held) == [("accepted", 1)]
        assert stage.deliveries(incident, "gravenhurst") == []
        an_hour_later()
        assert canaries() == 1, "each minute again"


def test_mail_takes_its_other_road_at_once_and_all_day(stage: Stage, mail: Mailbox, settings):
    with service(settings) as box:
        settings.SENT_WAYS, settings.NOTIFY_EMAIL_TEMPLATE = ["email"], str(uuid.uuid4())
        service_ = box.stand_in  # type: ignore[attr-defined]
        service_.daily_limit = 0
        incident = stage.opens()
        stage.works()
        first = "SELECT DISTINCT transport, attempts FROM notifications_delivery WHERE state = 'accepted'"
        assert stage.owner(first) == [("smtp", 1)]
        assert mail.messages()
        assert service_.asked == 1
        stage.closes(incident)
        stage.works()
        assert service_.asked == 1, "nor by the next batches"
        incident = stage.opens()
        stage.plans()
        settings.EMAIL_PORT += 1  # our own server is away for a moment
        with as_worker():
            stage.sends()
        waits = (
            "SELECT DISTINCT state, due_at < now() + interval '1 minute' FROM notifications_delivery"
            " WHERE incident_id = %s AND state <> 'skipped'"
        )
        assert stage.owner(waits, [incident.pk]) == [("pending", True)], "it is tried again as always, not tomorrow"
        assert service_.asked == 1


def test_the_limit_for_numbers_abroad_is_theirs_alone(stage: Stage, mail: Mailbox, settings):
    """Notify calls it by the same name: one Irish telephone must not shut the way to everybody."""
    with service(settings) as box:
        service_ = box.stand_in  # type: ignore[attr-defined]
        service_.no_foreign_numbers = True
        number(stage, "dunmere", SUNITA, "+353851234567")
        number(stage, "brackenfield", "gareth.lowe@brackenfield.example", "+447700900202")
        stage.opens()
        stage.works()
        told = stage.owner(
            "SELECT c.address LIKE '+353%%', d.state FROM notifications_delivery d"
            " JOIN partners_contactpoint c ON c.id = d.contact_point_id WHERE d.way = 'sms' ORDER BY 1",
            [],
        )
        assert told == [(False, "accepted"), (True, "dead")]
        assert len(mail.messages(to=SUNITA)) == 1, "by her next way"
        assert stage.owner("SELECT 1 FROM notifications_wayout WHERE used_up_until IS NOT NULL") == []


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("23:59:58", "00:00:00"),
        ("00:00:01", "00:10:01"),  # of a question that was asked before midnight, or by a clock that is ahead
        ("00:09:59", "00:19:59"),
        ("00:10:00", "00:00:00"),
    ],
)
def test_a_day_that_has_just_begun_is_not_given_up(stage: Stage, at: str, until: str):
    moment = NEXT_DAY.replace("now()", f"timestamptz '2026-11-27 {at}+00'")
    ((found, after),) = stage.owner(
        f"SELECT ({moment}) AT TIME ZONE 'UTC', {moment} > timestamptz '2026-11-27 {at}+00'"
    )
    assert f"{found:%H:%M:%S}" == until
    assert after


def test_a_canary_renews_no_mark_and_what_a_wrong_clock_wrote_is_forgotten(stage: Stage, mail: Mailbox, settings):
    with service(settings):
        settings.SENT_WAYS, settings.NOTIFY_EMAIL_TEMPLATE = ["email"], str(uuid.uuid4())
        settings.CANARIES = {"email": "canary@nobody.invalid"}
        mark = (
            "UPDATE notifications_wayout SET used_up_until = now() + interval '{}', canary_due_at = NULL"
            " WHERE transport = 'notify-email'"
        )
        left = "SELECT used_up_until < now() + interval '1 hour' FROM notifications_wayout WHERE transport = '{}'"
        left = left.format("notify-email")
        with as_worker():
            send_canaries()
        stage.owner(mark.format("40 minutes"))
        stage.owner("UPDATE notifications_wayout SET canary_due_at = NULL")
        with as_worker():
            assert send_canaries() == 1, "by the other road"
        assert stage.owner(left) == [(True,)]
        stage.owner(mark.format("9 days"))
        with as_worker():
            send_canaries()
        assert stage.owner(left) == [(None,)]
        # The service takes it after an hour: one road of two is asked beside the other, and opened.
        stage.owner(mark.format("5 hours"))
        stage.owner("UPDATE notifications_wayout SET canary_due_at = now()")
        with as_worker():
            assert send_canaries() == 1
        assert stage.owner(left) == [(None,)]
