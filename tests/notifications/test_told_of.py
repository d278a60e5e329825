"""A line of *Deliveries* says what the message was, so that nothing looks like an opening that is none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from notifications.models import Delivery
from notifications.views import _row

EVENT = uuid4()


def note(message: str, *, reference: str = "INC-7KQ4XY", error: str = "", about: dict[UUID, str] | None = None) -> str:
    each: dict[str, Any] = {
        "created_at": datetime.now(UTC),
        "incident_reference": reference,
        "event_id": EVENT,
        "organisation__name": "Dunmere Council",
        "person_id": None,
        "way": "email",
        "message": message,
        "state": "accepted",
        "error": error,
        "accepted_at": None,
        "delivered_at": None,
        "answered_at": None,
    }
    said: str = _row(each, {}, about or {})["note"]
    return said


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("opened", ""),
        ("suspected", "Incident suspected"),
        ("stood_down", "Stood down"),
        ("lead_offered", "Asked to take the lead"),
        ("update_asked", "Asked for an update"),
        ("planned", "Planned work announced"),
    ],
)
def test_of_an_incident_or_of_planned_work(message: str, says: str) -> None:
    assert note(message) == says
    failed = note(message, error="The mailbox is full.")
    assert failed == f"{says}. The mailbox is full.".removeprefix(". "), "what went wrong hides nothing"


def test_of_an_organisations_own_notice() -> None:
    assert note("break_glass", reference="", about={EVENT: "Ashbourne"}) == "Break-glass account used: Ashbourne"
    for about in ({}, {EVENT: ""}):
        assert note("heads_up", reference="", about=about) == "A word to members outside"
        assert note("contact_test", reference="", about=about, error="No.") == "Test of a contact. No."


def test_every_message_but_the_opening_is_named() -> None:
    assert [message.value for message in Delivery.Message if not note(message)] == ["opened"]
