"""An organisation's own notices: planned without an incident, by trusted ways, and round a way that fails."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def happens(stage: Stage, kind: str, *, of: str = "ashbourne", audience: tuple[str, ...] = (), **data: Any) -> UUID:
    """An event of the door's functions, without an incident."""
    event = uuid4()
    stage.owner(
        "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, subject_id,"
        " audience, data) VALUES (%s, %s, now(), %s, 'system', '', %s, %s, %s)",
        [
            event, kind, stage.ids[of], data.pop("subject", None),
            [stage.ids[slug] for slug in (of, *audience)], json.dumps({"organisation": of, **data}),
        ],
    )  # fmt: skip
    return event


def written(stage: Stage, event: UUID) -> set[tuple[str, str, str]]:
    rows = stage.owner(
        "SELECT c.address, d.message, d.state FROM notifications_delivery d"
        " JOIN partners_contactpoint c ON c.id = d.contact_point_id WHERE d.event_id = %s AND d.incident_id IS NULL",
        [event],
    )
    return {(address, message, state) for address, message, state in rows}


def test_administrators_incident_managers_and_the_desk_hear_of_a_break_glass_account_and_so_does_the_liaison(stage):
    event = happens(stage, "break_glass.used", audience=("northgate",))
    assert stage.plans() == 2
    assert written(stage, event) == {
        ("duty@ashbourne-duty.example", "break_glass", "pending"),
        ("priya.nair@ashbourne-duty.example", "break_glass", "pending"),
        ("duty@northgate.example", "their_break_glass", "pending"),
        ("dana.kowalski@northgate.example", "their_break_glass", "pending"),
        ("helen.strand@northgate.example", "their_break_glass", "pending"),
    }
    stage.owner("UPDATE notifications_planning SET state = 'pending'")
    stage.plans()
    assert len(written(stage, event)) == 5, "planning twice writes nothing twice"


def test_everybody_hears_of_an_emergency_enrolment_and_the_two_who_did_it_are_not_told(stage):
    event = happens(stage, "emergency_access.given", of="dunmere", audience=("ashbourne", "northgate"))
    assert stage.plans() == 1
    told = written(stage, event)
    assert len(told) == 5
    assert {(message, address.endswith("dunmere.example")) for address, message, _ in told} == {
        ("emergency_access", True)
    }


def test_other_kinds_without_an_incident_plan_nothing(stage):
    for kind in ("incident.moved", "tasks.assigned", "incident.closed", "person.added"):
        happens(stage, kind, was="suspected")
    assert stage.plans() == 0


def test_a_notice_goes_round_a_way_that_fails_and_says_so_when_none_is_left(stage):
    event = happens(stage, "break_glass.used")
    stage.plans()

    def dies(address: str) -> None:
        ((delivery,),) = stage.owner(
            "UPDATE notifications_delivery d SET state = 'claimed', attempts = 1 FROM partners_contactpoint c"
            " WHERE c.id = d.contact_point_id AND c.address = %s AND d.event_id = %s RETURNING d.id",
            [address, event],
        )
        stage.owner("UPDATE notifications_delivery SET state = 'dead' WHERE id = %s", [delivery])
        happens(stage, "delivery.dead", subject=delivery)
        stage.plans()

    dies("priya.nair@ashbourne-duty.example")
    assert ("priya.nair@ashbourne.example", "break_glass", "pending") in written(stage, event)
    dies("priya.nair@ashbourne.example")
    assert stage.events("notice.not_told") == [], "the desk is still to be told"
    dies("duty@ashbourne-duty.example")
    assert [data for data, _ in stage.events("notice.not_told")] == [{"because": "Every message failed."}]


def test_an_organisation_sees_its_own_notices_and_nobody_elses(stage):
    happens(stage, "break_glass.used", audience=("northgate",))
    stage.plans()
    for slug, count in (("ashbourne", 2), ("northgate", 3), ("gravenhurst", 0)):
        assert stage.as_app(slug, "SELECT count(*) FROM notifications_delivery") == [(count,)], slug
