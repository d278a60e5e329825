"""Who sees what of a delivery, by raw SQL as the application's role and through the reading functions."""

from __future__ import annotations

import psycopg
import pytest

from incidents.models import Incident
from notifications.next_words import SANDBOX
from notifications.reading import DESK, SOMEBODY, deliveries_of
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

ALL = "SELECT organisation_id, state, way, person_id FROM notifications_delivery WHERE incident_id = %s"

NOT_FOR_THE_APPLICATION = [
    "SELECT id FROM notifications_planning",
    "UPDATE notifications_delivery SET state = 'accepted' RETURNING id",
    "DELETE FROM notifications_delivery RETURNING id",
    "SELECT * FROM sec.claimed('x')",
    "SELECT sec.enter_delivery(gen_random_uuid(), 'x')",
    "SELECT sec.enter_planning(gen_random_uuid(), 'x')",
    "SELECT * FROM sec.reached_contact_points()",
]


@pytest.fixture
def told(stage: Stage, mail: Mailbox) -> Incident:
    incident = stage.opens()
    stage.works()
    return incident


def test_an_overseer_sees_every_sides_states_and_nobodys_address(stage: Stage, told: Incident):
    for overseer in ("ashbourne", "northgate"):
        rows = stage.as_app(overseer, ALL, [told.pk])
        assert len({organisation for organisation, *_ in rows}) == 7
        addresses = stage.as_app(overseer, "SELECT DISTINCT organisation_id FROM partners_contactpoint")
        assert addresses == [(stage.ids[overseer],)]
        joined = stage.as_app(
            overseer,
            "SELECT DISTINCT c.organisation_id FROM notifications_delivery d"
            " JOIN partners_contactpoint c ON c.id = d.contact_point_id",
        )
        assert joined == [(stage.ids[overseer],)]
        people = stage.as_app(
            overseer,
            "SELECT DISTINCT p.organisation_id FROM notifications_delivery d"
            " JOIN partners_person p ON p.id = d.person_id",
        )
        assert people == [(stage.ids[overseer],)]


def test_a_participant_sees_its_own_side_and_a_stranger_nothing(stage: Stage, told: Incident):
    assert {row[0] for row in stage.as_app("dunmere", ALL, [told.pk])} == {stage.ids["dunmere"]}
    assert stage.as_app("gravenhurst", "SELECT count(*) FROM notifications_delivery") == [(0,)]


def test_nobody_reads_a_code_back(stage: Stage, told: Incident):
    for column in ("code", "provider_ref", "idempotency_key", "claimed_by", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            stage.as_app("ashbourne", f"SELECT {column} FROM notifications_delivery")


def test_the_application_neither_claims_nor_settles(stage: Stage, told: Incident):
    for statement in NOT_FOR_THE_APPLICATION:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            stage.as_app("ashbourne", statement)


def test_a_page_names_ones_own_people_only(stage: Stage, told: Incident):
    with stage.acting("ashbourne"):
        rows = deliveries_of(told)
    own = [row for row in rows if row.organisation == "ashbourne"]
    others = [row for row in rows if row.organisation != "ashbourne"]
    assert {row.to for row in own} >= {DESK, "Priya Nair", "Tom Whitlock"}
    assert {row.to for row in others} == {DESK, SOMEBODY}
    assert {row.label for row in others} == {""}
    (toms,) = [row for row in own if row.to == "Tom Whitlock"]
    assert (toms.state, toms.state_word) == ("skipped", "Not used")
    assert toms.because == f"{told.reference} can reach E-mail and Teams, on which it rides."


def test_a_page_says_what_happens_next(stage: Stage, mail: Mailbox, settings):
    mail.set_fault("ben.ashcroft@dunmere.example", "4xx")
    mail.set_fault("sunita.rao@dunmere.example", "5xx")
    incident = stage.opens()
    stage.works()
    with stage.acting("dunmere") as actor:
        rows = {row.to: row for row in deliveries_of(incident, organisation_id=actor.organisation_id)}
    assert rows["Ben Ashcroft"].state_word == "Trying again"
    assert rows["Ben Ashcroft"].next_at is not None
    assert rows["Ben Ashcroft"].next == "The e-mail is sent again."
    assert rows["Alan Birtles"].next.startswith("The mail server has it.")
    assert rows["Alan Birtles"].next_at is None
    assert rows["Sunita Rao"].state_word == "Could not be delivered"
    assert rows["Sunita Rao"].next.endswith("call the duty desk.")
    assert rows["Alan Birtles"].state_word == "Accepted for delivery"
    settings.SUNK_WAYS = []
    exercise = stage.opens(exercise=True)
    stage.works()
    with stage.acting("eastwick"):
        assert {row.next for row in deliveries_of(exercise) if row.state == "accepted"} == {SANDBOX}
