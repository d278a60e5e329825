"""The form to open an incident says who is told by what: held against what opening then writes, at each severity."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.db import DatabaseError, connections

from partners.models import SharedSystem
from tests.notifications.stage import Stage
from tests.notifications.test_mail_distrust import BEN, BENS
from tests.notifications.test_mail_words import SUNITA, mark
from tests.notifications.texting import number

pytestmark = pytest.mark.django_db(transaction=True)
SENT, BESIDE = ["email", "sms"], ["teams", "push"]


@pytest.fixture(autouse=True)
def kinds(settings) -> None:
    settings.SENT_WAYS, settings.BESIDE_WAYS = SENT, BESIDE


def said(stage: Stage, severity: int | None, kinds: list[str]) -> Counter[tuple[Any, str]]:
    with stage.as_person("ashbourne"), connections["default"].cursor() as cursor:
        start = SharedSystem.objects.get(slug="identity-platform").pk
        cursor.execute("SELECT * FROM sec.how_they_would_be_told(ARRAY[%s::uuid], %s, %s)", [start, severity, kinds])
        return Counter({(organisation, way): count for organisation, way, count in cursor.fetchall()})


def told(stage: Stage, severity: int | None) -> dict[Any, tuple[int, int]]:
    with stage.as_person("ashbourne"), connections["default"].cursor() as cursor:
        start = SharedSystem.objects.get(slug="identity-platform").pk
        cursor.execute("SELECT * FROM sec.who_would_be_told(ARRAY[%s::uuid], %s, %s)", [start, severity, SENT])
        return {organisation: (people, avoided) for organisation, people, avoided in cursor.fetchall()}


def written(stage: Stage, incident: Any, state: str) -> list[tuple[Any, str, Any]]:
    return stage.owner(
        "SELECT organisation_id, way, coalesce(person_id, contact_point_id) FROM notifications_delivery"
        " WHERE incident_id = %s AND message = 'opened' AND state = %s AND way <> 'phone'",
        [incident.pk, state],
    )


def channel(stage: Stage, slug: str, kind: str, person: str | None) -> None:
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust, is_active,"
        ' "order", is_private, trust_since, trust_because, host) SELECT gen_random_uuid(), o.id, p.id, %s, %s, %s,'
        " 'trusted', true, 50, false, now(), '', 'example.org' FROM partners_organisation o LEFT JOIN partners_person p"
        " ON p.organisation_id = o.id AND p.email = %s WHERE o.slug = %s",
        [kind, "sealed", f"{kind} of {person}", person, slug],
    )


def wish(stage: Stage, person: str, *, first: str, beside: list[str]) -> None:
    stage.owner(
        "INSERT INTO partners_reachpreference (person_id, organisation_id, first, beside, quiet_category)"
        " SELECT id, organisation_id, %s, %s, 4 FROM partners_person WHERE email = %s",
        [first, beside, person],
    )


def test_at_each_severity_the_preview_counts_what_opening_writes(stage: Stage):
    number(stage, "dunmere", BEN, BENS, order=9)
    number(stage, "dunmere", SUNITA, "+447700900222", order=0)
    channel(stage, "dunmere", "teams", None)
    channel(stage, "dunmere", "push", BEN)
    channel(stage, "dunmere", "push", SUNITA)
    wish(stage, SUNITA, first="email", beside=["teams"])
    wish(stage, BEN, first="sms", beside=["push"])
    stage.owner(
        "UPDATE partners_person SET is_active = false WHERE id = (SELECT p.id FROM partners_person p"
        " JOIN partners_organisation o ON o.id = p.organisation_id WHERE o.slug = 'eastwick' AND p.email <> ''"
        " ORDER BY p.name LIMIT 1)"
    )
    seen: set[tuple[int, ...]] = set()
    for marked in (False, True):
        if marked:
            mark(stage)
        for severity in (None, 2, 3, 5):
            expected, counts = said(stage, severity, [*SENT, *BESIDE]), told(stage, severity)
            incident = stage.opens(severity=severity)
            stage.plans()
            rows = written(stage, incident, "pending")
            assert Counter((organisation, way) for organisation, way, _ in rows) == expected, (marked, severity)
            for organisation, (people, avoided) in counts.items():
                of_it = {who for each, way, who in rows if each == organisation and way in SENT}
                assert len(of_it) == people, (marked, severity, organisation)
                passed = [row for row in written(stage, incident, "skipped") if row[0] == organisation]
                assert avoided >= len([row for row in passed if row[1] in SENT]), (marked, severity, organisation)
            seen.add(tuple(sorted(expected.values())))
    assert len(seen) > 3, "the severities and the mark make a difference here"


def test_the_stranger_counts_nothing_from_a_system_that_is_not_its_own(stage: Stage):
    ((start,),) = stage.owner("SELECT id FROM partners_sharedsystem WHERE slug = 'identity-platform'", [])
    for counted in ("how_they_would_be_told", "who_would_be_told"):
        with (
            pytest.raises(DatabaseError, match="not yours"),
            stage.as_person("gravenhurst"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(f"SELECT sec.{counted}(ARRAY[%s::uuid], NULL, %s)", [start, SENT])
