"""What if a system is attacked: the surprises of the demonstration without an incident, and who hears of it."""

from __future__ import annotations

import pytest

from portal.ledger.stream import events_after

pytestmark = pytest.mark.django_db
ADDRESS = "/systems/identity-platform/how-far/"


def test_the_surprises_stand_on_the_page(client_of):
    page = client_of("ashbourne").get(ADDRESS).content.decode()
    assert "What if Identity platform is attacked?" in page
    for name in ("Fernleigh", "Dunmere", "Eastwick", "Gravenhurst"):
        assert name in page
    assert "Group NG-ADM off" in page
    assert "Nothing is opened and nobody is told." in page


def test_nothing_is_opened_and_everybody_shown_has_it_recorded(client_of, inside, seal):
    heads = {}
    for slug in ("ashbourne", "fernleigh", "gravenhurst"):
        with inside(slug):
            heads[slug] = events_after(0)["head"]
    assert client_of("ashbourne").get(ADDRESS).status_code == 200
    with inside("ashbourne"):
        seal()
    for slug, heard in (("ashbourne", 1), ("fernleigh", 1), ("gravenhurst", 0)):
        with inside(slug):
            new = events_after(heads[slug])["results"]
        assert [event["kind"] for event in new] == ["estate.read"] * heard, slug
    assert "No incident" in client_of("ashbourne").get("/incidents/").content.decode()


@pytest.mark.parametrize("slug", ["gravenhurst", "dunmere"])
def test_from_a_system_that_is_not_ones_own_nobody_asks(client_of, slug):
    answer = client_of(slug).get(ADDRESS)
    assert answer.status_code == 404
    assert "Identity platform" not in answer.content.decode()


def test_a_responder_does_not_ask(client_of):
    assert client_of("ashbourne", "responder").get(ADDRESS).status_code == 403
