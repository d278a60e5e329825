"""A permission excuses nothing and hides nothing: no radius changes by it; the link behind it is a fact that stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from incidents.blast_radius import blast_radius
from incidents.frozen import frozen
from incidents.register import walkable_estate
from partners import permissions, permitting
from partners.models import Dependency, SharedSystem, WorkItem
from partners.next_door import slugs_next_door
from partners.permissions import State
from portal import clock
from tests.partners.permitted import approved, asked, in_force, own, person, proposed, seen, terms

pytestmark = pytest.mark.django_db

LAPSED = "Ashbourne nightly backup to Coldharbour file-02"


def system(slug):
    return SharedSystem.objects.get(slug=slug).pk


def radii(inside, cast, day):
    """The whole document from every start of the demonstration, by whoever may name it."""
    found = {}
    for slug in cast.members:
        with inside(slug):
            for start in SharedSystem.objects.all():
                if start.slug not in found:
                    estate = walkable_estate([start.pk], reason="what-if")
                    found[start.slug] = frozen(estate, blast_radius(estate, on=day, starts=[start.pk]))
    return found


def test_no_radius_changes_when_a_permission_is_approved_lapses_is_refused_or_ends(inside, cast, monkeypatch):
    day, real = clock.now().date(), clock.now
    before = radii(inside, cast, day)
    assert len(before) == 16
    made = proposed(inside, cast)
    assert radii(inside, cast, day) == before
    approved(inside, asked(inside, cast, made))
    assert radii(inside, cast, day) == before
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=200))
    with inside("ashbourne"):
        assert seen(made).state is State.LAPSED
    assert radii(inside, cast, day) == before
    monkeypatch.setattr(clock, "now", real)
    with inside("coldharbour", fresh=True):
        permitting.end(made, because="Not used any more")
    other = proposed(inside, cast, name="Another")
    with inside("coldharbour", fresh=True):
        permitting.refuse(other, version=1, because="No")
    assert radii(inside, cast, day) == before


def test_the_lapsed_permission_of_the_demonstration_is_there_and_the_path_too(inside, cast):
    with inside("ashbourne"):
        (each,) = [one for one in permissions.own() if one.name == LAPSED]
        assert (each.state, each.expires_on) == (State.LAPSED, date(2026, 9, 30))
        (said,) = permissions.said_of_accounts(["svc-backup@ashbourne"], permissions.known())
        assert said.startswith(
            "A permission covered this account until 30 September 2026; it has lapsed and excuses nothing."
        )
        estate = walkable_estate([system("file-services")], reason="what-if")
        radius = blast_radius(estate, on=clock.now().date(), starts=[system("file-services")])
        reached = {each.organisation for each in radius.organisations}
    assert {cast.id(slug) for slug in ("coldharbour", "dunmere", "eastwick", "fernleigh")} <= reached


def linked(inside, cast, grantor, grantee, source, target, kind="data_feed"):
    """A permission of `grantor` for `grantee`, in force, that has the link written down; its id."""
    with inside(grantee):
        from_system = system(source)
        into = next(pk for pk, slug in slugs().items() if slug == target)
        said = terms(person(cast, grantee), (into,), from_system=from_system, link_kind=kind)
        made = permitting.propose(said, other=cast.id(grantor), side="grantee")
    own(inside, cast, made, grantor)
    approved(inside, asked(inside, cast, made, grantor), grantee)
    return made


def slugs():
    return slugs_next_door() | {each.pk: each.slug for each in SharedSystem.objects.all()}


def test_the_link_is_written_as_a_fact_when_both_approve_and_outlives_the_permission(inside, cast, monkeypatch):
    with inside("dunmere"):
        finance = system("finance-ledger")
        day = clock.now().date()
        estate = walkable_estate([finance], reason="what-if")
        before = {each.organisation for each in blast_radius(estate, on=day, starts=[finance]).organisations}
    assert cast.id("coldharbour") not in before
    made = linked(inside, cast, "coldharbour", "dunmere", "finance-ledger", "elections-register")
    with inside("dunmere"):
        (edge,) = Dependency.objects.filter(source_id=finance, target__slug="elections-register")
        assert (edge.kind, edge.label, edge.barrier) == ("data_feed", "", "none")
        assert "Nightly" not in edge.note, "more people read a link than a permission"
    with inside("coldharbour", fresh=True):
        permitting.end(made, because="Over")
    with inside("dunmere"):
        estate = walkable_estate([finance], reason="what-if")
        after = {each.organisation for each in blast_radius(estate, on=day, starts=[finance]).organisations}
        assert after == before | {cast.id("coldharbour")}


def test_where_neither_side_speaks_for_an_end_whoever_does_is_asked(inside, cast):
    linked(inside, cast, "coldharbour", "ashbourne", "social-care-records", "file-services")
    with inside("ashbourne"):
        assert not Dependency.objects.filter(source__slug="social-care-records").exists()
    with inside("northgate"):
        item = WorkItem.objects.get(kind="permission", state="open")
        assert item.title == "Write a link into the register: Social-care records to File services"
        assert "Nightly" not in item.title + item.detail


def test_without_being_asked_for_no_link_is_written_and_one_that_is_there_is_not_doubled(inside, cast):
    with inside("northgate"):
        count = Dependency.objects.count()
    in_force(inside, cast)
    linked(inside, cast, "coldharbour", "ashbourne", "identity-platform", "file-services", "identity_trust")
    with inside("northgate"):
        assert Dependency.objects.count() == count
        assert not WorkItem.objects.filter(key__startswith="permission-link").exists()
