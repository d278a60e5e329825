"""Random acts of both sides on random days: in force exactly when what is written by hand here says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from partners import approvals, permissions, permitting
from partners.approvals import NotAllowed
from partners.models import Approval
from portal import clock
from tests.partners.permitted import file_services, person, seen, terms

# Committing, so that no transaction of many examples outlives the thirty seconds that a role of the product may have.
pytestmark = pytest.mark.django_db(transaction=True)

SIDES = ("coldharbour", "ashbourne")  # grantor, grantee
REAL = clock.now
side = st.sampled_from(SIDES)
ACTS = st.one_of(
    st.tuples(st.just("change"), side),
    st.tuples(st.just("own"), side),
    st.tuples(st.just("ask"), side),
    st.tuples(st.just("ask"), side),
    st.tuples(st.just("approve"), side),
    st.tuples(st.just("approve"), side),
    st.tuples(st.just("approve"), side),
    st.tuples(st.just("refuse"), side),
    st.tuples(st.sampled_from(["end", "own", "change"]), side),
)
DAYS = [-1, 0, 1, 2, 99, 100, 101, 102, 103, 104, 105, 300]


def first_day(version: int) -> int:
    return version % 3  # days from today


def last_day(version: int) -> int:
    return 100 + version


@dataclass
class Reference:
    """What both sides have said, in their order; `now` counts acts."""

    latest: int = 1
    owners: dict[str, bool] = field(default_factory=lambda: {"coldharbour": False, "ashbourne": True})
    complete: int | None = None
    asked: list[tuple[Any, int, str, int]] = field(default_factory=list)  # approval, version, side, when
    approved: int | None = None
    refused: bool = False
    ended: bool = False
    now: int = 0

    @property
    def waits(self) -> bool:
        return not self.ended and not self.refused and self.approved != self.latest

    def in_force(self, day: int) -> bool:
        if self.approved is None or self.ended:
            return False
        return first_day(self.approved) <= day <= last_day(self.approved)


class Both:
    """The same acts, done to the database and to the reference."""

    def __init__(self, inside: Any, cast: Any) -> None:
        self.inside, self.cast, self.ref = inside, cast, Reference()
        with inside("ashbourne"):
            self.made = permitting.propose(self.terms("ashbourne", 1), other=cast.id("coldharbour"), side="grantee")

    def terms(self, slug: str, version: int) -> Any:
        start = REAL().date() + timedelta(days=first_day(version))
        return terms(
            person(self.cast, slug), (file_services(),), purpose=f"Version {version}", starts_on=start, review_on=start,
            expires_on=REAL().date() + timedelta(days=last_day(version)),
        )  # fmt: skip

    def act(self, what: str, slug: str) -> None:
        self.ref.now += 1
        may = getattr(self, f"may_{what}")(slug)
        did, came, why = True, None, "done"
        try:
            with self.inside(slug, fresh=True):
                came = getattr(self, f"do_{what}")(slug)
        except NotAllowed as refused:
            did, why = False, str(refused)
        note(f"{slug} {what}: {why}")
        assert did is may, f"{slug} {what}: {why}"
        if did:
            getattr(self, f"then_{what}")(slug, came)

    def may_change(self, slug: str) -> bool:
        return not self.ref.ended

    def do_change(self, slug: str) -> None:
        permitting.change(self.made, self.terms(slug, self.ref.latest + 1), after=self.ref.latest)

    def then_change(self, slug: str, came: Any) -> None:
        self.ref.latest += 1
        self.ref.refused = False
        self.ref.owners[slug] = True
        self.ref.complete = self.ref.now if all(self.ref.owners.values()) else None

    def may_own(self, slug: str) -> bool:
        return self.ref.waits

    def do_own(self, slug: str) -> None:
        permitting.name_owner(self.made, version=self.ref.latest, person=person(self.cast, slug))

    def then_own(self, slug: str, came: Any) -> None:
        self.ref.owners[slug] = True
        self.ref.complete = self.ref.now if all(self.ref.owners.values()) else None

    def may_ask(self, slug: str) -> bool:
        return self.ref.complete is not None

    def do_ask(self, slug: str) -> Any:
        return permitting.ask(seen(self.made), me=self.cast.id(slug), reason="Now")

    def then_ask(self, slug: str, came: Any) -> None:
        self.ref.asked.append((came, self.ref.latest, slug, self.ref.now))

    def may_approve(self, slug: str) -> bool:
        if not self.ref.asked:
            return False
        _, version, asker, when = self.ref.asked[-1]
        same = version == self.ref.latest and self.ref.complete is not None and self.ref.complete < when
        return asker != slug and same and self.ref.waits

    def do_approve(self, slug: str) -> None:
        if not self.ref.asked:
            raise NotAllowed("nobody asked")
        approvals.approve(Approval.objects.get(pk=self.ref.asked[-1][0]))

    def then_approve(self, slug: str, came: Any) -> None:
        self.ref.asked.pop()
        self.ref.approved = self.ref.latest

    def may_refuse(self, slug: str) -> bool:
        return self.ref.waits

    def do_refuse(self, slug: str) -> None:
        permitting.refuse(self.made, version=self.ref.latest, because="No")

    def then_refuse(self, slug: str, came: Any) -> None:
        self.ref.refused = True

    def may_end(self, slug: str) -> bool:
        return not self.ref.ended

    def do_end(self, slug: str) -> None:
        permitting.end(self.made, because="Over")

    def then_end(self, slug: str, came: Any) -> None:
        self.ref.ended = True


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=4, max_size=10), day=st.sampled_from(DAYS))
def test_it_is_in_force_only_while_both_approved_the_version_and_the_day_is_within_its_dates(
    inside, cast, monkeypatch, acts, day
):
    with transaction.atomic():
        both = Both(inside, cast)
        for what, slug in acts:
            both.act(what, slug)
            check(both, day, monkeypatch, SIDES[:1])
        check(both, day, monkeypatch, SIDES)
        transaction.set_rollback(True)


def check(both: Both, day: int, monkeypatch: Any, sides: tuple[str, ...]) -> None:
    wanted = both.ref.in_force(day)
    with monkeypatch.context() as moved:
        moved.setattr(clock, "now", lambda: REAL() + timedelta(days=day))
        for slug in sides:
            with both.inside(slug):
                assert seen(both.made).in_force is wanted
        with both.inside("northgate"):
            found = [each for each in permissions.on_systems_i_run() if each.id == both.made]
            assert [each.in_force for each in found] == [wanted]
