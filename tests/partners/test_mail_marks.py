"""Marks on mail domains as the database has them: who sets, renews and lifts them, for whom, and who knows."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from django.db import connections

from partners import approvals, mail_distrust
from partners.approvals import NotAllowed
from partners.mail_marks import marks, not_used
from partners.models import Approval, MailDistrust, MailNotice
from portal.ledger.models import Event
from tests.isolation.two import REFUSED, WRONG, Two

pytestmark = pytest.mark.django_db

MARK = "SELECT sec.mark_mail(%s, %s, %s, 'Phishing', NULL, NULL, NULL)"
ADMIN, MANAGER = ("dunmere", "administrator"), ("dunmere", "incident_manager")


@pytest.fixture
def two(cast, inside) -> Two:
    return Two(cast, inside)


def seen(two: Two, slug: str) -> list[tuple[str, bool, str]]:
    """Domain, for all, reason of each mark in force as that organisation knows it."""
    with two.inside(slug):
        return [(each.domain, each.for_all, each.reason) for each in marks() if each.in_force]


def by_two(two: Two, incident, domain: str = "dunmere.example") -> UUID:
    with two.inside("ashbourne", fresh=True):
        asked = mail_distrust.ask_to_mark(
            two.cast.id("dunmere"), domain, incident=incident.pk, reason="Phishing", second=two.cast.id("brackenfield")
        )
    with two.inside("brackenfield", fresh=True):
        approvals.approve(Approval.objects.get(pk=asked))
        return MailDistrust.objects.get(approval_id=asked).pk


def test_an_account_in_wrong_hands_does_not_wake_everybody_all_night(two: Two):
    dunmere = two.cast.id("dunmere")
    with two.inside(*ADMIN, fresh=True):
        for _ in range(5):
            lifted = mail_distrust.mark(dunmere, "dunmere.example", for_all=True, reason="Phishing")
            mail_distrust.lift(lifted)
        with pytest.raises(NotAllowed, match="Five marks within an hour"):
            mail_distrust.mark(dunmere, "dunmere.example", for_all=True, reason="Phishing")


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("a@example.org.uk", True),
        ("a@x.example.org.uk", True),
        ("a@X.Example.Org.UK.", True),
        ("a@y.x.example.org.uk", True),
        ('"a@b"@example.org.uk', True),
        ("a@notexample.org.uk", False),
        ("a@example.org.uk.evil.example", False),
        ("example.org.uk@other.example", False),
        ("a@org.uk", False),
    ],
)
def test_a_domain_covers_itself_and_what_is_under_it(owner_url, address, covered):
    with psycopg.connect(owner_url) as owner:
        row = owner.execute("SELECT sec.host_in(sec.mail_host(%s), 'example.org.uk')", [address]).fetchone()
    assert row == (covered,)


def test_the_own_domain_is_marked_for_all_by_an_administrator_for_seven_days(two, seal):
    made = two.sql(ADMIN, MARK, two.cast.id("dunmere"), "Dunmere.Example.", True, fresh=True)
    assert isinstance(made, UUID)
    for slug in ("dunmere", "ashbourne", "gravenhurst"):
        assert seen(two, slug) == [("dunmere.example", True, "Phishing")], slug
    assert (
        two.sql(
            ADMIN,
            "SELECT until - marked_at BETWEEN interval '7 days' AND interval '169 hours' FROM sec.mail_distrust()",
        )
        is True
    )
    assert two.sql(ADMIN, MARK, two.cast.id("dunmere"), "dunmere.example", True, fresh=True) == WRONG, "not twice"
    with two.inside("dunmere"):
        assert len(not_used()) > 0
    with two.inside("gravenhurst"):
        assert not_used() == {}
        seal()
        assert Event.objects.filter(kind="mail.distrusted").count() == 1, "it was said to everybody"


def test_who_may_not_mark(two):
    own, other = two.cast.id("dunmere"), two.cast.id("ashbourne")
    assert two.sql(MANAGER, MARK, own, "dunmere.example", True, fresh=True) == REFUSED
    assert two.sql(ADMIN, MARK, own, "dunmere.example", True, fresh=False) == REFUSED
    assert two.sql(ADMIN, MARK, own, "dunmere.example", False, fresh=True) == REFUSED, "for oneself is no such thing"
    assert two.sql(ADMIN, MARK, other, "ashbourne.example", True, fresh=True) == REFUSED, "another's for all, alone"
    assert two.sql(("dunmere", "responder"), MARK, other, "ashbourne.example", False, fresh=True) == REFUSED
    assert two.sql(ADMIN, MARK, own, "ashbourne.example", True, fresh=True) == WRONG, "not its domain"
    assert two.sql(ADMIN, MARK, own, "notdunmere.example", True, fresh=True) == WRONG
    assert two.sql(ADMIN, MARK, own, "example", True, fresh=True) == WRONG, "nor what is above it"
    later = "SELECT sec.mark_mail(%s, 'dunmere.example', true, 'r', now() + interval '1 hour', NULL, NULL)"
    assert two.sql(ADMIN, later, own, fresh=True) == WRONG


def test_anothers_domain_is_marked_for_oneself_and_nobody_else_knows(two, seal):
    made = two.sql(MANAGER, MARK, two.cast.id("ashbourne"), "ashbourne.example", False, fresh=True)
    assert isinstance(made, UUID)
    assert seen(two, "dunmere") == [("ashbourne.example", False, "Phishing")]
    for slug in ("ashbourne", "gravenhurst", "northgate"):
        assert seen(two, slug) == [], slug
        with two.inside(slug):
            seal()
            assert not MailDistrust.objects.exists()
            assert not Event.objects.filter(kind__startswith="mail.").exists()
            assert not_used() == {}
    lift = "SELECT sec.lift_mail_mark(%s, NULL)"
    assert two.sql(("ashbourne", "administrator"), lift, made, fresh=True) == REFUSED
    assert two.sql(MANAGER, lift, made, fresh=False) == REFUSED
    assert two.sql(MANAGER, lift, made, fresh=True) is None
    assert seen(two, "dunmere") == []
    assert two.sql(MANAGER, lift, made, fresh=True) == WRONG, "nor twice"


def test_the_lead_marks_a_participant_for_all_with_a_second_organisation(two, seal):
    incident = two.opens()
    made = by_two(two, incident)
    assert seen(two, "coldharbour") == [("dunmere.example", True, "Phishing")]
    with two.inside("dunmere"):
        assert len(not_used()) > 0
    with two.inside("gravenhurst"):  # the stranger protects itself, and learns of no incident
        (mark,) = marks()
        assert (mark.domain, mark.reason, mark.marked_by, mark.incident_reference) == ("dunmere.example", "", "", "")
        assert (mark.by_two, mark.marked_by_organisation_id, mark.isolation_id) == (False, None, None)
        assert not MailDistrust.objects.exists()
        seal()
        assert not Event.objects.filter(kind__startswith="mail.").exists()
    lift = "SELECT sec.lift_mail_mark(%s, NULL)"
    for who in (("ashbourne", "administrator"), ADMIN, ("brackenfield", "administrator")):
        assert two.sql(who, lift, made, fresh=True) == REFUSED, who


def test_two_organisations_renew_and_lift_it_and_never_the_one_concerned(two):
    incident = two.opens()
    made = by_two(two, incident)
    with two.inside("dunmere", fresh=True):
        (mark,) = marks()
        with pytest.raises(NotAllowed):
            mail_distrust.ask_to_change(mark, lift=True, reason="We are clean", second=two.cast.id("ashbourne"))
    with two.inside("coldharbour", fresh=True):
        with pytest.raises(NotAllowed):
            mail_distrust.ask_to_change(mark, lift=True, reason="Clean", second=two.cast.id("gravenhurst"))
        with pytest.raises(NotAllowed):
            mail_distrust.ask_to_change(mark, lift=True, reason="Clean", second=two.cast.id("dunmere"))
        renew = mail_distrust.ask_to_change(mark, lift=False, reason="Still", second=two.cast.id("ashbourne"))
        ends = mail_distrust.ask_to_change(mark, lift=True, reason="Clean", second=two.cast.id("ashbourne"))
    with two.inside("ashbourne", fresh=True):
        approvals.approve(Approval.objects.get(pk=renew))
        assert MailDistrust.objects.get(pk=made).renewed_at is not None
        approvals.approve(Approval.objects.get(pk=ends))
        assert MailDistrust.objects.get(pk=made).lifted_at is not None
    assert seen(two, "dunmere") == []


def test_who_may_not_ask_for_a_mark_for_all(two):
    incident = two.opens()
    how = {"incident": incident.pk, "reason": "Phishing"}
    for slug, second in (("brackenfield", "ashbourne"), ("ashbourne", "dunmere"), ("ashbourne", "gravenhurst"),
                         ("gravenhurst", "ashbourne")):  # fmt: skip
        with two.inside(slug, fresh=True), pytest.raises(NotAllowed):
            mail_distrust.ask_to_mark(two.cast.id("dunmere"), "dunmere.example", second=two.cast.id(second), **how)


def test_step_two_of_an_isolation_is_the_same_fact(two):
    pressed = two.press(("dunmere", "administrator"), 2)
    assert isinstance(pressed, UUID)
    with two.inside("gravenhurst"):
        (mark,) = marks()
        assert (mark.domain, mark.until, mark.in_force) == ("dunmere.example", None, True)
    with two.inside("dunmere"):
        assert len(not_used()) > 0
        made = MailDistrust.objects.get(isolation_id=pressed).pk
    assert two.sql(ADMIN, "SELECT sec.lift_mail_mark(%s, NULL)", made, fresh=True) == REFUSED, "it ends with the step"


def test_a_notice_is_recorded_for_the_own_organisation_and_overseers_see_yes_or_no(two):
    incident = two.opens()
    made = by_two(two, incident)
    issue = "SELECT sec.issue_mail_notice(%s, 'Ring first.', 340)"
    assert two.sql(("fernleigh", "observer"), issue, made) == REFUSED
    assert isinstance(two.sql(("coldharbour", "responder"), issue, made), UUID)
    assert isinstance(two.sql(("gravenhurst", "responder"), issue, made), UUID), "whoever shares the mail may"
    with two.inside("brackenfield"):
        assert not MailNotice.objects.exists()
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sec.mail_notices_in(%s)", [incident.pk])
            assert cursor.fetchone() == (0,)
    with two.inside("northgate"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT organisation_id FROM sec.mail_notices_in(%s) WHERE issued", [incident.pk])
        assert cursor.fetchall() == [(two.cast.id("coldharbour"),)]


def test_a_person_judges_the_own_contacts(two):
    point = two.sql(ADMIN, "SELECT id FROM partners_contactpoint WHERE kind = 'email' ORDER BY label LIMIT 1")
    judge = "SELECT sec.trust_contact(%s, %s, %s)"
    assert two.sql(ADMIN, judge, point, "compromised", "Somebody else answered", fresh=True) is None
    assert two.sql(ADMIN, "SELECT trust FROM partners_contactpoint WHERE id = %s", point) == "compromised"
    assert two.sql(ADMIN, judge, point, "trusted", "Changed the password", fresh=True) is None
    assert two.sql(ADMIN, judge, point, "doubtful", " ", fresh=True) == WRONG
    assert two.sql(ADMIN, judge, point, "perfect", "x", fresh=True) == WRONG
    assert two.sql(ADMIN, judge, point, "doubtful", "x", fresh=False) == REFUSED
    assert two.sql(("ashbourne", "administrator"), judge, point, "doubtful", "x", fresh=True) == REFUSED
