"""Signing in with real sessions and real commits: the link, the way out, and a ticket that ends under a session."""

from __future__ import annotations

import psycopg
import pytest
from django.test import Client

from partners.models import Person, SignInLink
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def link() -> str:
    with at_the_door():
        person = Person.objects.get(email="priya.nair@ashbourne.example")
        return make_sign_in_link(person, SignInLink.Purpose.DEMONSTRATION)


@pytest.fixture
def browser_signed_in(link: str) -> Client:
    client = Client()
    assert client.post(link).status_code == 302
    assert client.get("/incidents/").status_code == 200
    return client


def test_opening_a_link_spends_nothing_and_pressing_spends_it(link):
    visitor = Client()
    assert "Priya Nair" in visitor.get(link).content.decode()
    assert visitor.get("/incidents/").status_code == 302
    assert visitor.post(link).status_code == 302
    assert visitor.get("/incidents/").status_code == 200
    assert Client().post(link).status_code == 404


def test_signing_out_ends_the_ticket_too(browser_signed_in, owner_url):
    assert browser_signed_in.post("/sign-out/").status_code == 302
    assert browser_signed_in.get("/incidents/").status_code == 302
    with psycopg.connect(owner_url) as owner:
        (left,) = owner.execute(
            "SELECT count(*) FROM sec.grant_token WHERE kind = 'session' AND revoked_at IS NULL"
            " AND created_at > now() - interval '1 minute' AND expires_at < now() + interval '100 days'"
        ).fetchone()
    assert left == 0


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE sec.grant_token SET revoked_at = now()",
        "UPDATE sec.grant_token SET expires_at = now()",
        "UPDATE sec.org_state SET isolated_at = now()",
    ],
)
@pytest.mark.parametrize("path", ["/incidents/", "/my-tasks/", "/"])
def test_a_session_whose_ticket_has_ended_is_sent_to_sign_in(browser_signed_in, owner_url, end, path):
    with psycopg.connect(owner_url) as owner:
        owner.execute(end)
    answer = browser_signed_in.get(path)
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert browser_signed_in.get("/sign-in/").status_code == 200
    assert browser_signed_in.get("/").status_code == 200  # the first page for nobody, not a loop
