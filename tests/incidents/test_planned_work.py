"""Planned work: who may announce it, whom it reaches, who answers, how it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connections

from incidents import planned
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.estate import Edge, Estate, Organisation, Stand, System
from incidents.models import Duty, Incident, PlannedChange, PlannedSide, PlannedSystem, PlannedWork, Task
from incidents.planned import Announcement
from incidents.stopping import stopped
from partners.models import ContactPoint
from portal import clock
from portal.ledger.models import Event
from tests.api.asking import opened

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def said(**changes) -> Announcement:
    """Northgate works on the identity platform tomorrow."""
    begins = clock.now() + 24 * HOUR
    given = {
        "title": "New version of the directory",
        "systems": ("identity-platform",),
        "starts_at": begins,
        "ends_at": begins + 2 * HOUR,
        "stops": "Signing in to everything",
        "ask": "Night desk, 01632 960100",
        "once": uuid4(),
    }
    return Announcement(**{**given, **changes})


def announced(cast, inside, seal, **changes) -> PlannedWork:
    with inside("northgate"):
        work = planned.announce(said(**changes), me=cast.id("northgate"))
        seal()
        return work


def set_back(owner_url: str, work: PlannedWork, **columns) -> None:
    """As the owner: the tests cannot wait for tomorrow. For tests that commit."""
    with psycopg.connect(owner_url) as connection:
        for name, value in columns.items():
            connection.execute(f"UPDATE incidents_plannedwork SET {name} = %s WHERE id = %s", [value, work.pk])


# Whom it reaches


def test_only_what_cannot_work_without_the_system_stops():
    """A made-up estate: B carries on A, C merely trusts A, D is cut off from A at both ends."""
    a, b, c, d = (System(uuid4(), name, name.upper(), None, "", None) for name in "abcd")
    one, two, three, four = (
        Organisation(uuid4(), name, name.title(), "council") for name in ("one", "two", "three", "four")
    )
    estate = Estate(
        organisations=(one, two, three, four),
        systems=(a, b, c, d),
        edges=(
            Edge(uuid4(), a.id, b.id, "hosting", carries=True, barrier="tested"),
            Edge(uuid4(), a.id, c.id, "identity_trust"),
            Edge(uuid4(), a.id, d.id, "hosting", carries=True, cut_source=True, cut_target=True),
        ),
        stands=tuple(Stand(system.id, who.id) for system, who in ((a, one), (b, two), (c, three), (d, four))),
    )
    found = stopped(estate, [a.id], apart_from=uuid4())
    assert [(each.name, each.because) for each in found] == [
        ("One", "One uses A."),
        ("Two", "Two uses B, which cannot work without A."),
    ]


def test_the_database_and_the_preview_reach_the_same(cast, inside, seal):
    work = announced(cast, inside, seal)
    with inside("northgate"):
        shown = [each.name for each in planned.reached_by(["identity-platform"], me=cast.id("northgate"))]
        kept = list(PlannedSide.objects.filter(work=work).values_list("name", flat=True))
    assert sorted(shown) == sorted(kept)
    assert {"Ashbourne", "Brackenfield", "Coldharbour"} <= {name.split()[0] for name in kept}
    assert not any(name.startswith(("Northgate", "Gravenhurst")) for name in kept)


def test_every_system_of_the_register_gives_the_same_in_both_walks(cast, inside):
    """Wherever Northgate may announce, what Python shows is exactly what the database takes."""
    with inside("northgate"):
        for system in planned.may_be_worked_on(cast.id("northgate")):
            work = planned.announce(said(systems=(system.slug,)), me=cast.id("northgate"))
            assert work.status == "announced", system.slug


# Who may


def test_only_whoever_hosts_or_administers_announces(cast, inside):
    with (
        inside("ashbourne"),
        pytest.raises(NotYours, match=r"Only whoever hosts or administers Identity platform.*Northgate"),
    ):
        planned.announce(said(), me=cast.id("ashbourne"))
    with inside("gravenhurst"), pytest.raises(Invalid, match="No system of this name"):
        planned.announce(said(), me=cast.id("gravenhurst"))
    with inside("ashbourne", "observer"), pytest.raises(NotYours):
        planned.announce(said(systems=("telecare-alarms",)), me=cast.id("ashbourne"))


def test_plain_sql_announces_no_more_than_the_code(cast, inside):
    """Somebody else's system, somebody who is not reached, and the tables themselves."""
    ask = "SELECT sec.announce_planned(gen_random_uuid(), 'PLN-222222', 'x', 'x', '', 'x', %s, %s, %s, %s::jsonb)"
    begins = clock.now() + HOUR
    with inside("northgate"):
        planned.announce(said(), me=cast.id("northgate"))
        system = PlannedSystem.objects.get().system_id
        reached = (
            "{"
            + ", ".join(f'"{pk}": "x"' for pk in PlannedSide.objects.values_list("organisation_id", flat=True))
            + "}"
        )
    attempts = [
        ("ashbourne", ask, [begins, begins + HOUR, [system], reached]),
        ("northgate", ask, [begins, begins + HOUR, [system], f'{{"{cast.id("gravenhurst")}": "x"}}']),
        ("northgate", ask, [begins, begins + HOUR, [system], "{}"]),
        ("northgate", ask, [begins, begins - HOUR, [system], reached]),
        ("northgate", ask, [begins - 5 * HOUR, begins, [system], reached]),
        ("northgate", ask, [begins, begins + 500 * HOUR, [system], reached]),
        ("northgate", "UPDATE incidents_plannedside SET answer = 'known'", []),
        ("northgate", "DELETE FROM incidents_plannedchange", []),
        ("ashbourne", "INSERT INTO incidents_plannedsystem SELECT * FROM incidents_plannedsystem", []),
    ]
    for slug, statement, values in attempts:
        with inside(slug), connections["default"].cursor() as cursor:
            cursor.execute("SAVEPOINT tried")
            with pytest.raises(
                Exception, match=r"hosts or administers|has changed meanwhile|starts from now on|denied"
            ):
                cursor.execute(statement, values)
            cursor.execute("ROLLBACK TO tried")


# Who sees


def test_the_stranger_sees_nothing_and_the_reached_see_their_own_side_alone(cast, inside, seal):
    work = announced(cast, inside, seal)
    tables = (PlannedWork, PlannedSystem, PlannedSide, PlannedChange)
    with inside("gravenhurst"):
        assert [table.objects.count() for table in tables] == [0, 0, 0, 0]
        assert not Event.objects.filter(kind__startswith="planned.").exists()
    with inside("brackenfield"):
        assert [table.objects.count() for table in tables] == [1, 1, 1, 1]
        assert PlannedSide.objects.get().organisation_id == cast.id("brackenfield")
        events = Event.objects.filter(kind="planned.announced")
        assert [each.data["organisation"] for each in events] == ["brackenfield"]
        assert str(cast.id("ashbourne")) not in str([each.audience for each in events])
        assert planned.told(work) == {}
    with inside("northgate"):
        assert (
            PlannedSide.objects.count() == 3
        )  # the partnership says so: A, B and C stand on it and on what it carries


def test_it_is_no_incident_and_starts_nothing(cast, inside, seal):
    """No duty, no task, no mark on a contact point, no incident, no participant anywhere."""

    def all_of_it() -> list[object]:
        return [
            Incident.objects.count(), Task.objects.count(), Duty.objects.count(),
            sorted(ContactPoint.objects.values_list("pk", "trust", "trust_because")),
        ]  # fmt: skip

    with inside("ashbourne"):
        before = all_of_it()
    announced(cast, inside, seal)
    with inside("ashbourne"):
        assert all_of_it() == before


# Answering


def test_known_objected_and_silent_are_three_things(cast, inside, seal):
    work = announced(cast, inside, seal)
    with inside("ashbourne"):
        assert planned.answer(work, say="known") is True
        assert planned.answer(work, say="known") is False  # pressed twice
    with inside("brackenfield"):
        with pytest.raises(WrongMoment, match="object and say why"):
            planned.answer(work, say="objects", why="  ")
        planned.answer(work, say="objects", why="Count night")
        seal()
    with inside("northgate"):
        says = dict(PlannedSide.objects.values_list("slug", "answer"))
        assert (says["ashbourne"], says["brackenfield"], says["coldharbour"]) == ("known", "objects", "")
        assert PlannedSide.objects.get(slug="brackenfield").reason == "Count night"
        assert PlannedWork.objects.get().status == "announced"  # an objection stops nothing by itself
        with pytest.raises(NotYours):
            planned.answer(work, say="known")  # whoever announces it answers for nobody
    with inside("coldharbour"):
        assert not PlannedSide.objects.filter(answer="objects").exists()
        assert not Event.objects.filter(kind="planned.answered").exists()
    with inside("gravenhurst"), pytest.raises(NotYours):
        planned.answer(work, say="known")


def test_an_answer_holds_for_the_times_that_it_was_given_for(cast, inside, seal):
    work = announced(cast, inside, seal)
    with inside("ashbourne"):
        planned.answer(work, say="known")
        assert planned.to_answer(cast.id("ashbourne")) == []
    with inside("northgate"):
        later = work.starts_at + 48 * HOUR
        with pytest.raises(WrongMoment, match="Say why"):
            planned.move(work, act="moved", starts_at=later, ends_at=later + HOUR)
        assert planned.move(work, act="moved", words="Parts are late", starts_at=later, ends_at=later + HOUR) is True
        assert planned.move(work, act="moved", words="Parts are late", starts_at=later, ends_at=later + HOUR) is False
    with inside("ashbourne"):
        assert [side.work_id for side in planned.to_answer(cast.id("ashbourne"))] == [work.pk]
        assert list(PlannedChange.objects.values_list("what", "words")) == [
            ("announced", ""),
            ("moved", "Parts are late"),
        ]


# How it goes on


def test_it_never_begins_before_it_was_announced_for(cast, inside, seal):
    work = announced(cast, inside, seal)
    with inside("northgate"):
        with pytest.raises(WrongMoment, match="announced for later"):
            planned.move(work, act="started")
        for act in ("extended", "finished"):
            with pytest.raises(WrongMoment, match="does not follow now"):
                planned.move(work, act=act, words="x", ends_at=work.ends_at + HOUR)
    with inside("ashbourne"), pytest.raises(NotYours):
        planned.move(work, act="cancelled", words="x")
    with inside("northgate"):
        assert planned.move(work, act="cancelled", words="Too many objections") is True
        assert planned.move(work, act="cancelled", words="again") is False
        with pytest.raises(WrongMoment, match="called off"):
            planned.move(work, act="started")
    with inside("ashbourne"), pytest.raises(WrongMoment, match="over"):
        planned.answer(work, say="known")


@pytest.mark.django_db(transaction=True)
def test_it_starts_takes_longer_and_ends_and_each_is_said_on(cast, inside, owner_url, client_of):
    with inside("northgate"):
        work = planned.announce(said(), me=cast.id("northgate"))
    set_back(owner_url, work, starts_at=clock.now() - HOUR, ends_at=clock.now() + HOUR)
    with inside("northgate"):
        work.refresh_from_db()
    assert "Late: announced for" in client_of("ashbourne").get(f"/incidents/planned/{work.reference}/").content.decode()
    longer = clock.now() + 5 * HOUR
    with inside("northgate"):
        assert planned.move(work, act="started") is True
        assert planned.move(work, act="started") is False
        with pytest.raises(WrongMoment, match="does not follow"):
            planned.move(work, act="moved", words="x", starts_at=longer, ends_at=longer + HOUR)
        assert planned.move(work, act="extended", words="A disk is slow", ends_at=longer) is True
    page = client_of("ashbourne").get(f"/incidents/planned/{work.reference}/").content.decode()
    assert "Under way" in page
    assert "A disk is slow" in page
    with inside("northgate"):
        assert planned.move(work, act="finished") is True
        assert planned.move(work, act="finished") is False
    with inside("ashbourne"):
        assert list(PlannedChange.objects.values_list("what", flat=True)) == [
            "announced",
            "started",
            "extended",
            "finished",
        ]
        kinds = list(Event.objects.filter(kind__startswith="planned.").order_by("pos").values_list("kind", flat=True))
        assert kinds == ["planned.announced", "planned.started", "planned.extended", "planned.finished"]


# Pressed twice, killed half-way


def test_pressed_twice_it_is_one_announcement(cast, inside):
    once = said()
    with inside("northgate"):
        first = planned.announce(once, me=cast.id("northgate"))
        again = planned.announce(once, me=cast.id("northgate"))
        assert first.reference == again.reference
        assert PlannedWork.objects.count() == 1
        assert PlannedChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_nothing_is_there_and_the_same_form_works_again(cast, inside):
    once = said()

    def killed() -> None:
        with inside("northgate"):
            planned.announce(once, me=cast.id("northgate"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    with inside("northgate"):
        assert not PlannedWork.objects.exists()
        planned.announce(once, me=cast.id("northgate"))
    with inside("ashbourne"):
        assert PlannedWork.objects.count() == 1


def test_twenty_announcements_a_day_are_enough(cast, inside):
    with inside("northgate"):
        for _ in range(20):
            planned.announce(said(systems=("telephony",)), me=cast.id("northgate"))
        with pytest.raises(Invalid, match="within a day"):
            planned.announce(said(systems=("telephony",)), me=cast.id("northgate"))


def test_the_same_form_with_something_else_in_it_is_refused(cast, inside):
    once = said()
    with inside("northgate"):
        work = planned.announce(once, me=cast.id("northgate"))
        for changes in (
            {"title": "Another"}, {"stops": "Printing"}, {"fallback": "Paper"}, {"ask": "Nobody"},
            {"ends_at": once.ends_at + HOUR}, {"systems": ("telephony",)},
        ):  # fmt: skip
            with pytest.raises(Invalid, match=f"already announced as {work.reference}"):
                planned.announce(replace(once, **changes), me=cast.id("northgate"))
        planned.move(work, act="cancelled", words="Not needed")
        with pytest.raises(Invalid, match="open a new form"):
            planned.announce(once, me=cast.id("northgate"))


def test_ten_changes_of_the_times_a_day_are_enough(cast, inside, seal):
    work = announced(cast, inside, seal)

    def moved(nth: int) -> bool:
        begins = work.starts_at + nth * HOUR
        return planned.move(work, act="moved", words="x", starts_at=begins, ends_at=begins + HOUR)

    with inside("northgate"):
        assert all(moved(nth) for nth in range(1, 11))
        with pytest.raises(WrongMoment, match="ten times within a day"):
            moved(11)
        assert planned.move(work, act="cancelled", words="Enough") is True


def test_a_reason_has_at_most_500_signs(cast, inside):
    ask = "SELECT sec.announce_planned(gen_random_uuid(), 'PLN-222227', 'x', 'x', '', 'x', %s, %s, %s, %s::jsonb)"
    begins = clock.now() + HOUR
    with inside("northgate"), connections["default"].cursor() as cursor:
        planned.announce(said(), me=cast.id("northgate"))
        reasons = {str(pk): "x" * 501 for pk in PlannedSide.objects.values_list("organisation_id", flat=True)}
        values = [begins, begins + HOUR, [PlannedSystem.objects.get().system_id]]
        cursor.execute("SAVEPOINT tried")
        with pytest.raises(Exception, match="at most 500"):
            cursor.execute(ask, [*values, json.dumps(reasons)])
        cursor.execute("ROLLBACK TO tried")
        cursor.execute(ask, [*values, json.dumps(dict.fromkeys(reasons, "x" * 500))])


@pytest.mark.django_db(transaction=True)
def test_who_denies_to_stand_on_a_system_is_not_reached(cast, inside, owner_url):
    with psycopg.connect(owner_url) as connection:
        connection.execute("ALTER TABLE partners_participation DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE partners_participation SET denied_at = now(), confirmed_at = NULL WHERE organisation_id = %s",
            [cast.id("coldharbour")],
        )
        connection.execute("ALTER TABLE partners_participation ENABLE TRIGGER USER")
    with inside("northgate"):
        assert "Coldharbour" not in {each.name.split()[0] for each in reached(cast)}
        planned.announce(said(), me=cast.id("northgate"))
        assert set(PlannedSide.objects.values_list("slug", flat=True)) == {"ashbourne", "brackenfield"}


def reached(cast):
    return planned.reached_by(["identity-platform"], me=cast.id("northgate"))


@pytest.mark.django_db(transaction=True)
def test_work_that_never_began_leaves_a_day_after_its_end(cast, inside, owner_url, api_of):
    with inside("northgate"):
        work, newer = (planned.announce(said(), me=cast.id("northgate")) for _ in range(2))
    incident = opened(api_of("ashbourne"))
    for ended, cards, lines in ((23 * HOUR, [newer.pk, work.pk], [work.pk]), (25 * HOUR, [newer.pk], [])):
        set_back(owner_url, work, starts_at=clock.now() - ended - HOUR, ends_at=clock.now() - ended)
        with inside("ashbourne"):
            assert [side.work_id for side in planned.to_answer(cast.id("ashbourne"))] == cards
            board = Incident.objects.get(reference=incident["reference"])
            assert [each.pk for each in planned.beside(board, now=clock.now())] == lines
