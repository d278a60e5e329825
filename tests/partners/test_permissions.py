"""Permissions: in force while both sides approved the same version, off by themselves, and nobody else's business."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connections, transaction

from partners import approvals, permissions, permitting
from partners.approvals import NotAllowed
from partners.models import Approval, Change, Integration, IntegrationVersion, SharedSystem, WorkItem
from partners.permissions import State, today
from portal import clock
from portal.ledger.models import Event
from tests.partners.permitted import approved, asked, file_services, in_force, own, person, proposed, seen, terms

pytestmark = pytest.mark.django_db


def state(inside, made, slug="ashbourne"):
    with inside(slug):
        return seen(made).state


def test_it_is_in_force_when_a_person_of_each_side_approved_the_version(inside, cast):
    with inside("ashbourne"):
        made = permitting.propose(
            terms(person(cast, "ashbourne"), (file_services(),)), other=cast.id("coldharbour"), side="grantee"
        )
    with inside("coldharbour", fresh=True):
        (item,) = WorkItem.objects.filter(kind="permission", state="open")
        assert item.title == "Agree to a permission with Ashbourne, or refuse it: Nightly backup"
        assert item.page == f"/permissions/{made}/"
        with pytest.raises(NotAllowed, match="Both sides name an owner"):
            permitting.ask(seen(made), me=cast.id("coldharbour"), reason="Now")
    own(inside, cast, made, "coldharbour")
    approval = asked(inside, cast, made)
    assert state(inside, made) is State.WAITING
    with inside("coldharbour", "administrator", fresh=True), pytest.raises(NotAllowed, match="A second person decides"):
        approvals.approve(Approval.objects.get(pk=approval))
    approved(inside, approval)
    assert state(inside, made) is State.IN_FORCE
    with inside("coldharbour"):
        version = seen(made).counts
        assert (version.grantor_approved_by, version.grantee_approved_by) == ("Maeve Donnelly", "Priya Nair")
        assert not WorkItem.objects.filter(kind="permission", state="open").exists()
        assert Change.objects.filter(kind="permission", object_id=made).count() == 2
        assert Event.objects.filter(kind="permission.permitted", subject_id=made).count() == 1


def test_two_persons_of_one_side_are_not_two_sides(inside, cast):
    """An approval of Ashbourne and Northgate, or of two of Ashbourne, spends nothing."""
    made = proposed(inside, cast)
    with inside("ashbourne", fresh=True):
        each = seen(made)
        payload = {"integration": str(made), "version": 1}
        lonely = approvals.ask(permitting.KIND, payload, reason="x", told=[], two_organisations=False)
        strange = approvals.ask(permitting.KIND, payload, reason="x", told=[cast.id("northgate")])
        assert each.state is State.WAITING
    with (
        inside("ashbourne", "administrator", fresh=True),
        pytest.raises(NotAllowed, match="A person of each of its two"),
    ):
        approvals.approve(Approval.objects.get(pk=lonely))
    with inside("northgate", fresh=True):
        with pytest.raises(NotAllowed, match="What stands here is not what it would do"):
            approvals.approve(Approval.objects.get(pk=strange))
        approvals.call("SELECT sec.decide(%s, true, '')", [strange])
        with pytest.raises(NotAllowed, match="A person of each of its two sides"):
            approvals.call("SELECT sec.permit_integration(%s)", [strange])
    assert state(inside, made) is State.WAITING


def test_a_change_is_a_new_version_and_the_approved_one_stays_until_both_approve(inside, cast):
    made = in_force(inside, cast)
    with inside("coldharbour"):
        wider = terms(person(cast, "coldharbour"), (file_services(),), accounts=("svc-*@ashbourne",))
        permitting.change(made, wider, after=1)
        assert seen(made).change_waits
        assert seen(made).accounts == ("svc-nightly@ashbourne",)
        assert seen(made).in_force
        with pytest.raises(NotAllowed, match="Somebody changed it meanwhile"):
            permitting.change(made, wider, after=1)
    approval = asked(inside, cast, made, "ashbourne")
    approved(inside, approval, "coldharbour")
    with inside("ashbourne"):
        assert Approval.objects.filter(pk=approval, state="carried_out").exists()
        assert seen(made).accounts == ("svc-*@ashbourne",)
        assert seen(made).counts.number == 2


def test_what_was_asked_for_one_version_does_not_approve_the_next(inside, cast):
    made = proposed(inside, cast)
    approval = asked(inside, cast, made)
    with inside("ashbourne"):
        permitting.change(
            made, terms(person(cast, "ashbourne"), (file_services(),), accounts=("svc-all-*@ashbourne",)), after=1
        )
    with inside("ashbourne", fresh=True), pytest.raises(NotAllowed, match="It was changed or ended meanwhile"):
        approvals.approve(Approval.objects.get(pk=approval))
    assert state(inside, made) is State.WAITING


def test_another_owner_takes_an_approval_back_that_was_asked_before(inside, cast):
    made = proposed(inside, cast)
    approval = asked(inside, cast, made)
    with inside("coldharbour", fresh=True):
        permitting.name_owner(made, version=1, person=person(cast, "coldharbour", "administrator"))
    with inside("ashbourne", fresh=True), pytest.raises(NotAllowed):
        approvals.approve(Approval.objects.get(pk=approval))


def test_either_side_ends_it_alone_with_a_reason_and_a_fresh_passkey(inside, cast):
    made = in_force(inside, cast)
    with inside("coldharbour"), pytest.raises(NotAllowed, match="passkey used just now"):
        permitting.end(made, because="Switched off")
    with inside("coldharbour", fresh=True):
        with pytest.raises(NotAllowed, match="Say why it ends"):
            permitting.end(made, because=" ")
        permitting.end(made, because="Account found on a paste site")
        with pytest.raises(NotAllowed, match="It was ended already"):
            permitting.end(made, because="Again")
    assert state(inside, made) is State.ENDED
    with inside("ashbourne"):
        item = WorkItem.objects.get(kind="permission", state="open")
        assert item.title == "Coldharbour has ended a permission: Nightly backup"
        with pytest.raises(NotAllowed, match="was ended"):
            permitting.change(made, terms(person(cast, "ashbourne")), after=1)


def test_refusing_a_version_leaves_what_was_approved(inside, cast):
    made = in_force(inside, cast)
    with inside("ashbourne"):
        permitting.change(made, terms(person(cast, "ashbourne"), (file_services(),), purpose="More"), after=1)
    with inside("coldharbour", fresh=True):
        permitting.refuse(made, version=2, because="Not that")
        assert seen(made).in_force
        assert not seen(made).change_waits
        with pytest.raises(NotAllowed, match="waits for nobody"):
            permitting.refuse(made, version=1, because="Not that either")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"accounts": ("*@ashbourne",)}, "Name the accounts"),
        ({"accounts": ("a*@ashbourne",)}, "Name the accounts"),
        ({"accounts": ("svc-*@*",)}, "Name the accounts"),
        ({"accounts": ()}, "Name the accounts"),
        ({"data_classes": ()}, "which data"),
        ({"purpose": " "}, "a purpose"),
        ({"kill_switch_how": ""}, "whom to ring"),
        ({"link_kind": "replication"}, "from a system to a system"),
    ],
)
def test_terms_that_are_none_are_refused(inside, cast, how, says):
    with inside("ashbourne"), pytest.raises(NotAllowed, match=says):
        permitting.propose(
            terms(person(cast, "ashbourne"), (file_services(),), **how), other=cast.id("coldharbour"), side="grantee"
        )


def test_it_is_for_a_year_at_most_and_its_owner_is_ones_own(inside, cast):
    with inside("ashbourne"):
        for how, says in [
            ({"expires_on": today() + timedelta(days=367)}, "within a year"),
            ({"expires_on": today() - timedelta(days=1), "review_on": today() - timedelta(days=1)}, "within a year"),
            ({"owner": person(cast, "coldharbour")}, "a person of your own organisation"),
        ]:
            said = terms(person(cast, "ashbourne"), **{"starts_on": today() - timedelta(days=9), **how})
            with pytest.raises(NotAllowed, match=says):
                permitting.propose(said, other=cast.id("coldharbour"), side="grantee")


def test_nobody_names_a_system_that_it_cannot_see_nor_permits_for_one_of_another(inside, cast):
    with inside("dunmere"):
        finance = SharedSystem.objects.get(slug="finance-ledger").pk
    said = terms(person(cast, "brackenfield"), (finance,))
    with inside("brackenfield"), pytest.raises(NotAllowed, match="Not a system that you can name"):
        permitting.propose(said, other=cast.id("dunmere"), side="grantee")
    with inside("ashbourne"):  # it knows File services; Brackenfield does not stand there, and says so itself
        said = terms(person(cast, "ashbourne"), (file_services(),))
        made = permitting.propose(said, other=cast.id("brackenfield"), side="grantee")
    with inside("brackenfield", fresh=True), pytest.raises(NotAllowed, match="It names no system of yours"):
        permitting.name_owner(made, version=1, person=person(cast, "brackenfield"))


def test_whoever_runs_the_system_knows_that_it_is_there_and_nobody_else_does(inside, cast):
    made = in_force(inside, cast)
    with inside("northgate"):
        (each,) = [one for one in permissions.on_systems_i_run() if one.id == made]
        assert (each.name, each.accounts, each.state) == ("Nightly backup", ("svc-nightly@ashbourne",), State.IN_FORCE)
        assert each.systems == (file_services(),)
        assert permissions.own_one(made) is None
    for slug in ("brackenfield", "gravenhurst", "dunmere", "northgate"):
        with inside(slug):
            assert not Integration.objects.filter(pk=made).exists()
            assert not IntegrationVersion.objects.filter(integration_id=made).exists()
            assert not Change.objects.filter(object_id=made).exists()
            assert not Event.objects.filter(subject_id=made).exists()
            assert slug == "northgate" or made not in {one.id for one in permissions.on_systems_i_run()}
            with pytest.raises(NotAllowed, match="Not a permission of yours"):
                permitting.change(made, terms(person(cast, slug)), after=1)


def test_it_is_off_on_the_day_after_its_last_even_when_nothing_runs(inside, cast, monkeypatch):
    made = in_force(inside, cast)
    last = clock.now() + timedelta(days=100)
    monkeypatch.setattr(clock, "now", lambda: last)
    assert state(inside, made) is State.IN_FORCE
    monkeypatch.setattr(clock, "now", lambda: last + timedelta(days=1))
    assert state(inside, made) is State.LAPSED
    with inside("ashbourne"):
        assert Integration.objects.get(pk=made).lapsed_at is None


def test_a_fresh_passkey_is_asked_by_the_database_too(inside, cast):
    made = proposed(inside, cast)
    with inside("coldharbour"), pytest.raises(NotAllowed):
        permitting.name_owner(made, version=1, person=person(cast, "coldharbour"))
    with inside("coldharbour"), pytest.raises(NotAllowed, match="passkey"):
        permitting.ask(seen(made), me=cast.id("coldharbour"), reason="Now")
    with inside("coldharbour", "responder", fresh=True), pytest.raises(NotAllowed):
        permitting.refuse(made, version=1, because="Me")


def test_nothing_is_written_by_hand(inside, cast):
    made = in_force(inside, cast)
    with inside("ashbourne"):
        for statement in (
            "UPDATE partners_integrationversion SET expires_on = 'infinity'",
            "UPDATE partners_integration SET ended_at = NULL",
            "DELETE FROM partners_integration",
        ):
            with pytest.raises(DatabaseError) as refused, transaction.atomic():
                connections["default"].cursor().execute(statement)
            assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)
        assert seen(made).in_force
