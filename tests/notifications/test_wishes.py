"""Planning and ladder obey what people wish, and urgent messages obey nobody."""

from __future__ import annotations

import pytest

from incidents.editing import edit_incident
from notifications.climbing import escalate_due
from notifications.late import is_late
from notifications.ways import active_ways
from portal.tenancy.scope import organisation_scope
from tests.notifications.stage import Stage, as_worker

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
    assert to_ben(stage) == ([("pending", True, "", True)] if waits else [("accepted", False, "", False)])


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


def test_what_a_planner_wrote_as_quiet_while_it_became_worse_goes_when_the_change_is_planned(stage: Stage):
    wishes(stage, quiet=True)
    stage.always_on_duty(BEN)
    incident = stage.opens(severity=5)
    stage.plans()
    with stage.acting("ashbourne") as actor:
        edit_incident(incident_id=incident.pk, changes={"severity": 1}, actor=actor)
    # As if it had been committed a moment after the change.
    stage.owner(
        "UPDATE notifications_delivery SET quiet = true, due_at = now() + interval '5 hours' WHERE attempts = 0"
    )
    stage.works()
    assert to_ben(stage)[0][:2] == ("accepted", False)


def test_whoever_waits_for_the_morning_is_not_late_before_and_is_gone_round_after(stage: Stage):
    wishes(stage, category=3, quiet=True)
    stage.always_on_duty(BEN)
    stage.opens(severity=3)
    stage.plans()
    late = f"SELECT count(*) FROM notifications_delivery d WHERE {is_late('false')}"
    stage.owner("UPDATE notifications_delivery SET created_at = created_at - interval '5 minutes'")
    mine = " AND person_id = (SELECT id FROM partners_person WHERE name = 'Ben Ashcroft')"
    assert stage.owner(late + mine) == [(0,)]
    stage.owner("UPDATE notifications_delivery SET due_at = now() - interval '2 minutes' WHERE quiet")
    assert stage.owner(late + mine) != [(0,)]


def test_whom_the_ladder_calls_after_a_silence_is_woken(stage: Stage):
    """Else it would climb all night over people of whom each wishes to hear of it in the morning."""
    wishes(stage, category=3, quiet=True)
    stage.always_on_duty("Sunita Rao")
    stage.owner("DELETE FROM partners_ladderrung")
    stage.owner(
        "INSERT INTO partners_ladderrung (id, organisation_id, rung, person_id)"
        " SELECT gen_random_uuid(), organisation_id, 'deputy', id FROM partners_person WHERE name = %s",
        [BEN],
    )
    stage.opens(severity=3)
    stage.plans()
    stage.owner("UPDATE notifications_ladderstep SET due_at = now() - interval '1 second' WHERE state = 'waiting'")
    with as_worker():
        escalate_due()
    rows = stage.owner(
        "SELECT d.quiet FROM notifications_delivery d JOIN notifications_ladderstep s ON s.id = d.step_id AND s.nth > 1"
        " JOIN partners_person p ON p.id = d.person_id WHERE p.name = %s",
        [BEN],
    )
    assert rows
    assert {quiet for (quiet,) in rows} == {False}


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
