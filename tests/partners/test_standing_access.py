"""A provider's standing access: written by whoever has it, attested by the council, nobody else's business."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, connections, transaction

from partners import chores, standing_access
from partners.approvals import NotAllowed
from partners.models import Attestation, Change, SharedSystem, StandingAccess, WorkItem
from partners.standing_access import Said
from portal import clock
from portal.ledger.models import Event
from tests.notifications.stage import as_worker
from tests.partners.permitted import line

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 20)  # in the quarter that began on 1 April


def written(inside, cast, name="OPS-NIGHT", council="ashbourne", **how):
    with inside("northgate", fresh=True):
        return standing_access.keep(line(name, **how), council=cast.id(council))


def attested(inside, cast, pk, answer="needed", note="", read=1):
    with inside("ashbourne", fresh=True):
        return standing_access.attest([Said(pk, read, answer, note)], me=cast.id("ashbourne"))


def on(year, month, day):
    return datetime(year, month, day, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answered_at", "last_used_on", "says", "due"),
    [
        (on(2026, 5, 1), date(2026, 5, 19), [], False),
        (on(2026, 4, 1), date(2026, 2, 19), [], False),  # 90 days ago: not yet
        (on(2026, 4, 1), date(2026, 2, 18), ["unused for 91 days"], False),
        (on(2026, 3, 31), date(2026, 5, 19), [], True),  # of the quarter before
        (on(2026, 2, 19), date(2026, 5, 19), [], True),
        (on(2026, 2, 18), date(2026, 5, 19), ["not attested for 91 days"], True),
        (None, date(2026, 5, 19), ["never reviewed as it is now"], True),
        (on(2026, 5, 1), None, ["nobody knows when it was last used"], False),
        (None, date(2025, 5, 20), ["never reviewed as it is now", "unused for 365 days"], True),
    ],
)
def test_what_is_flagged_and_what_is_due(answered_at, last_used_on, says, due):
    row = StandingAccess(answered_at=answered_at, last_used_on=last_used_on, answer="needed" if answered_at else "")
    assert standing_access.flags(row, DAY) == says
    assert standing_access.is_due(row, DAY) is due


@pytest.mark.parametrize(
    ("day", "start"),
    [
        (date(2026, 1, 1), (1, 1)),
        (date(2026, 3, 31), (1, 1)),
        (date(2026, 4, 1), (4, 1)),
        (date(2026, 12, 31), (10, 1)),
    ],
)
def test_quarters_are_those_of_the_calendar(day, start):
    assert standing_access.quarter_start(day) == date(2026, *start)


def test_the_council_attests_with_a_fresh_passkey_and_its_persons_name_is_its_own(inside, cast):
    pk = written(inside, cast)
    with inside("ashbourne"), pytest.raises(NotAllowed, match="passkey used just now"):
        standing_access.attest([Said(pk, 1, "needed")], me=cast.id("ashbourne"))
    attested(inside, cast, pk, note="Until the move")
    with inside("ashbourne"):
        assert [(each.answer, each.said_by_name) for each in Attestation.objects.filter(access=pk)] == [
            ("needed", "Priya Nair")
        ]
    with inside("northgate"):
        row = StandingAccess.objects.get(pk=pk)
        assert (row.answer, row.answer_note) == ("needed", "Until the move")
        assert not Attestation.objects.exists()
        assert "Priya" not in str(list(Change.objects.filter(object_id=pk).values("before", "after")))


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("remove", "Remove OPS-NIGHT: Ashbourne does not need it any more"),
        ("not_ours", "Look into OPS-NIGHT: Ashbourne says that it is not theirs"),
    ],
)
def test_a_no_is_work_for_the_provider_until_it_is_gone_or_needed_again(inside, cast, answer, title):
    pk = written(inside, cast)
    attested(inside, cast, pk, answer, "Moved in March")
    with inside("northgate", fresh=True):
        item = WorkItem.objects.get(kind="standing_access", state="open")
        assert (item.title, item.detail, item.page) == (title, "Moved in March", f"/access/{pk}/")
        assert "the council does not want it" in standing_access.flags(StandingAccess.objects.get(pk=pk), DAY)
        standing_access.remove(StandingAccess.objects.get(pk=pk))
        assert not WorkItem.objects.filter(kind="standing_access", state="open").exists()
        with pytest.raises(NotAllowed, match="Not a line of yours"):
            standing_access.remove(StandingAccess.objects.get(pk=pk))
    with inside("ashbourne"):
        assert pk not in {each.pk for each in standing_access.lines_of()}


def test_needed_after_all_settles_the_providers_work(inside, cast):
    pk = written(inside, cast)
    attested(inside, cast, pk, "remove")
    attested(inside, cast, pk, "needed")
    with inside("northgate"):
        assert not WorkItem.objects.filter(kind="standing_access", state="open").exists()


def test_a_change_takes_the_answer_back_and_a_new_last_use_does_not(inside, cast):
    pk = written(inside, cast)
    attested(inside, cast, pk)
    with inside("northgate", fresh=True):
        row = StandingAccess.objects.get(pk=pk)
        standing_access.keep(line("OPS-NIGHT", last_used_on=clock.now().date()), line=row, read=1)
        assert StandingAccess.objects.get(pk=pk).answer == "needed"
        standing_access.keep(line("OPS-NIGHT", rights="Everything"), line=row, read=1)
        changed = StandingAccess.objects.get(pk=pk)
        assert (changed.answer, changed.version) == ("", 2)
        with pytest.raises(NotAllowed, match="Somebody changed it meanwhile"):
            standing_access.keep(line("OPS-NIGHT", rights="Less"), line=row, read=1)
    with pytest.raises(NotAllowed, match="changed or removed meanwhile"):
        attested(inside, cast, pk, read=1)
    assert attested(inside, cast, pk, read=2) >= 0


def test_another_council_sees_and_says_nothing(inside, cast):
    pk = written(inside, cast)
    attested(inside, cast, pk)
    for slug in ("brackenfield", "dunmere", "gravenhurst"):
        with inside(slug, fresh=True):
            assert not StandingAccess.objects.filter(pk=pk).exists()
            assert not Attestation.objects.filter(access=pk).exists()
            assert not Change.objects.filter(object_id=pk).exists()
            assert not Event.objects.filter(subject_id=pk).exists()
            for unknown in (pk, cast.id("ashbourne")):  # one that is not there answers the same
                with pytest.raises(NotAllowed, match="Not a line of access into your organisation"):
                    standing_access.attest([Said(unknown, 1, "needed")], me=cast.id(slug))


def test_a_line_is_written_by_whoever_can_have_it_about_what_it_can_name(inside, cast):
    with inside("dunmere"):
        finance = SharedSystem.objects.get(slug="finance-ledger").pk
    with inside("gravenhurst", fresh=True), pytest.raises(NotAllowed, match="Not an organisation that you can have"):
        standing_access.keep(line("X"), council=cast.id("ashbourne"))
    with inside("eastwick"):
        housing = SharedSystem.objects.get(slug="housing-tenancy").pk
    with inside("northgate", fresh=True):
        standing_access.keep(line("svc", systems=(finance,)), council=cast.id("dunmere"))  # next to File services
        with pytest.raises(NotAllowed, match="Not a system that you can name"):
            standing_access.keep(line("svc-2", systems=(housing,)), council=cast.id("eastwick"))
        with pytest.raises(NotAllowed, match="Not a group of a link"):
            standing_access.keep(line("svc-3", group="NOBODYS"), council=cast.id("dunmere"))
        tomorrow = clock.now().date() + timedelta(days=2)
        with pytest.raises(NotAllowed, match="That day has not been yet"):
            standing_access.keep(line("svc-4", last_used_on=tomorrow), council=cast.id("dunmere"))
    with inside("northgate"), pytest.raises(NotAllowed, match="passkey"):
        standing_access.keep(line("svc-5"), council=cast.id("dunmere"))


def test_all_or_none_is_attested(inside, cast):
    pk = written(inside, cast)
    with inside("ashbourne", fresh=True):
        for wrong in ([Said(pk, 1, "needed"), Said(pk, 1, "remove")], [Said(pk, 1, "perhaps")]):
            with pytest.raises(NotAllowed, match="One answer for each line"):
                standing_access.attest(wrong, me=cast.id("ashbourne"))
        with pytest.raises(NotAllowed, match="Not a line of access into your organisation"):
            standing_access.attest(
                [Said(pk, 1, "needed"), Said(cast.id("dunmere"), 1, "needed")], me=cast.id("ashbourne")
            )
        assert StandingAccess.objects.get(pk=pk).answer == ""


def test_nothing_is_written_by_hand(inside, cast):
    written(inside, cast)
    for slug in ("ashbourne", "northgate"):
        with inside(slug):
            for statement in (
                "UPDATE partners_standingaccess SET answer = 'needed'",
                "DELETE FROM partners_attestation",
            ):
                with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                    connections["default"].cursor().execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_every_quarter_each_line_once_in_one_work_item(inside, cast, monkeypatch):
    """By the clock alone: one item a council, cleared when all are attested, raised again next quarter."""
    monkeypatch.setattr(chores, "_CHORES", {standing_access.CHORE.name: standing_access.CHORE})
    first, second = (written(inside, cast, name=name) for name in ("ONE", "TWO"))
    real = clock.now

    def night(at):
        monkeypatch.setattr(clock, "now", lambda: at)
        with as_worker():
            chores.do_chores()

    def title():
        with inside("ashbourne"):
            return [each.title for each in WorkItem.objects.filter(key="standing-access", state="open")]

    with inside("ashbourne"):
        lines = {each.pk: each.version for each in standing_access.lines_of(council=cast.id("ashbourne"))}
        said = {each.pk for each in standing_access.lines_of() if not standing_access.is_due(each, real().date())}
    night(real())
    due = len(lines) - len(said)
    assert title() == [f"Attest {due} lines of standing access"]
    with inside("ashbourne", fresh=True):
        (item,) = WorkItem.objects.filter(key="standing-access", state="open")
        assert item.page == "/access/"
        left = standing_access.attest([Said(first, 1, "needed")], me=cast.id("ashbourne"))
    assert left == due - 1
    rest = [Said(pk, version, "needed") for pk, version in lines.items() if pk != first]
    with inside("ashbourne", fresh=True):
        assert standing_access.attest(rest, me=cast.id("ashbourne")) == 0
    assert title() == []
    night(real() + timedelta(days=1))
    following = standing_access.quarter_start(standing_access.quarter_start(real().date()) + timedelta(days=100))
    night(datetime.combine(following, time(23, 59), tzinfo=UTC))  # a day after the last one, whatever today is
    assert title() == [f"Attest {len(lines)} lines of standing access"]
    with inside("gravenhurst"):
        assert not WorkItem.objects.filter(kind="standing_access").exists()
    assert second in lines
