"""Random people ask, decide, take back and carry out in random order: exactly what is written here is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from partners.models import Isolation
from tests.isolation.two import Two

# Committing, so that no transaction of many examples outlives the thirty seconds that a role of the product may have.
pytestmark = pytest.mark.django_db(transaction=True)

TARGET = "dunmere"
LEADER = "ashbourne"
IN_IT = {"ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "northgate"}
MAY = {"administrator", "incident_manager", "approver"}
PEOPLE = [
    ("ashbourne", "incident_manager"),
    ("ashbourne", "administrator"),
    ("ashbourne", "responder"),
    ("brackenfield", "incident_manager"),
    ("brackenfield", "approver"),
    ("coldharbour", "incident_manager"),
    ("northgate", "incident_manager"),
    ("dunmere", "incident_manager"),
    ("gravenhurst", "incident_manager"),
]
CAN_LOSE = [("ashbourne", "incident_manager"), ("brackenfield", "incident_manager"), ("brackenfield", "approver")]

people = st.sampled_from(PEOPLE)
mostly = st.sampled_from([True, True, True, True, False])
which = st.integers(0, 3)
steps = st.sampled_from([1, 2, 3, 4])
tolds = st.lists(st.sampled_from(["brackenfield", "coldharbour", "dunmere", "gravenhurst"]), max_size=2, unique=True)
ACTS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(PEOPLE[:4] + PEOPLE[:2] * 3), mostly, steps, tolds),
    st.tuples(st.just("decide"), people, mostly, which, mostly, mostly),
    st.tuples(st.just("decide"), st.sampled_from(PEOPLE[3:6]), st.just(True), which, mostly, st.just(True)),
    st.tuples(st.just("decide"), st.sampled_from(PEOPLE[3:6]), st.just(True), which, mostly, st.just(True)),
    st.tuples(st.just("withdraw"), people, which),
    st.tuples(st.just("carry out"), people, mostly, which, mostly),
    st.tuples(st.just("carry out"), st.sampled_from(PEOPLE[:6]), st.just(True), which, st.just(True)),
    st.tuples(st.just("carry out"), st.sampled_from(PEOPLE[:6]), st.just(True), which, st.just(True)),
    st.tuples(st.just("lose role"), st.sampled_from(CAN_LOSE)),
)


@dataclass
class Asked:
    """An approval as the reference knows it."""

    id: Any
    asker: tuple[str, str]
    step: int
    audience: set[str]
    state: str = "waiting"
    decider: tuple[str, str] | None = None


@dataclass
class Reference:
    """What is allowed, written from the words of `docs/sign-in.md` alone."""

    asked: list[Asked] = field(default_factory=list)
    in_force: set[int] = field(default_factory=set)
    lost: set[tuple[str, str]] = field(default_factory=set)

    def is_somebody(self, who: tuple[str, str]) -> bool:
        return not (who[0] == TARGET and self.in_force & {3, 4})

    def may(self, who: tuple[str, str]) -> bool:
        return who[1] in MAY and who not in self.lost and self.is_somebody(who)

    def may_ask(self, who: tuple[str, str], told: list[str], *, fresh: bool) -> bool:
        return self.may(who) and fresh and who[0] == LEADER and set(told) <= IN_IT - {TARGET}

    def may_decide(self, who: tuple[str, str], asked: Asked, *, fresh: bool, yes: bool, why: bool) -> bool:
        return (
            self.may(who) and fresh and asked.state == "waiting" and who[0] in asked.audience
            and who != asked.asker and who[0] != asked.asker[0] and who[0] != TARGET and (yes or why)
        )  # fmt: skip

    def may_withdraw(self, who: tuple[str, str], asked: Asked) -> bool:
        return self.may(who) and who[0] == asked.asker[0] and asked.state in {"waiting", "approved"}

    def may_carry_out(self, who: tuple[str, str], asked: Asked, *, fresh: bool, same: bool) -> bool:
        return (
            fresh and same and asked.state == "approved" and who in {asked.asker, asked.decider}
            and all(self.may(each) for each in (asked.asker, asked.decider) if each)
            and asked.step not in self.in_force
        )  # fmt: skip


def play(two: Two, acts: list[tuple[Any, ...]]) -> None:
    world, incident = Reference(), two.opens()
    for name, who, *how in acts:
        if name == "ask":
            fresh, step, told = how
            got = two.ask(who, TARGET, step, told=told, incident=incident, fresh=fresh)
            assert isinstance(got, UUID) == world.may_ask(who, told, fresh=fresh), (name, who, how, got)
            if isinstance(got, UUID):
                world.asked.append(Asked(got, who, step, {who[0], *told}))
            continue
        if name == "lose role":
            changes = "UPDATE partners_person SET role = 'responder' WHERE id = %s RETURNING ''"
            person = two.cast.visitor(*who).person_id
            assert two.sql((who[0], "administrator"), changes, person) is None, who
            world.lost.add(who)
            continue
        if not world.asked:
            continue
        if name == "decide":
            fresh, index, yes, why = how
            asked = world.asked[index % len(world.asked)]
            allowed = world.may_decide(who, asked, fresh=fresh, yes=yes, why=why)
            got = two.decide(who, asked.id, yes=yes, because="No" if why else "", fresh=fresh)
            if allowed:
                asked.state, asked.decider = ("approved" if yes else "refused"), who
        elif name == "withdraw":
            asked = world.asked[how[0] % len(world.asked)]
            allowed = world.may_withdraw(who, asked)
            got = two.sql(who, "SELECT sec.withdraw(%s)", asked.id)
            asked.state = "withdrawn" if allowed else asked.state
        else:
            fresh, index, same = how
            asked = world.asked[index % len(world.asked)]
            allowed = world.may_carry_out(who, asked, fresh=fresh, same=same)
            step = asked.step if same else asked.step % 4 + 1
            got = two.carry_out(who, asked.id, TARGET, step, incident, fresh=fresh)
            got = None if isinstance(got, UUID) else got
            if allowed:
                asked.state = "carried out"
                world.in_force.add(asked.step)
        assert (got is None) == allowed, (name, who, how, asked, got)
    with two.inside("coldharbour"):
        assert set(Isolation.objects.values_list("step", flat=True)) == world.in_force
    note(f"{[asked.state for asked in world.asked]} {world.in_force}")
    REACHED.update(asked.state for asked in world.asked)


REACHED: set[str] = set()


@settings(
    max_examples=120, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(first=st.lists(steps, min_size=1, max_size=3), acts=st.lists(ACTS, min_size=6, max_size=20))
def examples(two: Two, first: list[int], acts: list[tuple[Any, ...]]) -> None:
    """It begins with requests that somebody can decide, and goes on at random."""
    begun = [("ask", PEOPLE[nth % 2], True, step, ["brackenfield", "coldharbour"]) for nth, step in enumerate(first)]
    with transaction.atomic(using="default"):
        play(two, [*begun, *acts])
        transaction.set_rollback(True, using="default")


@pytest.mark.timeout(180)
def test_what_is_allowed_is_what_is_written_here(two):
    REACHED.clear()
    examples(two)
    missing = {"waiting", "approved", "refused", "withdrawn", "carried out"} - REACHED
    assert missing == set(), "the search reaches every state"
