"""Planned work in the quiet form: one message, by day, to whoever is on duty, by a trusted way; and no climbing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents import planned
from notifications.messages import compose
from tests.incidents.test_planned_work import said, set_back
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
LONDON = ZoneInfo("Europe/London")
WRITTEN = (
    "SELECT o.slug, c.address, d.message, d.state, d.due_at FROM notifications_delivery d"
    " JOIN partners_organisation o ON o.id = d.organisation_id"
    " JOIN partners_contactpoint c ON c.id = d.contact_point_id"
    " WHERE d.message LIKE 'planned%%' ORDER BY o.slug, d.created_at"
)


@pytest.fixture
def northgate(stage, cast, inside):
    """Northgate's incident manager at work: `northgate(function, …)` in one committed transaction."""

    def act(what, *args, **kwargs):
        with inside("northgate"):
            return what(*args, me=cast.id("northgate"), **kwargs) if what is planned.announce else what(*args, **kwargs)

    return act


def by_day(at: datetime) -> bool:
    local = at.astimezone(LONDON)
    return local.weekday() < 5 and 8 <= local.hour < 18


def test_one_message_each_by_day_and_none_to_the_rest(stage, northgate):
    northgate(planned.announce, said())
    assert stage.plans() == 3
    rows = stage.owner(WRITTEN)
    assert [row[0] for row in rows] == ["ashbourne", "brackenfield", "coldharbour"]
    assert {row[2:4] for row in rows} == {("planned", "pending")}
    assert all(by_day(row[4]) for row in rows)
    stage.owner("UPDATE notifications_planning SET state = 'pending'")
    stage.plans()
    assert len(stage.owner(WRITTEN)) == 3, "planning twice writes nothing twice"


def test_the_database_keeps_the_quiet_whoever_writes(stage, northgate):
    northgate(planned.announce, said())
    stage.plans()
    saturday_night = datetime(2027, 1, 2, 2, 30, tzinfo=UTC)
    stage.owner("UPDATE notifications_delivery SET due_at = %s WHERE message = 'planned'", [saturday_night])
    due = [row[4] for row in stage.owner(WRITTEN)]
    assert all(by_day(at) and at > saturday_night for at in due), due


def test_when_quiet_ends_over_two_weeks(stage):
    """Each organisation, every 9 hours: by day, never earlier, and no sooner minute of office hours is left out."""
    start = datetime(2026, 10, 20, 0, 10, tzinfo=UTC)  # the clocks go back on the 25th
    for slug in ("gravenhurst", "ashbourne"):
        rota = stage.owner("SELECT count(*) FROM partners_dutyshift WHERE organisation_id = %s", [stage.ids[slug]])[0][
            0
        ]
        for nth in range(36):
            at = start + nth * timedelta(hours=9)
            [(quiet,)] = stage.owner("SELECT sec.quiet_from(%s, %s)", [stage.ids[slug], at])
            assert quiet >= at
            assert by_day(quiet), (slug, at, quiet)
            local = at.astimezone(LONDON)
            if not rota and local.weekday() < 5 and 9 <= local.hour < 17:
                assert quiet == at, (slug, at, quiet)


def test_no_chief_executive_and_no_doubtful_way_is_used_and_no_mark_changes(stage, northgate):
    marks = stage.owner("SELECT id, trust, trust_because FROM partners_contactpoint ORDER BY id")
    alongside = {row[0] for row in stage.owner("SELECT person_id FROM partners_toldalongside")}
    northgate(planned.announce, said())
    stage.plans()
    used = stage.owner(
        "SELECT d.person_id, c.trust, d.way FROM notifications_delivery d JOIN partners_contactpoint c"
        " ON c.id = d.contact_point_id WHERE d.message = 'planned'"
    )
    assert not alongside & {person for person, _, _ in used}
    assert {(trust, way) for _, trust, way in used} == {("trusted", "email")}
    assert stage.owner("SELECT id, trust, trust_because FROM partners_contactpoint ORDER BY id") == marks


def test_a_way_that_is_not_trusted_is_gone_round(stage, northgate):
    northgate(planned.announce, said())
    stage.plans()
    [first] = [row[1] for row in stage.owner(WRITTEN) if row[0] == "ashbourne"]
    stage.owner("DELETE FROM notifications_delivery WHERE message = 'planned'")
    stage.owner("UPDATE partners_contactpoint SET trust = 'doubtful', trust_because = 'x' WHERE address = %s", [first])
    stage.owner("UPDATE notifications_planning SET state = 'pending'")
    stage.plans()
    rows = [row for row in stage.owner(WRITTEN) if row[0] == "ashbourne"]
    assert [row[3] for row in rows] == ["pending"]
    assert rows[0][1] != first


def test_what_nobody_was_told_of_yet_is_not_called_off_by_message(stage, northgate):
    work = northgate(planned.announce, said())
    stage.plans()
    northgate(planned.move, work, act="cancelled", words="Not needed")
    stage.plans()
    assert {row[2:4] for row in stage.owner(WRITTEN)} == {("planned", "superseded")}


def test_whoever_was_told_hears_what_changed_once(stage, northgate, inside, cast, owner_url):
    work = northgate(planned.announce, said())
    stage.plans()
    told(stage)
    later = work.starts_at + timedelta(days=1)
    northgate(planned.move, work, act="moved", words="Parts", starts_at=later, ends_at=later + timedelta(hours=1))
    stage.plans()
    changed = [row for row in stage.owner(WRITTEN) if row[0] == "ashbourne"]
    assert [row[2:4] for row in changed] == [("planned", "accepted"), ("planned_changed", "pending")]
    told(stage)
    set_back(owner_url, work, starts_at=work.announced_at - timedelta(hours=1))
    northgate(planned.move, work, act="started")
    stage.plans()
    northgate(planned.move, work, act="finished")
    stage.plans()
    last = [row[2:4] for row in stage.owner(WRITTEN) if row[0] == "ashbourne"]
    assert last == [("planned", "accepted"), ("planned_changed", "accepted"), ("planned_changed", "pending")]
    with inside("northgate"):
        assert set(planned.told(work).values()) == {"waiting"}, "the newest message has not gone out"
    with inside("ashbourne"):
        assert planned.told(work) == {}


def by_night(stage: Stage) -> None:
    """The tests run at night too: without the trigger that keeps the quiet."""
    stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER kept_quiet")


def told(stage: Stage) -> None:
    """As if a server had taken what is pending, without waiting for the morning."""
    by_night(stage)
    for state in ("claimed", "accepted"):
        stage.owner(
            "UPDATE notifications_delivery SET state = %s"
            " WHERE state IN ('pending', 'claimed') AND message LIKE 'planned%%'",
            [state],
        )
    stage.owner("ALTER TABLE notifications_delivery ENABLE TRIGGER kept_quiet")


def test_by_day_it_really_arrives_and_says_what_it_is(stage, northgate, mail):
    work = northgate(planned.announce, said())
    stage.plans()
    by_night(stage)
    stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE message = 'planned'")
    assert stage.sends() == 3
    arrived = mail.messages()
    assert len(arrived) == 3
    assert all(each["subject"] == f"Planned work: a notice, {work.reference}" for each in arrived)
    assert {row[3] for row in stage.owner(WRITTEN)} == {"accepted"}


def test_a_way_that_fails_is_followed_by_the_next_and_never_climbs(stage, northgate):
    northgate(planned.announce, said())
    stage.plans()
    alongside = {row[0] for row in stage.owner("SELECT person_id FROM partners_toldalongside")}
    by_night(stage)
    for _ in range(12):  # more than there are ways
        dead = stage.owner("SELECT id FROM notifications_delivery WHERE state = 'pending' AND message = 'planned'")
        if not dead:
            break
        for (pk,) in dead:
            stage.owner("UPDATE notifications_delivery SET state = 'claimed' WHERE id = %s", [pk])
            stage.owner(
                "UPDATE notifications_delivery SET state = 'dead', error = 'No such mailbox.' WHERE id = %s", [pk]
            )
            stage.owner(
                "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference,"
                " subject_id, audience, data) SELECT gen_random_uuid(), 'delivery.dead', now(), d.organisation_id,"
                " 'system', '', d.id, ARRAY[d.organisation_id], jsonb_build_object('organisation', o.slug)"
                " FROM notifications_delivery d JOIN partners_organisation o ON o.id = d.organisation_id"
                " WHERE d.id = %s",
                [pk],
            )
        stage.plans()
    rows = stage.owner("SELECT person_id, state, way FROM notifications_delivery WHERE message = 'planned'")
    assert {state for _, state, _ in rows} <= {"dead", "skipped"}
    assert len(rows) > 3
    assert {way for _, _, way in rows} == {"email"}
    assert not alongside & {person for person, _, _ in rows}


def test_the_words_are_those_of_every_other_message():
    text = compose(message="planned", reference="PLN-7KQ4DX", code="K7MX-4", exercise=False)
    assert text.subject == "Planned work: a notice, PLN-7KQ4DX"
    assert text.body.startswith("Planned work. No incident. You have a notice in Bulkhead, PLN-7KQ4DX, code K7MX-4.")
    assert "Open the app or type the address on your card. Never sign in from a link." in text.body
    changed = compose(message="planned_changed", reference="PLN-7KQ4DX", code="K7MX-4", exercise=False)
    for each in (text, changed):
        assert "Never sign in from a link." in each.short
        assert len(each.short) <= 160  # one text message
        assert "http" not in each.body
        assert "incident" not in each.subject.lower()


def test_what_is_claimed_at_night_goes_back_untried(stage, northgate):
    """After an outage: due since yesterday, claimed at night, for the first time or again."""
    northgate(planned.announce, said())
    stage.plans()
    [body] = stage.owner("SELECT pg_get_functiondef('sec.quiet_from(uuid, timestamptz)'::regprocedure)")
    try:
        for claimed_before in (False, True):
            stage.owner(
                "CREATE OR REPLACE FUNCTION sec.quiet_from(org uuid, at timestamptz) RETURNS timestamptz LANGUAGE sql"
                " STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT at $$"
            )
            if claimed_before:
                stage.owner(CLAIM)
            stage.owner(
                "CREATE OR REPLACE FUNCTION sec.quiet_from(org uuid, at timestamptz) RETURNS timestamptz LANGUAGE sql"
                " STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT at + interval '6 hours' $$"
            )
            before = stage.owner("SELECT id, attempts FROM notifications_delivery ORDER BY id")
            stage.owner(CLAIM)
            assert stage.owner("SELECT id, attempts FROM notifications_delivery ORDER BY id") == before
            rows = stage.owner(
                "SELECT DISTINCT state, claimed_by, claimed_until, due_at > now() + interval '5 hours'"
                " FROM notifications_delivery"
            )
            assert rows == [("pending", "", None, True)], claimed_before
    finally:
        stage.owner(body[0])


CLAIM = (
    "UPDATE notifications_delivery SET state = 'claimed', attempts = attempts + 1, claimed_by = 'w',"
    " claimed_until = now() + interval '1 minute', due_at = now() + interval '1 minute'"
)


def test_the_announcer_reads_of_the_newest_message_alone(stage, northgate, inside):
    def word() -> set[str]:
        with inside("northgate"):
            return set(planned.told(work).values())

    work = northgate(planned.announce, said())
    assert word() == {"waiting"}
    stage.plans()
    told(stage)
    assert word() == {"told"}
    later = work.starts_at + timedelta(days=1)
    northgate(planned.move, work, act="moved", words="Parts", starts_at=later, ends_at=later + timedelta(hours=1))
    assert word() == {"waiting"}
    stage.owner("UPDATE notifications_planning SET state = 'failed' WHERE kind = 'planned.moved'")
    assert word() == {"failed"}


def test_work_called_off_before_anything_went_out_has_a_word_of_its_own(stage, northgate, inside):
    work = northgate(planned.announce, said())
    northgate(planned.move, work, act="cancelled", words="Not needed")
    stage.plans()
    assert stage.owner(WRITTEN) == [], "nothing is written of work that is over"
    with inside("northgate"):
        assert set(planned.told(work).values()) == {"unneeded"}


def test_an_older_event_planned_late_writes_nothing_older(stage, northgate):
    work = northgate(planned.announce, said())
    later = work.starts_at + timedelta(days=1)
    northgate(planned.move, work, act="moved", words="Parts", starts_at=later, ends_at=later + timedelta(hours=1))
    stage.owner("UPDATE notifications_planning SET state = 'done' WHERE kind = 'planned.announced'")
    stage.plans()
    stage.owner("UPDATE notifications_planning SET state = 'pending' WHERE kind = 'planned.announced'")
    stage.plans()
    assert [row[2:4] for row in stage.owner(WRITTEN)] == [("planned", "pending")] * 3
