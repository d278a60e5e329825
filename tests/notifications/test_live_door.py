"""Who may open a socket: a session from a page of ours, or a ticket once."""

from __future__ import annotations

import uuid

import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from notifications.live.tickets import issue_socket_ticket
from partners.sessions import sign_out
from portal.tenancy.door import Visitor
from portal.tenancy.scope import at_the_door
from tests.notifications.test_live_process import close_code, hear, hear_numbers, live, live_process, session_of

__all__ = ["live", "live_process"]


@pytest.fixture
def email(live):
    rows = live.stage.owner(
        "SELECT email FROM partners_person WHERE organisation_id = %s LIMIT 1", [live.stage.ids["ashbourne"]]
    )
    return rows[0][0]


def test_a_session_opens_a_socket_from_our_own_pages_until_it_signs_out(live, email):
    cookie, request = session_of(email)
    socket = live.connect(origin=settings.PORTAL_URL, additional_headers={"Cookie": f"other=1; {cookie}"})
    assert set(hear(socket)) == {"epoch", "head"}
    live.records("ashbourne", 1)
    assert hear_numbers(socket, 1) == [1]
    with at_the_door():
        sign_out(request)
    assert close_code(socket) == 4401
    again = live.connect(origin=settings.PORTAL_URL, additional_headers={"Cookie": cookie})
    assert close_code(again) == 4401


def test_a_session_from_any_other_page_is_refused(live, email):
    cookie, _ = session_of(email)
    for origin in (None, "http://evil.example", settings.PORTAL_URL + "0", settings.PORTAL_URL + "/", "null", ""):
        with pytest.raises(InvalidStatus) as refusal:
            live.connect(origin=origin, additional_headers={"Cookie": cookie})
        assert refusal.value.response.status_code == 403
    assert live.log.read_text().count("socket refused: its origin is") == 6


def test_nobody_and_a_forged_session_are_asked_to_sign_in(live):
    forged = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={'a' * 32}"}
    for headers in ({}, forged):
        assert close_code(live.connect(origin=settings.PORTAL_URL, additional_headers=headers)) == 4401


def test_a_socket_ticket_works_once_and_dies_with_its_key(live):
    ashbourne, key = live.stage.ids["ashbourne"], uuid.uuid4()
    ticket = issue_socket_ticket(Visitor(ashbourne, "ashbourne", "Ashbourne", "key", "", key_id=key))
    socket = live.connect(f"ticket={ticket}")
    assert set(hear(socket)) == {"epoch", "head"}
    assert close_code(live.connect(f"ticket={ticket}")) == 4401
    live.stage.owner("SELECT sec.revoke_key(%s)", [key])
    assert close_code(socket) == 4401


def test_a_socket_ticket_lives_for_half_a_minute(live):
    ticket = live.socket_ticket("ashbourne")
    (left,) = live.stage.owner("SELECT expires_at - now() <= '30 s' FROM sec.grant_token WHERE kind = 'socket'")
    assert left == (True,)
    live.stage.owner("UPDATE sec.grant_token SET expires_at = now() WHERE kind = 'socket'")
    assert close_code(live.connect(f"ticket={ticket}")) == 4401


def test_an_address_that_makes_no_sense_is_closed_with_a_reason(live):
    nonsense = ("after=-1", "after=x", "after=1&after=2", "epoch=7", "since=1", f"after={'9' * 19}", "after=%ff")
    for query in nonsense:
        assert close_code(live.connect(query, origin=settings.PORTAL_URL)) == 4400, query


def test_whoever_talks_is_closed(live):
    socket = live.opens("ashbourne")
    socket.send("hello")
    assert close_code(socket) == 1008


def test_there_is_no_socket_anywhere_else(live):
    for path in ("/live", "/", "/live/x/"):
        with pytest.raises(InvalidStatus) as refusal:
            connect(f"ws://127.0.0.1:{live.port}{path}").__enter__()
        assert refusal.value.response.status_code == 404


@pytest.mark.parametrize("reach", ["own_tasks", "guest", "display"])
def test_a_ticket_reaches_no_further_than_whoever_asked_for_it(live, reach):
    """The address refuses them already; should it ever not, the ticket opens no stream."""
    asks = Visitor(live.stage.ids["ashbourne"], "ashbourne", "Ashbourne", "person", "", reach=reach)
    assert close_code(live.connect(f"ticket={issue_socket_ticket(asks)}")) in {4401, 4403}
