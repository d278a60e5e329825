"""Findings: one for each side and burst, what each rule finds, what it weighs, who decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from incidents.techniques.facts import facts
from monitoring.findings.rules import A_LIST, AN_HOUR, REASONS, RULES
from monitoring.models import Finding
from partners.models import SharedSystem
from portal.ledger.models import Event
from tests.monitoring.sighting import Changed, Seen, change, judge, judge_by_work, see
from tests.partners.raw import entered

pytestmark = pytest.mark.django_db(transaction=True)
NOON = (datetime.now(UTC) - timedelta(days=120)).replace(hour=12, minute=40, second=0, microsecond=0)
HOUR = timedelta(hours=1)


def only(inside, slug) -> Finding:
    with inside(slug):
        return Finding.objects.get()


def test_a_burst_is_one_finding_for_each_side_and_none_is_lost_or_made_twice(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    with inside("ashbourne"):
        see(*(Seen(a, c, NOON + nth * HOUR / 2, place=f"file-{nth:02}") for nth in range(1000)))
        see(Seen(a, c, NOON, account="pc-7$@ashbourne", account_kind="machine"))
    with entered(role="worker") as first, entered(role="worker") as second:
        assert first.execute("SELECT sec.judge_access(2000)").fetchone() == (1000,), "a machine's is not kept"
        assert second.execute("SELECT sec.judge_access(2000)").fetchone() == (0,), "one at a time"
    # Both were rolled back, as when they are killed.
    assert (judge(), judge()) == (1000, 0)
    for slug, side in (("ashbourne", "home"), ("coldharbour", "place")):
        found = only(inside, slug)
        assert (found.side, found.sights, len(found.sight_ids), found.weight) == (side, 1000, 500, 80)
        assert found.reasons == ["new-organisation", "new-place", "service"]
        with inside(slug):
            (event,) = Event.objects.filter(kind__startswith="access.")
            assert (event.kind, event.audience) == ("access.first_sight", [cast.id(slug)])
            assert event.data["account"] == "svc-backup@ashbourne"
    with inside("ashbourne"):
        see(Seen(a, c, NOON + 1001 * HOUR / 2, place="web-01"))  # within an hour of the last
        see(Seen(a, c, NOON + 600 * HOUR, place="web-02", kind="admin"))
    assert judge() == 2
    with inside("coldharbour"):
        late, burst = Finding.objects.order_by("sights")
        assert (burst.sights, late.rules, late.weight) == (1001, ["first-admin"], 50)
        kinds = Event.objects.filter(kind__startswith="access.").order_by("pos").values_list("kind", flat=True)
        assert list(kinds) == ["access.first_sight", "access.rule"]
    with inside("gravenhurst"):
        assert not Finding.objects.exists()
        assert not Event.objects.filter(kind__startswith="access.").exists()


def test_each_rule_finds_its_own_with_the_eyes_of_each_side(inside, cast):
    a, b, c, d = (cast.id(each) for each in ("ashbourne", "brackenfield", "coldharbour", "dunmere"))
    many = {"account": "j.doe@ashbourne", "account_kind": "person"}
    with inside("ashbourne"):
        see(*(Seen(a, org, NOON + nth * HOUR / 3, place="p", **many) for nth, org in enumerate((b, c, d))))
        see(Seen(a, c, NOON - timedelta(days=61), account="old@ashbourne", account_kind="person"))
        see(Seen(a, c, NOON, account="old@ashbourne", place="file-03", account_kind="person", kind="lapsed"))
    judge()
    with inside("ashbourne"):
        found = Finding.objects.get(account="j.doe@ashbourne")
        assert found.rules == ["first-sight", "many-organisations"]
        assert len(found.organisations) == 3
        found = Finding.objects.get(account="old@ashbourne", last_at=NOON)
        assert (found.rules, found.reasons, found.weight) == (["lapsed-permission"], ["dormant", "lapsed"], 60)
    with inside("dunmere"):
        found = Finding.objects.get()
        assert found.rules == ["first-sight"], "what it did at others is not for Dunmere"
        assert (found.organisations, found.weight) == ([d], 40)
    with inside("coldharbour"):
        system = SharedSystem.objects.get(slug="file-services").pk
        change(
            Changed(c, c, NOON, "account-created", "new", "file-services", system),
            Changed(a, c, NOON + 2 * HOUR, "group-changed"),
            Changed(None, c, NOON + 4 * HOUR, "backup-deleted", "nightly", "file-services", system),
            Changed(c, c, NOON + 6 * HOUR, "group-changed", "staff"),  # at home, on no shared system
        )
    judge()
    with inside("coldharbour"):
        made = Finding.objects.filter(changes=1).order_by("first_at")
        assert [each.rules for each in made] == [["account-made"], ["rights-changed"], ["backup-deleted"]]
        assert [each.weight for each in made] == [40, 50, 70]
    with inside("ashbourne"):
        assert [each.rules for each in Finding.objects.filter(changes=1)] == [["rights-changed"]]


def test_the_judge_reads_an_account_once_however_much_it_did(inside, cast):
    """Four times as many sights of one account are about four times the work: of each, what is in its reach is read.

    One account against itself would be sixteen times the work.
    """
    a, c = cast.id("ashbourne"), cast.id("coldharbour")

    def work(first: int, end: int) -> int:
        with inside("ashbourne"):
            see(*(Seen(a, c, NOON + nth * HOUR / 120, place=f"file-{nth:04}") for nth in range(first, end)))
        judged, read = judge_by_work()
        assert judged == end - first
        return read

    few, many = work(0, 400), work(400, 2000)
    assert few > 400
    assert many < 8 * few, (few, many)
    with inside("coldharbour"):
        assert sum(each.sights for each in Finding.objects.all()) == 2000


def test_weights_and_ids_are_what_the_pages_say():
    with entered(role="owner") as connection:
        for code, (points, _words) in REASONS.items():
            assert connection.execute("SELECT sec.finding_weight(%s)", [[code]]).fetchone() == (points,), code
        assert connection.execute("SELECT sec.finding_weight(%s)", [list(REASONS)]).fetchone() == (100,)
        assert connection.execute("SELECT sec.findings_an_hour(), sec.findings_a_list()").fetchone() == (
            AN_HOUR,
            A_LIST,
        )
    for rule in RULES:
        assert {*rule.attack, *rule.d3fend} <= facts().techniques.keys(), rule.code
