"""The canary: a message to nobody each minute; when none gets through for three minutes, probe and pages say so."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connections
from django.test import Client
from django.urls import reverse

from notifications.canary import send_canaries
from portal import health
from portal.children import free_port
from portal.mail_sink import Handler, Mailbox
from portal.mail_sink_canaries import CANARY_EMAIL
from portal.tenancy.scope import at_the_door
from tests.notifications.stage import Stage, as_worker, in_threads
from tests.notifications.texting import service

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "canary@council.example"
SAYS = "E-mail: nothing gets out since {}. People with another way are told by that one."


@pytest.fixture(autouse=True)
def just_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web process that remembers nothing."""
    for name, value in {"heard": {}, "blocked": [], "read_at": -10.0}.items():
        monkeypatch.setattr(health._Memory, name, value)


@pytest.fixture
def port(settings: Any) -> int:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.CANARIES, settings.WATCH_PROCESSES = {"email": ADDRESS, "sms": ""}, True
    return settings.EMAIL_PORT


@contextmanager
def sink(port: int) -> Iterator[Mailbox]:
    """The mail server runs at this port; before and after nobody is there."""
    box = Mailbox()
    controller = Controller(Handler(box), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop(no_assert=True)


def sends(stage: Stage) -> int:
    """The next minute's."""
    stage.owner("UPDATE notifications_wayout SET canary_due_at = now()")
    with as_worker():
        return send_canaries()


def way() -> dict[str, str]:
    """What the probe says of the ways out, while every process beats."""
    with at_the_door(), connections["auth"].cursor() as cursor:
        for process in health.OTHERS:
            cursor.execute("SELECT sec.beat(%s)", [process])
    said = Client().get("/healthz").json()
    assert said["status"] == ("ok" if set(said["ways_out"].values()) <= {"ok"} else "degraded")
    return said["ways_out"]


def page(client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, slug: str = "dunmere") -> str:
    """A page of somebody there, of a process that has not looked just now."""
    monkeypatch.setattr(health._Memory, "read_at", -10.0)
    return client_of(slug).get(reverse("start")).content.decode()


def test_one_is_sent_a_minute_whoever_asks_and_what_is_taken_is_fresh(stage: Stage, port: int):
    def send() -> None:
        with as_worker():
            sent.append(send_canaries())

    sent: list[int] = []
    with sink(port) as box:
        assert in_threads(send, send, send) == []
        assert sorted(sent) == [0, 0, 1], "of several processes one sends it"
        send()
        assert sent[-1] == 0, "not before a minute is over"
        (message,) = box.messages()
        assert (message["to"], message["subject"]) == ([ADDRESS], "Bulkhead: canary")
        fresh = (
            "SELECT transport, host, canary_due_at - canary_tried_at = interval '60 seconds',"
            " canary_accepted_at >= canary_tried_at, opened_at FROM notifications_wayout"
        )
        assert stage.owner(fresh) == [("smtp", f"127.0.0.1:{port}", True, True, None)]
        assert way() == {"smtp": "ok"}
        assert sends(stage) == 1
        assert len(box.messages()) == 2
        assert stage.owner("SELECT count(*) FROM notifications_delivery") == [(0,)], "it is nobody's message"


def test_the_demonstrations_canary_stands_in_no_mailbox(stage: Stage, port: int, settings):
    settings.CANARIES = {"email": CANARY_EMAIL, "sms": "+447700900999"}  # nothing sends texts here
    with sink(port) as box:
        assert sends(stage) == 1
        assert box.messages() == []
    assert way() == {"smtp": "ok"}


def test_after_three_minutes_of_silence_probe_and_pages_say_so_until_one_is_taken(
    stage: Stage, port: int, client_of, monkeypatch
):
    with sink(port):
        assert sends(stage) == 1
    assert sends(stage) == 0
    stage.owner("UPDATE notifications_wayout SET canary_accepted_at = now() - interval '170 seconds'")
    assert way() == {"smtp": "ok"}, "not yet three minutes"
    assert "nothing gets out" not in page(client_of, monkeypatch)
    # Half a minute past a full one, so that no rounding moves the time that is shown.
    stage.owner(
        "UPDATE notifications_wayout SET canary_accepted_at = date_trunc('minute', now()) - interval '210 seconds'"
    )
    assert sends(stage) == 0
    assert way() == {"smtp": "silent"}
    ((since,),) = stage.owner(
        "SELECT to_char(canary_accepted_at AT TIME ZONE 'Europe/London', 'HH24:MI') FROM notifications_wayout"
    )
    for slug in ("dunmere", "gravenhurst"):
        assert SAYS.format(since) in page(client_of, monkeypatch, slug)
    assert "nothing gets out" not in Client().get("/sign-in/").content.decode(), "nor to whoever is nobody"
    with sink(port):
        assert sends(stage) == 1
    assert way() == {"smtp": "ok"}
    for slug in ("dunmere", "gravenhurst"):
        assert "nothing gets out" not in page(client_of, monkeypatch, slug)


def test_one_that_never_got_through_is_silent_since_it_was_first_tried(stage: Stage, port: int):
    assert sends(stage) == 0
    assert way() == {"smtp": "ok"}
    stage.owner("UPDATE notifications_wayout SET begun_at = begun_at - interval '181 seconds'")
    assert way() == {"smtp": "silent"}
    assert stage.owner("SELECT canary_accepted_at FROM notifications_wayout") == [(None,)]


def test_canaries_alone_shut_a_way_and_open_it_again(stage: Stage, port: int, client_of, monkeypatch):
    for _ in range(4):
        assert sends(stage) == 0
    assert way() == {"smtp": "ok"}, "four are no five"
    assert sends(stage) == 0
    assert way() == {"smtp": "shut"}
    assert "E-mail: nothing gets out since" in page(client_of, monkeypatch)
    with sink(port):
        assert sends(stage) == 1
    assert way() == {"smtp": "ok"}
    assert "nothing gets out" not in page(client_of, monkeypatch)


def test_another_server_ends_what_is_said_of_the_one_before(stage: Stage, port: int, client_of, monkeypatch, settings):
    for _ in range(5):
        assert sends(stage) == 0
    assert way() == {"smtp": "shut"}
    settings.EMAIL_PORT = free_port()
    with sink(settings.EMAIL_PORT):
        assert sends(stage) == 1
    assert way() == {"smtp": "ok"}
    assert "nothing gets out" not in page(client_of, monkeypatch)


def test_an_address_that_does_not_exist_says_nothing_of_the_server(stage: Stage, port: int):
    with sink(port) as box:
        box.set_fault(ADDRESS, "5xx")
        for _ in range(6):
            assert sends(stage) == 0
    assert stage.owner("SELECT opened_at FROM notifications_wayout") == [(None,)], "messages still go that way"


def test_without_an_address_none_is_sent_and_nothing_is_said(stage: Stage, port: int, settings):
    settings.CANARIES = {"email": "", "sms": ""}
    with sink(port) as box:
        assert sends(stage) == 0
        assert box.messages() == []
    assert way() == {}


def test_each_of_two_roads_carries_one_and_a_dead_one_is_named_while_the_other_works(
    stage: Stage, port: int, client_of, monkeypatch, settings
):
    with service(settings) as box:
        settings.SENT_WAYS, settings.NOTIFY_EMAIL_TEMPLATE = ["email"], str(uuid.uuid4())
        for _ in range(5):
            assert sends(stage) == 1, "one road is enough"
        assert len(box.messages()) == 5
        assert way() == {"email": "ok", "smtp": "shut", "notify-email": "ok"}
        said = page(client_of, monkeypatch)
        assert "E-mail by our own server: nothing gets out since" in said
        assert "Messages take the other road." in said
        assert "E-mail: nothing gets out" not in said
        with sink(port) as own:
            assert sends(stage) == 1
            assert len(own.messages()) == 1
        assert way() == {"email": "ok", "smtp": "ok", "notify-email": "ok"}
        settings.NOTIFY_API_URL = f"http://127.0.0.1:{free_port()}"
        for _ in range(5):
            assert sends(stage) == 0
        assert way() == {"email": "shut", "smtp": "shut", "notify-email": "shut"}
        assert "E-mail: nothing gets out since" in page(client_of, monkeypatch)
