"""Data of their own for the rules that no other file tries: records in `tests/data/access/rules`, taken and judged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.access.ingest import source_named, take_stream
from monitoring.models import Finding
from monitoring.records.reading import reader_of
from tests.monitoring.sighting import judge
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)
DATA = Path(__file__).parents[1] / "data" / "access" / "rules"
MARCH = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture
def found(inside):
    """What Northgate's or a council's log leads to, by side."""

    def take(name: str, slug: str) -> list[tuple[str, list[str], list[str], int]]:
        with inside(slug):
            source = source_named(name, "normal")
        take_stream(source, reader_of("normal"), [(DATA / name).read_bytes()], lambda: inside(slug))
        judge()
        with inside("coldharbour"):
            rows = Finding.objects.order_by("first_at", "account")
            return [(each.account, each.rules, each.reasons, each.weight) for each in rows]

    return take


def nothing_for(inside, *slugs: str) -> None:
    for slug in slugs:
        with inside(slug):
            assert not Finding.objects.exists(), slug


def test_dormant(inside, found):
    late = [each for each in found("dormant.ndjson", "coldharbour") if "new-place" in each[2]]
    # What it did at home in between is not known here and does not count; thirty days are no sleep.
    assert late == [
        ("k.ode@brackenfield", ["first-sight"], ["new-place"], 20),
        ("e.rowe@brackenfield", ["first-sight"], ["dormant", "new-place"], 45),
    ]
    nothing_for(inside, "gravenhurst", "northgate")


def test_failed_attempt(inside, found):
    assert found("failed-attempt.ndjson", "coldharbour") == [
        ("m.stone@brackenfield", ["failed-attempt"], ["failed"], 10)
    ]
    with inside("brackenfield"):
        one = Finding.objects.get()
        assert (one.sights, one.places) == (2, ["file-02", "web-01"])
    nothing_for(inside, "gravenhurst", "northgate")


@pytest.mark.parametrize("over", [False, True])
def test_during_isolation_over_a_link_that_both_ends_cut(inside, found, cast, over):
    ((link,),) = owner(
        "SELECT d.id FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.source_id"
        " JOIN partners_sharedsystem t ON t.id = d.target_id"
        " WHERE s.slug = 'identity-platform' AND t.slug = 'file-services'"
    )
    ends = [("source", "cut", 11), ("target", "cut", 12), *([("both", "reconnected", 14)] if over else [])]
    for end, what, hour in ends:
        owner(
            "INSERT INTO partners_edgemove (id, dependency_id, at_end, what, text, vouched_by, pressed_by,"
            " organisation_id, at) VALUES (gen_random_uuid(), %s, %s, %s, 'x', '', gen_random_uuid(), %s, %s)",
            [link, end, what, cast.id("northgate"), MARCH.replace(hour=hour)],
        )
    if not over:
        owner(
            "UPDATE partners_dependency SET cut_source_at = %s, cut_target_at = %s WHERE id = %s",
            [MARCH.replace(hour=11), MARCH.replace(hour=12), link],
        )
    rows = found("during-isolation-by-link.ndjson", "northgate")
    # Ashbourne stands on the target itself: its account, which a permission covered then, crosses no link.
    assert [(each[0], each[1], each[3]) for each in rows] == [
        ("ng.adm7@brackenfield", ["first-sight"], 40),
        ("ng.adm7@brackenfield", ["during-isolation"], 60),
    ]
    with inside("coldharbour"):
        assert Finding.objects.get(rules=["during-isolation"]).first_at == MARCH.replace(hour=13)
    with inside("brackenfield"):
        assert Finding.objects.filter(rules=["during-isolation"]).count() == 1
    nothing_for(inside, "gravenhurst", "dunmere", "ashbourne")
