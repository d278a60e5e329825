"""Is this still true? A year of cards by the clock, and what each answer changes."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connections

from partners import cards, chores
from partners.approvals import NotAllowed
from partners.models import Change, Dependency, Participation, Person, ReviewCard, WorkItem
from portal import clock
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
COUNCIL = "Fernleigh"


class Clock:
    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at


@pytest.fixture
def moved(monkeypatch):
    moving = Clock(datetime(2027, 1, 1, 9, tzinfo=UTC))
    monkeypatch.setattr(clock, "now", moving)
    return moving


@pytest.fixture
def dealing(monkeypatch):
    """Only the chore that deals."""
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("cards", cards.deal, timedelta(days=1)))

    def days(moving, n):
        with as_worker():
            for _ in range(n):
                chores.do_chores()
                moving.at += timedelta(days=1)

    return days


def owner(url, sql, *parameters):
    with psycopg.connect(url) as connection:
        found = connection.execute(sql, parameters)
        return found.fetchall() if found.description else []


CARDS = (
    "SELECT o.slug, p.name, p.role, p.break_glass, c.dealt_at, c.kind, c.object_id, c.state"
    " FROM partners_reviewcard c JOIN partners_organisation o ON o.id = c.organisation_id"
    " JOIN partners_person p ON p.id = c.person_id ORDER BY c.dealt_at, c.place"
)


@pytest.mark.timeout(240)  # seven seconds alone; others may share the machine
def test_a_year_of_days(moved, dealing, owner_url):
    # Dunmere has an incident from March to May; nothing else happens to anybody.
    dealing(moved, 59)
    incident = Stage().opens("dunmere", systems=("finance-ledger",))
    inside = {slug for (slug,) in owner(owner_url, "SELECT p.slug FROM incidents_participant p")}
    assert {"dunmere", "eastwick"} <= inside
    began = moved.at
    dealing(moved, 61)
    assert "gravenhurst" not in inside
    ended = moved.at
    closed = "UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now() WHERE id = %s"
    owner(owner_url, closed, incident.pk)
    dealing(moved, 245)
    rows = owner(owner_url, CARDS)
    assert rows, "nothing was dealt"
    a_month = Counter((slug, name, at.strftime("%Y-%m")) for slug, name, _, _, at, *_ in rows)
    assert max(a_month.values()) == 3
    assert {role for _, _, role, *_ in rows} == {"administrator", "incident_manager"}
    assert not any(glass for _, _, _, glass, *_ in rows)
    assert not [slug for slug, _, _, _, at, *_ in rows if slug in inside and began <= at < ended]
    assert [slug for slug, _, _, _, at, *_ in rows if slug == "gravenhurst"]
    # Nobody has answered and nothing has changed: no fact was asked twice.
    asked = Counter((slug, kind, pk) for slug, *_, kind, pk, _ in rows)
    assert set(asked.values()) == {1}
    # Two people or more have places for 72 facts a year: every fact that nobody has looked at was asked.
    stands = owner(
        owner_url,
        "SELECT o.slug, p.id FROM partners_participation p JOIN partners_organisation o ON o.id = p.organisation_id",
    )
    contacts = owner(
        owner_url,
        "SELECT o.slug, c.id FROM partners_contactpoint c JOIN partners_organisation o ON o.id = c.organisation_id"
        " WHERE c.is_active",
    )
    wanted = {(slug, "participation", pk) for slug, pk in stands} | {(slug, "contact", pk) for slug, pk in contacts}
    assert wanted <= set(asked)
    # Links that were looked at in June 2026 come again after June 2027, and after everything that never was.
    links = owner(owner_url, "SELECT d.id, d.reviewed_on FROM partners_dependency d WHERE d.reviewed_on IS NOT NULL")
    seen_on = dict(links)
    first = defaultdict(list)
    for slug, _, _, _, at, kind, pk, _ in rows:
        if kind == "link" and pk in seen_on:
            first[slug].append((at.date(), seen_on[pk]))
    assert first
    for dealt in first.values():
        assert all(at >= seen.replace(year=seen.year + 1) for at, seen in dealt)
        assert [seen for _, seen in sorted(dealt)] == sorted(seen for _, seen in dealt)


@pytest.fixture
def one_card(moved, dealing, inside):
    """The first cards of everybody, dealt today."""
    moved.at = datetime.now(UTC)
    dealing(moved, 1)
    with inside("fernleigh"):
        return ReviewCard.objects.get()


def test_a_yes_is_dated_and_shows_in_the_history(one_card, inside, cast):
    assert cards.sentence(one_card, COUNCIL) == "Archive of 2006: Fernleigh left in 2017 and is still connected."
    with inside("fernleigh"):
        assert cards.answer(one_card, "yes") == "yes"
    with inside("fernleigh", "responder"):
        assert cards.answer(one_card, "yes") == "already"
        one_card.refresh_from_db()
        assert one_card.answered_by.name == "Martin Keel"
        today = datetime.now(UTC)
        assert cards.outcome(one_card) == f"Confirmed, next asked in {today:%B} {today.year + 1}."
        change = Change.objects.get(pk=one_card.change_id)
        assert (change.kind, change.after["reviewed_on"]) == ("review", f"{today:%Y-%m-%d}")
    with inside("northgate"):
        assert not Change.objects.filter(pk=change.pk).exists()
        assert not ReviewCard.objects.filter(organisation=cast.id("fernleigh")).exists()
        with pytest.raises(NotAllowed, match="Not a card of yours"):
            cards.answer(one_card, "yes")


def test_a_no_about_oneself_changes_the_register(moved, dealing, inside):
    moved.at = datetime.now(UTC)
    dealing(moved, 1)
    with inside("gravenhurst"):
        card = ReviewCard.objects.get()
        stand = Participation.objects.get(pk=card.object_id)
        assert stand.status == "live"
        with pytest.raises(NotAllowed, match="Say it in a few words"):
            cards.answer(card, "no", what="fallback", words=" ")
        assert cards.answer(card, "no", what="fallback", words="Radios in the van") == "no"
        stand.refresh_from_db()
        assert stand.fallback == "Radios in the van"
        card.refresh_from_db()
        assert Change.objects.get(pk=card.change_id).after["fallback"] == "Radios in the van"
        assert not card.work_raised
    dealing(moved, 40)  # what was just said is not asked again
    with inside("gravenhurst"):
        assert ReviewCard.objects.filter(object_id=stand.pk).count() == 1


def test_leaving_by_a_card_makes_no_radius_smaller(moved, dealing, inside):
    moved.at = datetime.now(UTC)
    dealing(moved, 1)
    with inside("gravenhurst"):
        card = ReviewCard.objects.get()
        cards.answer(card, "no", what="left")
        assert Participation.objects.get(pk=card.object_id).status == "left_connected"


def test_a_no_about_anothers_becomes_their_work_and_nobody_elses(one_card, inside):
    with inside("fernleigh"):
        assert cards.answer(one_card, "no", what="other", words="We had it cut in 2019") == "no"
        assert not WorkItem.objects.exists()
    with inside("northgate"):
        item = WorkItem.objects.get(kind="not_true")
        assert item.title == "Archive of 2006: not as recorded"
        assert item.detail == "Fernleigh says: We had it cut in 2019"
        assert item.page == "/systems/archive-2006/"
    for slug in ("ashbourne", "dunmere", "gravenhurst"):
        with inside(slug):
            assert not WorkItem.objects.exists(), slug


def test_not_mine_goes_to_a_colleague_and_takes_one_of_their_places(one_card, inside, owner_url):
    with inside("fernleigh", "responder"):
        people = {person.name: person for person in cards.may_be_asked()}
        assert set(people) == {"Martin Keel", "Zofia Nowak", "Simon Achebe"}  # no observer
        observer = Person.objects.get(role="observer")
        with pytest.raises(NotAllowed, match="Choose somebody else"):
            cards.answer(one_card, "passed", person=observer.pk)
        with pytest.raises(NotAllowed, match="Choose somebody else"):
            cards.answer(one_card, "passed", person=None)
        assert cards.answer(one_card, "passed", person=people["Zofia Nowak"].pk) == "passed"
        again = ReviewCard.objects.get(state="open")
        assert (again.person.name, again.place, again.fact) == ("Zofia Nowak", 1, one_card.fact)
    fill = (
        "INSERT INTO partners_reviewcard (id, organisation_id, person_id, month, place, kind, object_id, fact,"
        " dealt_at, state, words, work_raised) SELECT gen_random_uuid(), organisation_id, %s, month, n, 'contact',"
        " gen_random_uuid(), '{}', now(), 'yes', '', false FROM partners_reviewcard, generate_series(1, 3) n"
        " WHERE id = %s"
    )
    keel = people["Martin Keel"].pk
    owner(owner_url, "DELETE FROM partners_reviewcard WHERE person_id = %s", keel)
    owner(owner_url, fill, keel, again.pk)
    with inside("fernleigh", "responder"), pytest.raises(NotAllowed, match="three this month already"):
        cards.answer(again, "passed", person=keel)
    with pytest.raises(psycopg.errors.CheckViolation, match="card_three_a_month"):
        owner(owner_url, "UPDATE partners_reviewcard SET place = 4 WHERE person_id = %s AND place = 1", keel)


def test_what_changed_meanwhile_is_not_confirmed_and_asked_again(one_card, moved, dealing, inside, owner_url):
    owner(owner_url, "UPDATE partners_participation SET left_on = '2018-01-01' WHERE id = %s", one_card.object_id)
    with inside("fernleigh"):
        assert cards.answer(one_card, "yes") == "changed"
        one_card.refresh_from_db()
        assert one_card.state == "lapsed"
    dealing(moved, 2)
    with inside("fernleigh"):
        again = ReviewCard.objects.get(object_id=one_card.object_id, state="open")
        assert "left in 2018" in cards.sentence(again, COUNCIL)


def test_a_link_says_who_looked_at_it(moved, dealing, inside, owner_url):
    owner(owner_url, "UPDATE partners_dependency SET reviewed_on = NULL, reviewed_by = ''")
    moved.at = datetime.now(UTC)
    dealing(moved, 14)
    with inside("eastwick"):
        card = ReviewCard.objects.get(kind="link")
        assert cards.sentence(card, "Eastwick").startswith("Finance ledger leads to Housing by data feed")
        assert cards.answer(card, "yes") == "yes"
        edge = Dependency.objects.get(pk=card.object_id)
        assert (edge.reviewed_on, edge.reviewed_by) == (datetime.now(UTC).date(), "Farah Siddiqui, Eastwick")
        card.refresh_from_db()
        assert Change.objects.get(pk=card.change_id).kind == "link"


def test_an_observer_answers_nothing(one_card, inside):
    with inside("fernleigh", "observer"), pytest.raises(NotAllowed, match="An observer"):
        cards.answer(one_card, "yes")


def at_once(works):
    """Each in a thread of its own with connections of its own; what each answered."""
    came, gate = [], threading.Barrier(len(works))

    def run(work):
        try:
            gate.wait(10)
            came.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(each,)) for each in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


def test_two_at_once_answer_once(one_card, inside):
    def answers(role):
        def work():
            with inside("fernleigh", role):
                return cards.answer(one_card, "yes")

        return work

    assert sorted(at_once([answers("incident_manager"), answers("responder")])) == ["already", "yes"]


def test_dealers_at_once_never_deal_a_fourth(owner_url):
    """Eight jobs of one organisation at the same time, again and again: two people, three places each."""
    ids = owner(owner_url, "SELECT id FROM partners_organisation WHERE slug = 'gravenhurst'")

    def deals():
        with psycopg.connect(owner_url) as connection:
            connection.execute("SELECT sec.enter(%s)", [ids[0][0]])
            return connection.execute("SELECT sec.deal_card('2027-02-03T09:00Z')").fetchone()[0]

    for _ in range(2):
        at_once([deals] * 5)
    rows = owner(
        owner_url,
        "SELECT p.name, c.place FROM partners_reviewcard c JOIN partners_person p ON p.id = c.person_id ORDER BY 1, 2",
    )
    assert rows == [(name, place) for name in ("Callum Reid", "Laura Finch") for place in (1, 2, 3)]
