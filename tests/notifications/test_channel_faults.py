"""What Slack, Teams and push services do wrong, and which failure that is. No database: the transports alone.

What a stand-in took it read itself: a card's text, a notice that the browser's own key has opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from notifications.messages import Text
from notifications.transports import MaybeTaken, TransportError, posting, transport_for
from portal import vapid
from portal.chat_stand_in import TEAMS_MOST_BYTES, Browser, ChatStandIn
from portal.children import free_port
from portal.faulty import serving
from tests.notifications.channels import PRIVATE, WAYS, set_up
from tests.running import wait_for

DELIVERY = UUID("6f3a1c1e-2d43-4b5e-9a01-7f2b9c0d1e2f")
TEXT = Text("Bulkhead: you have a notice, INC-1", "no body", "no short", "You have a notice <&> INC-1, code AB12-CD34.")


@dataclass
class Far:
    """The stand-in, and sending to one of its paths."""

    service: ChatStandIn
    url: str

    def send(self, way: str, *, url: str = "", text: Text = TEXT) -> str:
        endpoint = f"{url or self.url}{way}/duty"
        subscription = json.dumps(Browser.of("/push/duty").subscription(endpoint))
        with transport_for(way, exercise=False)() as transport:
            return transport.send(DELIVERY, subscription if way == "push" else endpoint, text)

    def fails(self, way: str, **how: Any) -> TransportError:
        with pytest.raises(TransportError) as raised:
            self.send(way, **how)
        assert urlsplit(self.url).netloc not in raised.value.because, "an address is in no error"
        return raised.value


@pytest.fixture
def far(settings) -> Iterator[Far]:
    service = ChatStandIn(public_key=vapid.public_of(PRIVATE))
    with serving(service) as url:
        set_up(settings, urlsplit(url).netloc)
        yield Far(service, url)


def of(far: Far, way: str, fault: str) -> TransportError:
    """How it fails with this fault, which is asserted to have happened."""
    far.service.set_fault(f"/{way}/duty", fault)
    error = far.fails(way)
    wait_for(lambda: far.service.happened == {(f"/{way}/duty", fault): 1})
    return error


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("fault", "says"), [("hang", "did not answer in time."), ("refuse", "broke off.")])
def test_without_an_answer_it_may_have_been_taken(far: Far, monkeypatch, way: str, fault: str, says: str):
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.2)
    error = of(far, way, fault)
    assert isinstance(error, MaybeTaken)
    assert (error.permanent, error.down, error.because.endswith(says)) == (False, True, True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["late", "lost"])
def test_a_lost_or_late_answer_is_no_answer_and_the_second_message_is_known_as_the_same(
    far: Far, monkeypatch, way: str, fault: str
):
    with monkeypatch.context() as first:
        first.setattr(posting, "TIMEOUT_SECONDS", 0.5)
        assert isinstance(of(far, way, fault), MaybeTaken)
    far.service.set_fault(f"/{way}/duty", None)
    far.send(way)
    first, second = far.service.to(f"/{way}/duty")
    assert (first.text, first.headers) == (second.text, second.headers)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["403", "404", "410"])
def test_what_is_gone_is_gone_for_good(far: Far, way: str, fault: str):
    error = of(far, way, fault)
    if (way, fault) == ("push", "403"):  # our key or our clock may be wrong: no browser is forgotten for it
        assert (error.permanent, error.gone) == (True, False)
        return
    assert (error.permanent, error.gone, error.ours) == (True, True, False)
    assert f"takes no messages any more ({fault})" in error.because


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["400", "413"])
def test_a_message_that_it_does_not_take_is_our_fault_and_says_nothing_of_the_host(far: Far, way: str, fault: str):
    error = of(far, way, fault)
    assert (error.permanent, error.gone, error.ours) == (True, False, True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["500", "503", "302"])
def test_what_is_broken_there_is_tried_again_and_no_redirect_is_followed(far: Far, way: str, fault: str):
    far.service.retry_after = "77"
    error = of(far, way, fault)
    assert not isinstance(error, MaybeTaken)
    assert (error.permanent, error.ours, error.wait) == (False, False, 77.0 if fault == "503" else 0.0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("says", "waits"), [("600", 600.0), ("86400", 3600.0), ("soon", 5.0), ("-3", 5.0), ("9" * 400, 5.0)]
)
def test_too_many_messages_wait_as_long_as_it_says_and_within_reason(far: Far, way: str, says: str, waits: float):
    far.service.retry_after = says
    error = of(far, way, "429")
    assert (error.permanent, error.down, error.ours, error.wait) == (False, False, True, waits)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_there_has_taken_nothing(far: Far, settings, way: str):
    away = f"127.0.0.1:{free_port()}"
    set_up(settings, away)
    error = far.fails(way, url=f"http://{away}/")
    assert not isinstance(error, MaybeTaken)
    assert (error.permanent, error.down) == (False, True)
    assert away not in error.because


@pytest.mark.parametrize("way", WAYS)
def test_a_host_that_is_not_listed_and_an_address_of_the_inside_are_never_called(far: Far, settings, way: str):
    setattr(settings, f"{way.upper()}_HOSTS", ("hooks.example.org",))
    error = far.fails(way)
    assert (error.permanent, error.ours) == (True, True)
    set_up(settings, urlsplit(far.url).netloc)
    settings.EGRESS_ALLOW = frozenset()
    error = far.fails(way)
    assert (error.permanent, error.ours) == (True, True)
    assert not far.service.received
    assert not far.service.happened


def test_slack_reads_no_mark_and_no_link_of_ours(far: Far):
    far.send("slack")
    (posted,) = far.service.to("/slack/duty")
    assert posted.text == "You have a notice &lt;&amp;&gt; INC-1, code AB12-CD34."
    assert posted.body["unfurl_links"] is False


def test_teams_gets_a_card_of_text_alone_far_below_its_limit(far: Far):
    far.send("teams")
    (posted,) = far.service.to("/teams/duty")
    assert posted.text == f"{TEXT.subject}\n{TEXT.said}"
    assert set(posted.body) == {"$schema", "type", "version", "body"}, "no button"
    assert len(json.dumps(posted.body)) < TEAMS_MOST_BYTES / 10


@pytest.mark.parametrize(("calm", "urgency"), [(False, "high"), (True, "normal")])
def test_a_push_service_learns_urgency_and_topic_and_who_we_are_and_nothing_else(far: Far, calm: bool, urgency: str):
    far.send("push", text=Text("A notice", "", "", "Code AB12-CD34.", calm=calm))
    (posted,) = far.service.to("/push/duty")
    assert posted.headers == {"TTL": "86400", "Urgency": urgency, "Topic": posted.body["tag"]}
    assert len(posted.body["tag"]) <= 32, "RFC 8030 5.4"
    assert posted.text == "A notice\nCode AB12-CD34."


def test_a_push_service_that_knows_another_key_of_ours_costs_the_message_and_no_browser(far: Far):
    far.service.public_key = vapid.public_of(vapid.new_private_key())
    error = far.fails("push")
    assert far.service.happened == {("/push/duty", "another key"): 1}
    assert (error.permanent, error.gone, error.ours) == (True, False, True)


def test_without_our_key_browsers_wait(far: Far, settings):
    settings.VAPID_PRIVATE_KEY = ""
    error = far.fails("push")
    assert (error.permanent, error.down) == (False, True)
