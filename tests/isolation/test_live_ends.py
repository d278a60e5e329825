"""A socket ends within a second of what ends it: a step of isolation, a session ended elsewhere, a revoked key."""

from __future__ import annotations

import time

import pytest
from django.conf import settings

from partners.models import PersonSession
from partners.sessions import end_session
from portal.tenancy.scope import at_the_door
from tests.isolation.committed import Committed
from tests.notifications.test_live_process import close_code, hear, live, live_process, session_of

__all__ = ["live", "live_process"]
WITHIN = 1.0
TICKETS = "UPDATE sec.grant_token SET revoked_at = NULL WHERE kind = 'session'"


@pytest.fixture
def two(live, live_process):
    """Who acts; in the end nothing is in force and everybody's ticket is as before."""
    yield Committed(str(live.stage.owner("SELECT current_database()")[0][0]))
    live.stage.owner("UPDATE partners_isolation SET lifted_at = now() WHERE lifted_at IS NULL")
    live.stage.owner(
        "UPDATE sec.org_state SET isolated_at = NULL, own_tasks_at = NULL, mail_distrusted_at = NULL,"
        " provider_distrusted_at = NULL"
    )
    live.stage.owner(TICKETS)


def signed_in(live, email, born=PersonSession.Born.PASSKEY):
    cookie, request = session_of(email, born)
    socket = live.connect(origin=settings.PORTAL_URL, additional_headers={"Cookie": cookie})
    assert set(hear(socket)) == {"epoch", "head"}
    return socket, request


def closes_in_time(socket) -> int:
    began = time.monotonic()
    code = close_code(socket)
    assert time.monotonic() - began < WITHIN
    return code


@pytest.mark.parametrize("step", [3, 4])
def test_an_isolated_organisations_sockets_end_and_others_go_on(live, two, step):
    incident = live.stage.opens("ashbourne")
    mine = [live.opens("dunmere") for _ in range(3)]
    person, _ = signed_in(live, "ben.ashcroft@dunmere.example")
    others = live.opens("brackenfield")
    two.isolate(incident.pk, "dunmere", step)
    assert [closes_in_time(socket) for socket in [*mine, person]] == [4403] * 4
    live.records("brackenfield", 1)
    while hear(others).get("data", {}).get("n") != 1:
        pass
    assert close_code(live.connect(f"ticket={live.socket_ticket('dunmere')}")) == 4403


def test_distrusting_the_provider_ends_what_was_born_of_it_before_anything_more_is_sent(live, two):
    passkey, _ = signed_in(live, "priya.nair@ashbourne.example")
    provider, _ = signed_in(live, "tom.whitlock@ashbourne.example", PersonSession.Born.PROVIDER)
    two.press("Nadia Farouk", "ashbourne", 1)
    assert closes_in_time(provider) == 4401
    assert hear(passkey)["kind"] == "organisation.isolated"


def test_a_session_that_is_ended_elsewhere_closes_its_sockets_and_no_other(live, two):
    first, _ = signed_in(live, "priya.nair@ashbourne.example")
    second, request = signed_in(live, "priya.nair@ashbourne.example")
    with at_the_door():
        end_session(PersonSession.objects.get(pk=request.session["person_session"]), because="ended elsewhere")
    assert closes_in_time(second) == 4401
    live.records("ashbourne", 5)
    while hear(first).get("data", {}).get("n") != 5:
        pass


def test_a_revoked_key_closes_the_sockets_that_its_tickets_opened(live, two):
    ((key,),) = live.stage.owner("SELECT gen_random_uuid()")
    socket = live.connect(f"ticket={live.socket_ticket('ashbourne', key_id=key)}")
    hear(socket)
    live.stage.owner("SELECT sec.revoke_key(%s)", [key])
    assert closes_in_time(socket) == 4401
