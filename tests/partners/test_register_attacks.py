"""The register against whoever can send any SQL with a valid ticket, and against the author of one's own alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from partners import chores, permitting
from partners.approvals import NotAllowed
from partners.contacts import Said, put
from partners.models import ContactPoint, SharedSystem, WorkItem
from partners.work import settle
from portal import clock
from portal.tenancy.door import ticket_of
from tests.notifications.stage import as_worker
from tests.partners.permitted import approved, asked, own, person, terms
from tests.partners.raw import entered, owner, refused

pytestmark = pytest.mark.django_db
A_SYSTEM = (
    "INSERT INTO partners_sharedsystem (id, slug, name, spoken, description, hosting, status, safety_critical,"
    " cut_stops, account_realms, owner_id) VALUES (gen_random_uuid(), %s, %s, '', '', '', 'live', false, '', '{}', %s)"
    " RETURNING id"
)


def ticket(cast, slug: str, role: str = "incident_manager") -> str:
    return cast.visitor(slug, role, fresh=True).ticket


def system(slug: str) -> str:
    return str(owner("SELECT id FROM partners_sharedsystem WHERE slug = %s", [slug])[0][0])


@pytest.mark.django_db(transaction=True)
def test_a_change_tells_nobody_who_else_stands_there_and_counts_each_readers_own(cast):
    """A participant reads its own row of a system and no other; the record of a change must not list the others."""
    northgate, coldharbour = cast.id("northgate"), cast.id("coldharbour")
    for nth in range(30):
        owner(A_SYSTEM, [f"own-{nth}", f"Own {nth}", northgate])
    seen = "SELECT audience, data ->> 'count' FROM ledger_event WHERE kind = 'register.changed'"
    with entered(ticket(cast, "northgate"), commits=True) as provider:
        provider.execute("UPDATE partners_sharedsystem SET hosting = 'x' WHERE slug = 'file-services'")
    with entered(ticket(cast, "coldharbour")) as council:
        assert council.execute(seen).fetchall() == [([coldharbour], "1")]
        assert refused(council, "SELECT audience FROM partners_change") == "42501"
    with entered(ticket(cast, "northgate"), commits=True) as provider:
        wide = "UPDATE partners_sharedsystem SET hosting = 'y' WHERE slug = 'file-services' OR slug LIKE 'own-%'"
        assert provider.execute(wide).rowcount == 31
        assert [count for (told, count) in provider.execute(seen).fetchall() if told == [northgate]][-1:] == ["31"]
    with entered(ticket(cast, "coldharbour")) as council:
        assert council.execute(seen).fetchall() == [([coldharbour], "1")] * 2
    with entered(ticket(cast, "gravenhurst")) as stranger:
        assert stranger.execute(seen).fetchall() == []


def test_whoever_changed_a_contact_does_not_settle_the_alarm_about_it(inside, cast):
    tom = person(cast, "ashbourne", "responder")
    with inside("ashbourne", "responder", fresh=True):
        put(Said(person_id=tom, kind="email", label="Mine", address="tom@elsewhere.example"),
            organisation_id=cast.id("ashbourne"))  # fmt: skip
        item = WorkItem.objects.get(kind="contact_changed")
        with pytest.raises(NotAllowed, match="Somebody else"):
            settle(item, outcome="It was me, all is well.")
    with inside("ashbourne", "administrator", fresh=True):
        point = ContactPoint.objects.get(address="tom@elsewhere.example")
        put(Said(person_id=tom, kind="email", label="His", address="tom@elsewhere.example"),
            organisation_id=cast.id("ashbourne"), point=point)  # fmt: skip
        with pytest.raises(NotAllowed, match="Somebody else"):
            settle(item, outcome="Renamed.")
    with inside("ashbourne", "responder", fresh=True), pytest.raises(NotAllowed, match="Somebody else"):
        settle(item, outcome="The other one was last.")
    with inside("ashbourne", fresh=True):
        settle(item, outcome="Asked Tom on the telephone: it was meant.")
        item.refresh_from_db()
        assert item.state == "done"


RAISE = "SELECT sec.raise_own_work(%s, %s, 'Nothing to see', '', '/', NULL, NULL)"


def test_nobody_rewrites_or_clears_an_alarm_or_work_that_others_gave(cast):
    """A work item of one's own organisation, raised by a function: its title and page are what the function said."""
    ashbourne = cast.id("ashbourne")
    raised = (
        "INSERT INTO partners_workitem (id, organisation_id, kind, key, title, detail, page, raised_at,"
        " raised_by_organisation_id, state, outcome)"
        " VALUES (gen_random_uuid(), %s, %s, %s, 'Look', '', '/', now(), %s, 'open', '')"
    )
    keys = {"contact_changed": f"contact_changed:{uuid4()}", "link.disputed": f"disputed:{uuid4()}"}
    try:
        owner(raised, [ashbourne, "contact_changed", keys["contact_changed"], ashbourne])
        owner(raised, [ashbourne, "link.disputed", keys["link.disputed"], cast.id("dunmere")])
        for role in ("administrator", "responder"):
            with entered(ticket(cast, "ashbourne", role)) as me:
                for kind, key in keys.items():
                    assert refused(me, RAISE, [kind, key]) == "42501", (role, kind)
                    assert refused(me, RAISE, ["x", key]) == "42501", (role, kind)
                    me.execute("SELECT sec.clear_own_work(%s)", [key])
                left = me.execute("SELECT title, state FROM partners_workitem WHERE key = ANY (%s)", [[*keys.values()]])
                assert left.fetchall() == [("Look", "open")] * 2
    finally:
        owner("DELETE FROM partners_workitem WHERE key = ANY (%s)", [[*keys.values()]])


@pytest.mark.django_db(transaction=True)
def test_a_permission_writes_no_link_that_neither_side_might_write_by_hand(inside, cast):
    """Fernleigh runs a system; Eastwick merely stands on one of Dunmere's. Agreeing between the two opens no walk."""
    ((source,),) = owner(A_SYSTEM, ["fernleigh-own", "Own of Fernleigh", cast.id("fernleigh")])
    ((target,),) = owner(A_SYSTEM, ["dunmere-own", "Own of Dunmere", cast.id("dunmere")])
    owner(
        "INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)"
        " VALUES (gen_random_uuid(), %s, %s, '{}', false, 'live')",
        [cast.id("eastwick"), target],
    )
    with inside("eastwick"):
        said = terms(person(cast, "eastwick"), (target,))
        made = permitting.propose(said, other=cast.id("fernleigh"), side="grantor")
    with inside("fernleigh"):
        assert not SharedSystem.objects.filter(pk=target).exists()
        again = terms(person(cast, "fernleigh"), (target,), from_system=source, link_kind="data_feed")
        permitting.change(made, again, after=1)
    own(inside, cast, made, "eastwick", version=2)
    approved(inside, asked(inside, cast, made, "eastwick"), "fernleigh")
    assert owner("SELECT 1 FROM partners_dependency WHERE source_id = %s", [source]) == []
    with entered(ticket(cast, "fernleigh")) as fernleigh:
        ((walked,),) = fernleigh.execute("SELECT sec.edges_from(ARRAY[%s]::uuid[], 'what-if')::text", [source])
        assert str(target) not in walked
    with inside("dunmere"):
        assert WorkItem.objects.get(kind="permission").title.startswith("Write a link into the register")


@pytest.mark.django_db(transaction=True)
def test_a_chore_that_ran_in_a_future_that_was_none_runs_again(monkeypatch):
    """A clock a year ahead, corrected: nobody waits a year for the next reminder."""
    now = datetime.now(UTC)
    times = [now + timedelta(days=365)]
    monkeypatch.setattr(clock, "now", lambda: times[-1])
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("nightly", lambda at: None, timedelta(days=1)))
    with as_worker():
        assert chores.do_chores() == 8
        times.append(now)
        assert chores.do_chores() == 8
        assert chores.do_chores() == 0


@pytest.mark.django_db(transaction=True)
def test_a_key_writes_in_the_register_by_its_scope_in_the_database_too(cast, owner_url):
    """Whoever steals a narrow key and finds a way past the API still meets its scopes."""
    change = "UPDATE partners_sharedsystem SET hosting = 'x' WHERE slug = 'planning-search'"
    added = (
        "INSERT INTO partners_import (id, organisation_id, kind, state, file_name, read_as, headers, mapping,"
        " row_count, checked_count, counts, uploaded_at, written_count) SELECT gen_random_uuid(), sec.me(), 'systems',"
        " 'matching',"
        " '', 'x', '{}', '{}', 0, 0, '{}', now(), 0"
    )
    for scopes, answers in [(["estate"], ""), (["read", "open", "answer", "suspect"], "refused")]:
        secret = cast.make_key(owner_url, "gravenhurst", scopes).rpartition("_")[2]
        with entered(ticket_of(secret)) as key:
            assert bool(refused(key, change)) is bool(answers), scopes
            assert bool(refused(key, added)) is bool(answers), scopes


def test_an_observer_gives_nobody_work(cast):
    with entered(ticket(cast, "fernleigh", "observer")) as me:
        assert me.execute("SELECT sec.role()").fetchall() == [("observer",)]
        assert refused(me, RAISE, ["x", "x"]) == "42501"
