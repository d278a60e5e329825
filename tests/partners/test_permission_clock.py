"""A year of clock: reminders come 30, 7 and 1 days before the last day, a review at its date, the lapse after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from partners import chores, permission_chores, permitting, work
from partners.models import Integration, WorkItem
from partners.permissions import State
from portal import clock
from portal.ledger.models import Event
from tests.notifications.stage import as_worker
from tests.partners.permitted import approved, asked, file_services, in_force, person, proposed, seen, terms

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nights(monkeypatch):
    """`nights(n)`: the clock stands n days from now, and every organisation's chore was done."""
    start = clock.now()
    monkeypatch.setattr(chores, "_CHORES", {permission_chores.NAME: permission_chores.CHORE})

    def until(day):
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=day))
        with as_worker():
            chores.do_chores()

    return until


def open_items(inside, slug, made):
    with inside(slug):
        rows = WorkItem.objects.filter(object_id=made, state="open").order_by("key")
        return [(each.key.partition(":")[0], each.title, each.detail) for each in rows]


def test_a_year_of_one_permission(inside, cast, nights):
    """Its last day is day 100, its review day 50."""
    made = in_force(inside, cast)
    last = (clock.now() + timedelta(days=100)).date()
    nights(0)
    nights(49)
    assert open_items(inside, "ashbourne", made) == []
    nights(50)
    for slug in ("ashbourne", "coldharbour"):
        ((key, title, _),) = open_items(inside, slug, made)
        assert (key, title) == ("permission-review", "Review a permission: Nightly backup")
    with inside("ashbourne"):
        work.settle(WorkItem.objects.get(object_id=made, state="open"), outcome="Still right")
    nights(69)
    assert open_items(inside, "ashbourne", made) == [], "reviewed, and not asked again"
    nights(70)
    ((key, title, detail),) = open_items(inside, "ashbourne", made)
    assert (key, title) == ("permission-ends", f"A permission ends on {last:%-d %B %Y}: Nightly backup")
    assert detail.startswith("30 days are left.")
    with inside("ashbourne"):
        work.settle(WorkItem.objects.get(object_id=made, state="open"), outcome="We know")
    nights(92)
    assert open_items(inside, "ashbourne", made) == []
    ((_, _, detail),) = [each for each in open_items(inside, "coldharbour", made) if each[0] == "permission-ends"]
    assert detail.startswith("30 days are left."), "one item, as it was"
    nights(93)
    for slug in ("ashbourne", "coldharbour"):
        ((_, _, detail),) = [each for each in open_items(inside, slug, made) if each[0] == "permission-ends"]
        assert detail.startswith("7 days are left.")
    nights(99)
    ((_, _, detail),) = open_items(inside, "ashbourne", made)
    assert detail.startswith("It ends tomorrow or today.")
    nights(100)
    with inside("ashbourne"):
        assert seen(made).state is State.IN_FORCE
        assert Integration.objects.get(pk=made).lapsed_at is None
    nights(101)
    with inside("ashbourne"):
        assert seen(made).state is State.LAPSED
        assert Integration.objects.get(pk=made).lapsed_at.date() == (last + timedelta(days=1))
        assert Event.objects.filter(kind="permission.lapsed", subject_id=made).count() == 1, "once for both sides"
    for slug in ("ashbourne", "coldharbour"):
        titles = [title for key, title, _ in open_items(inside, slug, made) if key == "permission-ends"]
        assert titles == ["A permission has lapsed: Nightly backup"]
    nights(365)
    assert len(open_items(inside, "ashbourne", made)) == 1
    for slug in ("brackenfield", "gravenhurst", "northgate"):
        with inside(slug):
            assert not WorkItem.objects.filter(object_id=made).exists()
            assert not Event.objects.filter(subject_id=made).exists()


def test_what_waits_or_was_ended_reminds_nobody(inside, cast, nights):
    waits, over = proposed(inside, cast, name="Waits"), in_force(inside, cast, name="Over")
    with inside("coldharbour", fresh=True):
        permitting.end(over, because="Not used")
    nights(0)
    nights(70)
    nights(120)
    for slug in ("ashbourne", "coldharbour"):
        keys = {key for made in (waits, over) for key, _, _ in open_items(inside, slug, made)}
        assert keys <= {"permission-asked", "permission-ended"}
    with inside("ashbourne"):
        assert Integration.objects.get(pk=over).lapsed_at is None


def test_a_new_version_that_both_approved_settles_the_reminders(inside, cast, nights, monkeypatch):
    real = clock.now
    made = in_force(inside, cast)
    nights(0)
    nights(75)
    assert open_items(inside, "coldharbour", made)
    monkeypatch.setattr(clock, "now", real)
    with inside("coldharbour"):
        longer = terms(person(cast, "coldharbour"), (file_services(),), expires_on=real().date() + timedelta(days=300))
        permitting.change(made, longer, after=1)
    approved(inside, asked(inside, cast, made, "ashbourne"), "coldharbour")
    nights(76)
    nights(101)
    for slug in ("ashbourne", "coldharbour"):
        assert [key for key, _, _ in open_items(inside, slug, made) if key == "permission-ends"] == []
        with inside(slug):
            assert seen(made).in_force
    nights(270)
    assert [key for key, _, _ in open_items(inside, "ashbourne", made)] == ["permission-ends"]
