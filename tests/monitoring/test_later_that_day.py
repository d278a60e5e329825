"""What comes after a cut or the end of a permission on the day of it, in whatever order logs are delivered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.access import blocks, taking
from monitoring.access.ingest import source_named, take_stream
from monitoring.models import Finding
from monitoring.records.reading import reader_of
from partners.models import SharedSystem
from tests.monitoring.sighting import Changed, change, judge
from tests.partners.raw import entered, owner, refused

pytestmark = pytest.mark.django_db(transaction=True)
DAY = (datetime.now(UTC) - timedelta(days=4)).replace(hour=0, minute=0, second=0, microsecond=0)


def at(clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return DAY + timedelta(hours=int(hours), minutes=int(minutes))


def line(clock: str, **more: Any) -> bytes:
    said = {"at": at(clock).isoformat(), "account": "svc-backup@ashbourne", "resource": "file-02"}
    return json.dumps(said | {"resource_organisation": "coldharbour"} | more).encode() + b"\n"


@pytest.fixture
def deliver(inside):
    """Coldharbour's log, taken and judged."""

    def take(*lines: bytes, source: str = "SIEM", slug: str = "coldharbour") -> Any:
        totals = take_stream(_source(inside, slug, source), reader_of("normal"), list(lines), lambda: inside(slug))
        judge()
        return totals

    return take


def _source(inside, slug: str, name: str) -> Any:
    with inside(slug):
        return source_named(name, "normal")


def cut_off(organisation, audience, start: str, end: str | None) -> None:
    owner(
        "INSERT INTO partners_isolation (id, organisation_id, step, incident_reference, reason, pressed_by,"
        " pressed_by_name, pressing_organisation_id, started_at, lifted_at, lifted_by_name, audience)"
        " SELECT gen_random_uuid(), %s, 4, '', 'x', gen_random_uuid(), 'x', %s, %s, %s, '', %s::uuid[]",
        [organisation, organisation, at(start), at(end) if end else None, audience],
    )


def rules_of(inside, slug: str) -> list[tuple[list[str], datetime]]:
    with inside(slug):
        return [(each.rules, each.first_at) for each in Finding.objects.order_by("first_at", "made_at")]


def test_after_a_cut_an_account_that_was_there_before_it_is_found_once_for_whoever_may_know(inside, deliver, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    cut_off(a, [a, c], "12:00", "14:00")  # lifted before the log comes
    first = [line("10:00"), line("13:00"), line("13:20"), line("15:00"), line("15:30")]
    deliver(*first[:1])
    assert rules_of(inside, "coldharbour") == [(["first-sight"], at("10:00"))]
    deliver(*first)
    wanted = [(["first-sight"], at("10:00")), (["during-isolation"], at("13:00"))]
    for slug in ("ashbourne", "coldharbour"):
        assert rules_of(inside, slug) == wanted
    # Delivered again, by another source, the rest alone, a decision later: nothing more.
    owner("UPDATE monitoring_finding SET state = 'dismissed', decided_at = now()")
    deliver(*first)
    deliver(*first, source="other")
    deliver(line("13:05"), line("13:20"), source="third")
    assert rules_of(inside, "coldharbour") == wanted
    assert owner("SELECT count(*) FROM monitoring_passage") == [(1,)]
    for slug in ("gravenhurst", "brackenfield"):
        assert rules_of(inside, slug) == []
    with entered(cast.visitor("coldharbour").ticket) as sql:
        assert refused(sql, "SELECT at FROM monitoring_passage") == "42501", "nobody reads cuts from it"


def test_a_side_that_was_not_told_of_the_cut_is_told_of_no_access_during_it(inside, deliver, cast):
    a = cast.id("ashbourne")
    cut_off(a, [a], "12:00", None)
    deliver(line("10:00"), line("13:00"), slug="ashbourne")
    assert [rules for rules, _ in rules_of(inside, "ashbourne")] == [["first-sight"], ["during-isolation"]]
    assert [rules for rules, _ in rules_of(inside, "coldharbour")] == [["first-sight"]]
    deliver(line("13:10", account="new@ashbourne"), slug="ashbourne")
    with inside("ashbourne"):
        new = Finding.objects.get(account="new@ashbourne")
        assert (new.rules, new.sights) == (["during-isolation", "first-sight"], 1), "one sight, counted once"
    # Nor does it find out by asking the database itself.
    source = _source(inside, "coldharbour", "SIEM")
    with entered(cast.visitor("coldharbour").ticket) as sql:
        said = [source, ["svc-backup@ashbourne"], [a], [cast.id("coldharbour")], ["file-02"], [at("13:30")]]
        asked = "SELECT sec.take_passages(%s, %s, %s::uuid[], %s::uuid[], %s, %s)"
        assert sql.execute(asked, said).fetchone() == ("",)


def test_what_only_a_learning_source_told_is_found_when_another_tells_it(inside, deliver, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    cut_off(a, [a, c], "12:00", "14:00")
    _source(inside, "coldharbour", "SIEM")
    owner("UPDATE monitoring_source SET learning_until = now() + interval '1 day'")
    lines = [line("10:00"), line("13:00")]
    deliver(*lines)
    assert rules_of(inside, "coldharbour") == [], "its own source learns"
    other_side = rules_of(inside, "ashbourne")
    assert other_side[-1] == (["during-isolation"], at("13:00"))
    for name in ("other", "third"):
        deliver(*lines, source=name)
        assert rules_of(inside, "coldharbour") == [(["during-isolation"], at("13:00"))]
        assert rules_of(inside, "ashbourne") == other_side
    assert rules_of(inside, "gravenhurst") == []


def test_the_taker_notices_a_cut_that_is_pressed_while_its_stream_runs(inside, deliver, cast, monkeypatch):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    monkeypatch.setattr(blocks, "MEBIBYTE", 200)
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    lines = [line("10:00"), line("10:30"), line("13:00")]

    def chunks():
        yield lines[0] + lines[1]
        cut_off(a, [a, c], "12:00", None)
        yield lines[2]

    with inside("coldharbour"):
        source = source_named("SIEM", "normal")
    take_stream(source, reader_of("normal"), chunks(), lambda: inside("coldharbour"))
    judge()
    assert [rules for rules, _ in rules_of(inside, "coldharbour")] == [["first-sight"], ["during-isolation"]]


@pytest.mark.parametrize("together", [True, False])
def test_a_permission_that_was_ended_at_noon_covers_the_morning_alone(inside, deliver, cast, together):
    ((permission,),) = owner(
        "SELECT i.id FROM partners_integration i WHERE i.grantee_id = %s AND i.grantor_id = %s",
        [cast.id("ashbourne"), cast.id("coldharbour")],
    )
    owner(
        "UPDATE partners_integrationversion SET expires_on = %s WHERE integration_id = %s",
        [(DAY + timedelta(days=90)).date(), permission],
    )
    owner("UPDATE partners_integration SET ended_at = %s WHERE id = %s", [at("12:00"), permission])
    lines = [line(clock, system="file-services") for clock in ("10:00", "11:00", "13:00", "14:00")]
    if together:
        deliver(*lines)
    else:
        deliver(*lines[:2])
        assert rules_of(inside, "coldharbour") == [], "covered: recorded, and nobody is alerted"
        deliver(*lines[2:])
        deliver(*lines[2:], source="again")
    for slug in ("ashbourne", "coldharbour"):
        assert rules_of(inside, slug) == [(["lapsed-permission"], at("13:00"))]
    assert rules_of(inside, "gravenhurst") == []


def test_changes_while_cut_off_say_so(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    cut_off(a, [a, c], "12:00", "14:00")
    with inside("coldharbour"):
        system = SharedSystem.objects.get(slug="file-services").pk
        change(
            Changed(a, c, at("11:00"), "backup-deleted", "nightly", "file-services", system),
            Changed(a, c, at("13:00"), "backup-deleted", "weekly", "file-services", system),
            Changed(a, c, at("15:00"), "account-disabled", "x"),
            Changed(a, c, at("13:50"), "account-disabled", "y", "file-07"),  # of no other rule, and while cut off
        )
    judge()
    for slug in ("ashbourne", "coldharbour"):
        with inside(slug):
            found = Finding.objects.order_by("first_at")
            assert [(each.rules, each.weight, each.changes) for each in found] == [
                (["backup-deleted"], 70, 1),
                (["backup-deleted", "during-isolation"], 100, 2),
            ]
    assert rules_of(inside, "gravenhurst") == []
