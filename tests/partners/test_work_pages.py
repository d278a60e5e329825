"""The work list and its cards as people use them: settle, answer, pass on, and what a wrong form says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from partners import cards, chores, work
from partners.models import ReviewCard, WorkItem
from portal import clock
from tests.notifications.stage import as_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dealt(monkeypatch, inside):
    """`dealt("ashbourne")`: the one card that its chore deals today."""
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("cards", cards.deal, timedelta(days=1)))

    def deal(slug):
        with as_worker():
            chores.do_chores()
        with inside(slug):
            return ReviewCard.objects.select_related("person").get(state="open")

    return deal


def raised(inside, slug="ashbourne", **more):
    with inside(slug):
        return work.raise_own("x", more.pop("key", "x"), more.pop("title", "Ring the alarm centre"), **more)


def test_work_is_listed_due_first_with_one_button_each_and_settled(inside, client_of):
    raised(inside, key="b", title="Without a date")
    item = raised(inside, page="/systems/telephony/", due=datetime.now(UTC) - timedelta(days=1))
    client = client_of("ashbourne", "responder")
    page = client.get("/work/").content.decode()
    assert page.index("Ring the alarm centre") < page.index("Without a date")
    assert 'href="/systems/telephony/"' in page
    assert "Overdue since" in page
    assert '<span class="count">2<' in page
    refused = client.post(f"/work/{item}/settle/", {"outcome": " ", "act": "done"})
    assert refused.status_code == 422
    assert "Write in a few words what came of it." in refused.content.decode()
    assert client.post(f"/work/{item}/settle/", {"outcome": "Rang them", "act": "drop"}).status_code == 302
    page = client.get("/work/").content.decode()
    assert "Not needed: Rang them" in page
    again = client.post(f"/work/{item}/settle/", {"outcome": "Twice", "act": "done"})
    assert (again.status_code, "Somebody settled it already." in again.content.decode()) == (409, True)
    with inside("ashbourne"):
        assert WorkItem.objects.get(pk=item).state == "dropped"


def test_a_page_outside_is_no_button(inside, client_of):
    raised(inside, page="//elsewhere.example/")
    assert "elsewhere.example" not in client_of("ashbourne").get("/work/").content.decode()


def test_an_observer_reads_and_settles_nothing_and_a_stranger_sees_nothing(inside, client_of):
    item = raised(inside, "fernleigh")
    page = client_of("fernleigh", "observer").get("/work/").content.decode()
    assert "Ring the alarm centre" in page
    assert "What came of it?" not in page
    assert client_of("fernleigh", "observer").post(f"/work/{item}/settle/", {"outcome": "x"}).status_code == 403
    assert "Ring the alarm centre" not in client_of("gravenhurst").get("/work/").content.decode()
    assert client_of("gravenhurst").post(f"/work/{item}/settle/", {"outcome": "x"}).status_code == 404


def test_the_number_of_items_does_not_matter(inside, client_of):
    client = client_of("ashbourne")

    def queries():
        client.get("/work/")
        with CaptureQueriesContext(connections["default"]) as caught:
            client.get("/work/")
        return len(caught)

    few = queries()
    for n in range(12):
        raised(inside, key=str(n), title=f"Item {n}")
    assert queries() == few


def role_of(card):
    return card.person.role


def test_a_yes_is_one_tap_and_the_second_reads_who_was_first(dealt, client_of):
    card = dealt("fernleigh")
    client = client_of("fernleigh", role_of(card))
    page = client.get("/work/").content.decode()
    assert "Asked of you" in page
    assert "Archive of 2006: Fernleigh left in 2017 and is still connected." in page
    answered = client.post(f"/work/cards/{card.pk}/answer/", {"answer": "yes"}, follow=True).content.decode()
    assert f"next asked in {datetime.now(UTC):%B} {datetime.now(UTC).year + 1}" in answered
    assert "Last checked: – → <strong>" in answered
    second = client_of("fernleigh", "responder")
    late = second.post(f"/work/cards/{card.pk}/answer/", {"answer": "yes"}, follow=True).content.decode()
    assert f"Already answered by {card.person.name}" in late
    assert client_of("gravenhurst").get(f"/work/cards/{card.pk}/").status_code == 404
    assert client_of("gravenhurst").post(f"/work/cards/{card.pk}/answer/", {"answer": "yes"}).status_code == 404


def test_a_no_wants_words_and_keeps_what_was_typed(dealt, client_of, inside):
    card = dealt("gravenhurst")
    client = client_of("gravenhurst", "responder")
    assert "Asked of colleagues (1)" in client.get("/work/").content.decode()
    address = f"/work/cards/{card.pk}/answer/"
    for said, words in (
        ({"answer": "maybe"}, "Choose one of the answers."),
        ({"answer": "no", "words": "It is all new"}, "Choose what is different."),
        ({"answer": "no", "what": "fallback"}, "Say it in a few words."),
        ({"answer": "passed", "person": "x"}, "Choose who can answer it."),
        ({"answer": "no", "what": "other", "words": "a\0b"}, "without odd signs"),
        ({"answer": "no", "what": "other", "words": "a" * 2001}, "at most 2000"),
    ):
        refused = client.post(address, said)
        assert (refused.status_code, words in refused.content.decode()) == (422, True), said
    typed = client.post(address, {"answer": "no", "words": "It is all new"}).content.decode()
    assert ">It is all new</textarea>" in typed
    done = client.post(address, {"answer": "no", "what": "fallback", "words": "Radios"}, follow=True).content.decode()
    assert "Falls back on: Offline pack and telephone list → <strong>Radios" in done
    with inside("gravenhurst"):
        assert ReviewCard.objects.get(pk=card.pk).state == "no"


def test_a_card_passed_on_is_on_the_others_list(dealt, client_of, cast):
    card = dealt("fernleigh")
    client = client_of("fernleigh", role_of(card))
    zofia = next(pk for pk, name, _ in cast["fernleigh"].people if name == "Zofia Nowak")
    said = {"answer": "passed", "person": str(zofia)}
    done = client.post(f"/work/cards/{card.pk}/answer/", said, follow=True).content.decode()
    assert "Passed on to Zofia Nowak." in done
    assert "Asked of you" in client_of("fernleigh", "responder").get("/work/").content.decode()


def test_now_is_the_portals_clock(monkeypatch, client_of, inside):
    raised(inside, due=datetime(2030, 1, 1, tzinfo=UTC))
    assert "Overdue since" not in client_of("ashbourne").get("/work/").content.decode()
    monkeypatch.setattr(clock, "now", lambda: datetime(2030, 1, 2, tzinfo=UTC))
    assert "Overdue since" in client_of("ashbourne").get("/work/").content.decode()
