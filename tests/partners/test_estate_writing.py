"""Who writes what in the register, and what adding must never open. In SQL as the application's role."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.db.utils import DatabaseError

from incidents.blast_radius import blast_radius
from incidents.register import walkable_estate
from partners import links, systems
from partners.approvals import NotAllowed
from partners.models import Dependency, Organisation, Participation, Person, PublicService, SharedSystem, WorkItem
from partners.partnership_entries import ServiceEntry
from partners.partnership_estate_checks import summary_of
from portal import clock

pytestmark = pytest.mark.django_db
NO_BARRIER = {"barrier": "none", "tested_by": "", "test_method": "", "tested_on": None, "valid_until": None}
HOSTING = {"kind": "hosting"}


def with_test(**differs) -> dict:
    today = clock.now().date()
    return {
        "barrier": "tested", "tested_by": "Harrow & Lime", "test_method": "From inside", "tested_on": today,
        "valid_until": today + timedelta(days=365), **differs,
    }  # fmt: skip


def system(slug: str) -> SharedSystem:
    return SharedSystem.objects.get(slug=slug)


def reached(start: str) -> set[str]:
    """Whom a walk from this system reaches, as the open scope may walk."""
    pk = system(start).pk
    estate = walkable_estate([pk], reason="what-if")
    radius = blast_radius(estate, on=clock.now().date(), starts=[pk])
    names = {each.id: each.slug for each in estate.organisations}
    return {names[each.organisation] for each in radius.organisations}


def test_a_link_to_a_mere_name_opens_nothing(inside, seal):
    """Eastwick knows the Finance ledger as what leads into Housing, and must not walk into it by saying so."""
    with inside("eastwick", fresh=True):
        housing = system("housing-tenancy")
        ledger = Dependency.objects.get(target=housing).source_id
        before = walkable_estate([housing.pk], reason="what-if")
        with pytest.raises(NotAllowed):
            links.add_link(housing.pk, ledger, HOSTING, NO_BARRIER)
        assert walkable_estate([housing.pk], reason="what-if") == before
        edge = links.add_link(ledger, housing.pk, HOSTING, NO_BARRIER)  # into its own it may say another one
        assert walkable_estate([housing.pk], reason="what-if") == before
        assert links.may_say(edge)
    with inside("gravenhurst", fresh=True):  # stands on Telephony, into which the Identity platform leads
        identity = Dependency.objects.get(target__slug="telephony").source_id
        with pytest.raises(NotAllowed):
            links.add_link(system("planning-search").pk, identity, HOSTING, NO_BARRIER)
        with pytest.raises(NotAllowed):
            links.add_link(identity, system("telephony").pk, HOSTING, NO_BARRIER)
        links.add_link(system("planning-search").pk, system("telephony").pk, HOSTING, NO_BARRIER)
        seal()


def test_every_pair_of_systems_may_be_linked_only_where_that_opens_no_walk(inside):
    """Whoever adds any link that is let through sees by no walk from its systems a stand that it could not see."""
    for slug in ("eastwick", "gravenhurst", "dunmere", "fernleigh"):
        with inside(slug, "administrator", fresh=True):
            own = list(SharedSystem.objects.values_list("pk", flat=True))
            known = list(links._known())
            before = {(each.organisation, each.system) for each in walkable_estate(own, reason="what-if").stands}
            for source in known:
                for target in known:
                    with transaction.atomic():
                        try:
                            links.add_link(source, target, {**HOSTING, "label": "tried"}, NO_BARRIER)
                        except NotAllowed:
                            continue
                        after = walkable_estate(own, reason="what-if").stands
                        assert {(each.organisation, each.system) for each in after} <= before, (slug, source, target)
                        transaction.set_rollback(True)


def test_only_the_protected_end_calls_a_barrier_tested(inside):
    with inside("northgate"):
        assert {"dunmere", "eastwick"} <= reached("identity-platform")
    with inside("dunmere", fresh=True):
        edge = Dependency.objects.get(target__slug="finance-ledger")
        today = clock.now().date()
        for wrong in (
            {"tested_by": " "}, {"test_method": ""}, {"tested_on": None}, {"tested_on": today + timedelta(days=1)},
            {"valid_until": None}, {"valid_until": today - timedelta(days=1)},
            {"valid_until": today + timedelta(days=3 * 366 + 1)},
        ):  # fmt: skip
            with pytest.raises(NotAllowed):
                links.change_link(edge, HOSTING, with_test(**wrong), seen=edge.version)
    with inside("dunmere"), pytest.raises(NotAllowed, match="passkey"):
        links.change_link(edge, {}, with_test(), seen=edge.version)
    with inside("northgate", fresh=True), pytest.raises(NotAllowed, match="protects"):
        links.change_link(edge, {}, with_test(), seen=edge.version)
    with inside("dunmere", fresh=True):
        links.change_link(edge, {}, with_test(), seen=edge.version)
    with inside("northgate"):
        assert not {"dunmere", "eastwick"} & reached("identity-platform")
        edge.refresh_from_db()
        with pytest.raises(NotAllowed):  # its walk ends there, and saying otherwise would open the walk
            links.change_link(edge, {}, NO_BARRIER, seen=edge.version)
    with inside("dunmere"):  # weakening needs no passkey
        links.change_link(edge, {}, {**NO_BARRIER, "barrier": "claimed"}, seen=edge.version)
    with inside("northgate"):
        assert {"dunmere", "eastwick"} <= reached("identity-platform")


def test_a_slug_tells_nobody_what_another_one_has(inside):
    made = []
    for slug in ("dunmere", "gravenhurst"):
        with inside(slug, fresh=True):
            me = Organisation.objects.get(slug=slug).pk
            made.append(systems.add_system({"name": "Identity platform", "owner_id": me}).slug)
    assert made[0] != made[1]
    assert all(slug.startswith("identity-platform-") and len(slug.rsplit("-", 1)[1]) == 10 for slug in made)


def test_whoever_is_added_is_asked_and_counts_until_both_have_said_no(inside, seal):
    with inside("northgate", fresh=True):
        remote = system("remote-access")
        dunmere = Organisation.objects.get(slug="dunmere")
        systems.add_organisation(remote, dunmere.pk)
        assert "dunmere" in reached("remote-access")
        stand = Participation.objects.get(system=remote, organisation=dunmere)
        with pytest.raises(NotAllowed, match="has not said"):
            systems.remove_stand(stand)
        with pytest.raises(ProgrammingError, match="speaks for itself"), transaction.atomic():
            Participation.objects.filter(pk=stand.pk).update(confirmed_at=clock.now())
    with inside("dunmere"):
        assert system("remote-access")
        item = WorkItem.objects.get(key=f"standing:{stand.pk}")
        assert (item.state, item.page) == ("open", "/systems/remote-access/standing/")
        Participation.objects.filter(pk=stand.pk).update(denied_at=clock.now())
        item.refresh_from_db()
        assert item.state == "cleared"
    with inside("gravenhurst"):
        assert not WorkItem.objects.filter(object_id=stand.pk).exists()
    with inside("northgate"):
        assert WorkItem.objects.get(key=f"denied:{stand.pk}").state == "open"
        assert "dunmere" in reached("remote-access")
        with pytest.raises(NotAllowed, match="passkey"):
            systems.remove_stand(stand)
    with inside("northgate", fresh=True):
        systems.remove_stand(stand)
        assert "dunmere" not in reached("remote-access")
        assert WorkItem.objects.get(key=f"denied:{stand.pk}").state == "cleared"
        seal()
    with inside("dunmere"):
        assert not SharedSystem.objects.filter(slug="remote-access").exists()


def test_who_decides_is_one_of_ones_own_people(inside, cast):
    stranger = cast["gravenhurst"].people[0][0]
    with inside("dunmere"):
        stand = Participation.objects.get(system__slug="finance-ledger")
        safe = Person.objects.filter(is_active=True, break_glass=False)[0]
        Participation.objects.filter(pk=stand.pk).update(decision_deputy=safe)
        for who in (stranger, stand.pk):
            with pytest.raises(ProgrammingError), transaction.atomic():
                Participation.objects.filter(pk=stand.pk).update(decision_owner_id=who)


def test_who_runs_a_system_is_its_owners_to_say(inside, cast):
    with inside("dunmere"), pytest.raises(ProgrammingError, match="passkey"), transaction.atomic():
        SharedSystem.objects.filter(slug="finance-ledger").update(provider_id=cast.id("northgate"))
    with inside("dunmere", fresh=True):
        SharedSystem.objects.filter(slug="finance-ledger").update(provider_id=cast.id("northgate"))
    with inside("northgate", fresh=True):
        ledger = system("finance-ledger")
        assert WorkItem.objects.filter(key=f"runs:{ledger.pk}", state="open").exists()
        for taken in ({"owner_id": None}, {"owner_id": cast.id("northgate")}):
            with pytest.raises(ProgrammingError, match="owner"), transaction.atomic():
                SharedSystem.objects.filter(pk=ledger.pk).update(**taken)
        SharedSystem.objects.filter(pk=ledger.pk).update(provider_id=None)  # anybody may take themselves off
        assert not SharedSystem.objects.filter(pk=ledger.pk).exists()


def test_whoever_stands_on_a_system_that_nobody_runs_speaks_for_it(inside, client_of):
    with inside("ashbourne"):
        edge = Dependency.objects.get(target__slug="telecare-alarms")
    cut = {"act": "cut", "words": "The supplier has taken the route out"}
    path = f"/partners/links/{edge.pk}/"
    assert client_of("gravenhurst", fresh=True).post(f"{path}moves/", {"end": "target", **cut}).status_code == 404
    assert client_of("coldharbour", fresh=True).post(f"{path}moves/", {"end": "target", **cut}).status_code == 409
    assert client_of("northgate", fresh=True).post(f"{path}moves/", {"end": "target", **cut}).status_code == 409
    assert client_of("brackenfield", fresh=True).post(f"{path}moves/", {"end": "target", **cut}).status_code == 302
    assert client_of("northgate", fresh=True).post(f"{path}moves/", {"end": "source", **cut}).status_code == 302
    body = client_of("ashbourne").get(path).content.decode()
    assert "Cut by both ends" in body
    assert "Ashbourne, Brackenfield" in body


CASES = [
    [],
    [("Rents", False, 10, "Paper")],
    [("Rents", False, 10, "Paper"), ("Repairs", False, 20, "Paper")],
    [("Rents", False, 10, "Paper"), ("Repairs", False, None, None)],
    [("Rents", False, None, None), ("Repairs", False, None, None)],
    [("Rents", False, 900, None), ("Alarms", True, 20, "GSM")],
    [("Alarms", True, 20, "GSM"), ("Doors", True, 5, None), ("Rents", False, 9, "Paper")],
    [("Alarms", True, 20, "GSM"), ("Doors", True, 5, "Keys")],
]


def test_a_participation_sums_its_services_up_as_the_file_does(inside):
    with inside("eastwick"):
        stand = Participation.objects.get(system__slug="housing-tenancy")
        for case in CASES:
            PublicService.objects.filter(participation=stand).delete()
            said = [ServiceEntry("eastwick", "housing-tenancy", n, "other", s, p, f) for n, s, p, f in case]
            PublicService.objects.bulk_create(
                PublicService(
                    participation=stand, position=nth, name=each.name, safety_critical=each.safety_critical,
                    people_served=each.people_served, fallback=each.fallback,
                )
                for nth, each in enumerate(said)
            )  # fmt: skip
            stand.refresh_from_db()
            sums = {name: getattr(stand, name) for name in ("safety_critical", "people_served", "fallback")}
            assert {**sums, "services": tuple(stand.services)} == summary_of(said)


def test_a_critical_date_is_a_day_or_none_with_words(inside):
    with inside("eastwick"):
        nonsense = {"words": "x", "on": "2027-02-30"}, {"words": ""}, {"on": None}, {"words": "x", "a": 1}, 1
        for wrong in ({}, *([each] for each in nonsense)):
            with pytest.raises(DatabaseError), transaction.atomic():
                PublicService.objects.update(critical_dates=wrong)
