"""What happens next, as API and pages say it: an e-mail, a text and a telephone call are each told of by their way."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications.reading import DeliveryRow, in_words

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
LATER, BEFORE = NOW + timedelta(hours=9), NOW - timedelta(minutes=1)
# way, state, what else the row holds; the sentence.
SAID = [
    ("email", "pending", {}, "The e-mail goes out within seconds."),
    ("sms", "pending", {}, "The text message goes out within seconds."),
    ("phone", "pending", {}, "Somebody has to ring: the call stands on the call list."),
    ("email", "pending", {"due_at": LATER}, "The e-mail is held back, and goes out then."),
    ("sms", "pending", {"due_at": LATER}, "The text message is held back, and goes out then."),
    ("phone", "pending", {"due_at": LATER}, "Somebody has to ring then: the call stands on the call list."),
    ("email", "pending", {"attempts": 2}, "The e-mail is sent again."),
    ("sms", "pending", {"attempts": 2}, "The text message is sent again."),
    ("phone", "pending", {"attempts": 2}, "Somebody has to ring again: the call stands on the call list."),
    ("email", "claimed", {}, "The e-mail is going out."),
    ("sms", "claimed", {}, "The text message is going out."),
    ("phone", "claimed", {}, "Somebody has taken the call, and rings."),
    (
        "email",
        "accepted",
        {},
        "The mail server has it. Bulkhead hears nothing more until they open it or answer.",
    ),
    (
        "email",
        "accepted",
        {"transport": "notify-email"},
        "GOV.UK Notify has it. Bulkhead hears more when it has arrived, or when they answer.",
    ),
    (
        "sms",
        "accepted",
        {},
        "The text message service has it. Bulkhead hears more when it has arrived, or when they answer.",
    ),
    ("phone", "accepted", {}, "They were reached."),
    ("sms", "accepted", {"message": "stood_down"}, ""),
    ("email", "dead", {}, "Their next way is tried; when there is none, call the duty desk."),
    ("sms", "dead", {}, "Their next way is tried; when there is none, call the duty desk."),
    ("phone", "dead", {}, "The next number goes onto the call list; the duty desk's own is the last."),
    ("sms", "dead", {"message": "stood_down"}, "Call the duty desk: they do not know that it is over."),
    ("email", "pending", {"message": "planned", "due_at": LATER}, "It goes out by day, when somebody is on duty."),
    ("email", "pending", {"message": "planned"}, "The e-mail goes out within seconds."),
    (
        "sms",
        "accepted",
        {"message": "planned"},
        "The text message service has it. Whether you know of the work you say on its page.",
    ),
    ("sms", "dead", {"message": "planned"}, "The next way is tried. Nobody is woken."),
    ("email", "delivered", {}, ""),
]


def row(way: str, state: str, **more: Any) -> dict[str, Any]:
    """As the database has it; the times that do not matter here are left out."""
    return {
        "id": uuid.uuid4(),
        "organisation__slug": "dunmere",
        "organisation__name": "Dunmere",
        "contact_point_id": None,
        "person_id": None,
        "way": way,
        "message": "opened",
        "state": state,
        "transport": "",
        "error": "",
        "created_at": BEFORE,
        "due_at": BEFORE,
        "accepted_at": None,
        "delivered_at": None,
        "answered_at": None,
        "attempts": 0,
        **more,
    }


@pytest.fixture
def shown(inside: Callable[..., AbstractContextManager[None]]) -> list[DeliveryRow]:
    with inside("dunmere"):
        return in_words([row(way, state, **more) for way, state, more, _ in SAID])


def test_each_way_has_its_own_sentence(shown: list[DeliveryRow]) -> None:
    assert [(way, state, each.next) for (way, state, _, _), each in zip(SAID, shown, strict=True)] == [
        (way, state, sentence) for way, state, _, sentence in SAID
    ]


def test_the_time_is_said_whenever_it_lies_ahead(
    inside: Callable[..., AbstractContextManager[None]], shown: list[DeliveryRow]
) -> None:
    assert [each.next_at for each in shown] == [more.get("due_at") for _, _, more, _ in SAID]
    # Whoever holds a message has it until a time that says nothing of when it goes out.
    held = [row(way, "claimed", due_at=LATER, attempts=1) for way in ("email", "sms", "phone")]
    again = [row(way, "pending", due_at=LATER, attempts=1) for way in ("email", "sms", "phone")]
    with inside("dunmere"):
        assert [each.next_at for each in in_words([*held, *again])] == [None] * 3 + [LATER] * 3
