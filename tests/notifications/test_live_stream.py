"""The public shape of the stream, which sockets and polling share."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError

from portal.ledger.record import Actor, Entry, record_many
from portal.ledger.stream import TailRow, events_after, must_resync, public_event
from portal.tenancy.scope import organisation_scope

EPOCH, OTHER_EPOCH, COUNCIL, PERSON = (uuid.UUID(int=number) for number in range(1, 5))
ROW = TailRow(
    1, True, False, EPOCH, 9, 7, datetime(2026, 11, 25, 8, 20, tzinfo=UTC), "task.done", "INC-7KQ4", COUNCIL, "person",
    PERSON, {"task": "t"},
)  # fmt: skip
LABELS = {COUNCIL: "ashbourne", PERSON: "Jo Hale"}


def test_an_event_has_one_shape():
    assert public_event(ROW, LABELS) == {
        "seq": 7,
        "at": "2026-11-25T08:20:00Z",
        "kind": "task.done",
        "incident": "INC-7KQ4",
        "actor": {"organisation": "ashbourne", "kind": "person", "name": "Jo Hale"},
        "data": {"task": "t"},
    }


def test_without_a_person_of_ones_own_there_is_no_name():
    assert "name" not in (public_event(ROW._replace(actor_person_id=None), LABELS)["actor"] or {})
    assert "name" not in (public_event(ROW, {COUNCIL: "ashbourne"})["actor"] or {})


@pytest.mark.parametrize("kind", ["withheld", None])
def test_what_is_withheld_keeps_its_number_and_nothing_else(kind):
    shown = public_event(ROW._replace(kind=kind), LABELS)
    assert (shown["seq"], shown["kind"]) == (7, "withheld")
    assert (shown["incident"], shown["actor"], shown["data"]) == (None, None, {})


@pytest.mark.parametrize(
    ("after", "epoch", "resync"),
    [
        (1000, str(EPOCH), False),
        (1000, "", False),
        (2000, str(EPOCH), False),
        (999, str(EPOCH), True),
        (2001, str(EPOCH), True),
        (2000, str(OTHER_EPOCH), True),
    ],
)
def test_whoever_cannot_resume_has_to_fetch_afresh(after, epoch, resync):
    assert must_resync(after=after, epoch=epoch, head=2000, now_epoch=EPOCH) is resync


@pytest.mark.django_db
def test_polling_is_dense_and_says_where_to_go_on(cast, inside, seal):
    me = cast.id("dunmere")
    with inside("dunmere"):
        before = events_after(0)["head"]
        record_many([Entry("note.written", [me], None, {"n": n}) for n in range(5)], actor=Actor(me))
        seal()
        first = events_after(before, 3)
        rest = events_after(first["next"], 3)
        nothing = events_after(rest["next"])
    assert [event["seq"] for event in first["results"] + rest["results"]] == [before + n for n in range(1, 6)]
    assert first["head"] == rest["head"] == rest["next"] == nothing["next"] == before + 5
    assert first["results"][0]["actor"] == {"organisation": "dunmere", "kind": "system"}
    assert nothing["results"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "limit"), [(-1, 100), (0, 0), (0, 1001)])
def test_a_page_that_there_cannot_be_is_an_error(inside, after, limit):
    with inside("dunmere"), pytest.raises(ValueError):
        events_after(after, limit)


@pytest.mark.django_db
def test_a_lapsed_ticket_is_an_error_and_not_an_empty_stream(db):
    with pytest.raises(DatabaseError, match="no valid organisation context"), organisation_scope("unknown"):
        events_after(0)
