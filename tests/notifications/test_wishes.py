"""Planning and ladder obey what people wish, and urgent messages obey nobody."""

from __future__ import annotations

import pytest

from notifications.ways import active_ways
from portal.tenancy.scope import organisation_scope
from tests.notifications.stage import Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mail")]

BEN = "Ben Ashcroft"


def wishes(stage: Stage, *, first: str = "", beside: str = "{}", category: int = 4, quiet: bool = False) -> None:
    """Ben's; quiet from an hour ago to an hour from now, in local time."""
    at = "(clock_timestamp() AT TIME ZONE 'Europe/London' {} interval '1 hour')::time(0)"
    hours = f"{at.format('-')}, {at.format('+')}" if quiet else "NULL, NULL"
    stage.owner(
        "INSERT INTO partners_reachpreference (person_id, organisation_id, first, beside, quiet_from, quiet_until,"
        f" quiet_category) SELECT id, organisation_id, %s, %s::text[], {hours}, %s FROM partners_person"
        " WHERE name = %s",
        [first, beside, category, BEN],
    )


def to_ben(stage: Stage) -> list[tuple]:
    return stage.owner(
        "SELECT d.state, d.quiet, d.next_way, d.due_at > now() + interval '50 minutes'"
        " FROM notifications_delivery d JOIN partners_person p ON p.id = d.person_id WHERE p.name = %s"
        " AND d.state <> 'skipped'",
        [BEN],
    )


@pytest.mark.parametrize(("severity", "category", "waits"), [(5, 4, True), (3, 4, False), (3, 3, True)])
def test_what_is_mild_waits_for_the_end_of_quiet_hours(stage: Stage, severity: int, category: int, waits: bool):
    wishes(stage, category=category, quiet=True)
    stage.always_on_duty(BEN)
    stage.opens(severity=severity)
    stage.works()
    assert to_ben(stage) == ([("pending", True, "taken", True)] if waits else [("accepted", False, "", False)])


@pytest.mark.parametrize("severity", [None, 1, 2])
def test_what_is_urgent_or_not_rated_waits_for_nobody(stage: Stage, severity: int | None):
    wishes(stage, category=3, quiet=True)
    stage.always_on_duty(BEN)
    stage.opens(severity=severity)
    stage.works()
    assert [row[:2] for row in to_ben(stage)] == [("accepted", False)]


def test_what_waits_goes_at_once_when_it_becomes_worse(stage: Stage):
    wishes(stage, quiet=True)
    stage.always_on_duty(BEN)
    incident = stage.opens(severity=5)
    stage.works()
    assert to_ben(stage)[0][0] == "pending"
    stage.owner("UPDATE incidents_incident SET severity = 4 WHERE id = %s", [incident.pk])
    stage.sends()
    assert to_ben(stage)[0][0] == "pending", "still mild"
    stage.owner("UPDATE incidents_incident SET severity = 2 WHERE id = %s", [incident.pk])
    stage.sends()
    assert to_ben(stage)[0][:2] == ("accepted", False)


def test_what_somebody_wants_first_stands_first_and_what_is_beside_takes_no_way_away(stage: Stage, settings):
    settings.SENT_WAYS, settings.BESIDE_WAYS = ["email", "sms"], ["push", "teams", "slack"]
    for kind, address, host in [("sms", "+447700900201", ""), ("push", "p", "h"), ("teams", "t", "h")]:
        stage.owner(
            "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, host, trust,"
            ' "order", trust_because, is_active) SELECT gen_random_uuid(), organisation_id, id, %s, %s, %s, %s,'
            " 'trusted', %s, '', true"
            " FROM partners_person WHERE name = %s",
            [kind, kind, address, host, 9, BEN],
        )
    (ben,) = stage.owner("SELECT id FROM partners_person WHERE name = %s", [BEN])[0]

    def ways() -> list[str]:
        with organisation_scope(stage.ticket("dunmere")):
            return [way.kind for way in active_ways() if way.person_id == ben]

    def as_the_job() -> list[str]:
        with stage.as_person("dunmere", BEN):
            return [way.kind for way in active_ways() if way.person_id == ben]

    assert ways() == ["email", "sms", "push", "teams"]
    wishes(stage, first="sms", beside="{push}")
    assert as_the_job() == ["sms", "email", "push"]
    stage.owner("UPDATE partners_reachpreference SET first = 'email', beside = '{}'")
    assert as_the_job() == ["email", "sms"]
