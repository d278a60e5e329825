"""Two spellings of an account become one: what was seen while somebody was cut off is told all the same, and once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any

import psycopg
import pytest

from monitoring.models import Finding, Sight
from tests.monitoring.sighting import SIGHTS, judge
from tests.monitoring.test_later_that_day import _source, at, cut_off, deliver, line, rules_of
from tests.partners.raw import entered, owner

pytestmark = pytest.mark.django_db(transaction=True)
ONE, OTHER = "x1@ashbourne", "x2@ashbourne"
PASSAGE = "SELECT sec.take_passages(%s, %s, %s::uuid[], %s::uuid[], %s, %s)"
__all__ = ["deliver"]


def tell(sql: psycopg.Connection, source: Any, home: Any, whose: Any) -> None:
    """That `ONE` was there at one o'clock, as a taker tells it."""
    row = [
        ["success"],
        [ONE],
        [ONE],
        ["person"],
        [home],
        [whose],
        ["file-02"],
        [None],
        ["file-02"],
        [at("13:00")],
        [None],
    ]
    sql.execute(SIGHTS, [source, *row])
    sql.execute(PASSAGE, [source, [ONE], [home], [whose], ["file-02"], [at("13:00")]])


def join(ticket: str, home: Any, begun: Queue[int] | None = None) -> None:
    with entered(ticket, commits=True) as sql:
        if begun is not None:
            begun.put(sql.info.backend_pid)
        sql.execute("SELECT sec.learn_aliases(%s::uuid[], %s, %s)", [[home], [ONE], [OTHER]])


def until_it_waits(backend: int) -> None:
    for _ in range(500):
        if owner("SELECT cardinality(pg_blocking_pids(%s))", [backend]) != [(0,)]:
            return
        time.sleep(0.02)
    pytest.fail("it does not wait for the one who tells")


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_passage_outlives_the_spelling_under_which_it_was_told(inside, deliver, cast, meanwhile):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    ticket, source = cast.visitor("coldharbour").ticket, _source(inside, "coldharbour", "SIEM")
    cut_off(a, [a, c], "12:00", "14:00")
    deliver(line("10:00", account=ONE), line("10:30", account=OTHER))  # both told of as first sights
    first = [(["first-sight"], at("10:00")), (["first-sight"], at("10:30"))]
    assert rules_of(inside, "coldharbour") == first
    if meanwhile:
        with ThreadPoolExecutor(1) as pool:
            with entered(ticket, commits=True) as sql:
                tell(sql, source, a, c)
                begun: Queue[int] = Queue()
                joined = pool.submit(join, ticket, a, begun)
                until_it_waits(begun.get(timeout=20))
            joined.result(timeout=20)
    else:
        with entered(ticket, commits=True) as sql:
            tell(sql, source, a, c)
        join(ticket, a)
    judge()
    for slug in ("ashbourne", "coldharbour"):
        assert rules_of(inside, slug) == [*first, (["during-isolation"], at("13:00"))]
        with inside(slug):
            [sight] = Sight.objects.all()
            assert (sight.account, sight.first_at) == (OTHER, at("10:00"))
            assert {pk for each in Finding.objects.all() for pk in each.sight_ids} == {sight.pk}, (
                "each shows what it is of"
            )
    # Sent again under either name it is told no second time.
    deliver(line("13:00", account=ONE), line("13:10", account=OTHER))
    for slug in ("ashbourne", "coldharbour"):
        assert rules_of(inside, slug) == [*first, (["during-isolation"], at("13:00"))]
    assert owner("SELECT count(*) FROM monitoring_passage") == [(1,)]
    assert rules_of(inside, "gravenhurst") == []


def test_what_was_judged_under_one_spelling_is_not_judged_again_under_the_other(inside, deliver, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    cut_off(a, [a, c], "12:00", "14:00")
    deliver(line("10:00", account=ONE), line("10:30", account=OTHER))
    deliver(line("13:00", account=ONE), line("13:20", account=OTHER))
    told = rules_of(inside, "ashbourne")
    assert [rules for rules, _ in told[2:]] == [["during-isolation"]] * 2
    join(cast.visitor("coldharbour").ticket, a)
    deliver(line("13:00", account=OTHER), line("13:20", account=OTHER), source="other")
    assert rules_of(inside, "ashbourne") == told
    assert owner("SELECT count(*) FROM monitoring_passage p JOIN monitoring_sight s ON s.id = p.sight_id") == [(1,)]
    assert owner("SELECT count(*) FROM monitoring_passage") == [(1,)]


def test_a_finding_of_several_sights_shows_all_of_them_under_the_name_that_stays(inside, deliver, cast):
    """A privileged sign-in is two sights of one finding."""
    deliver(line("10:00", account=ONE, privileged=True), line("13:00", account=OTHER, privileged=True))
    join(cast.visitor("coldharbour").ticket, cast.id("ashbourne"))
    for slug in ("ashbourne", "coldharbour"):
        with inside(slug):
            kept = {each.kind: each.pk for each in Sight.objects.all()}
            assert set(kept) == {"success", "admin"}
            found = [each.sight_ids for each in Finding.objects.order_by("first_at")]
            assert [(len(each), set(each)) for each in found] == [(2, set(kept.values()))] * 2
