"""The record as a file: whole and said to be whole, or cut off at the next batch and said to be."""

from __future__ import annotations

import json

import pytest

from incidents.views import exporting
from partners.acting import actor_of
from portal.ledger.models import Event
from portal.ledger.record import Entry, record_many
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(two: Two, cast, seal, monkeypatch):
    """Twenty-five events in batches of ten."""
    monkeypatch.setattr(exporting, "BATCH", 10)
    with two.inside("dunmere"):
        actor = actor_of(cast.visitor("dunmere"))
        record_many([Entry("note.written", [actor.organisation_id], None, {"n": n}) for n in range(25)], actor=actor)
        seal()
    return cast.visitor("dunmere", fresh=True)


def read(chunks) -> list[dict]:
    return [json.loads(line) for line in b"".join(chunks).splitlines()]


def test_a_whole_file_ends_with_the_count(written, client_of, seal):
    browser = client_of("dunmere", fresh=True)
    assert "Download the record" in browser.get("/events/export/").content.decode()
    answer = browser.post("/events/export/")
    assert answer["Content-Type"] == "application/x-ndjson"
    *events, last = read(answer.streaming_content)
    assert last == {"complete": True, "count": len(events)}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len(events) >= 25


def test_it_needs_a_passkey_and_a_role(written, client_of):
    assert client_of("dunmere").get("/events/export/").status_code == 302
    assert client_of("dunmere").post("/events/export/").status_code == 403
    assert client_of("dunmere", "responder", fresh=True).post("/events/export/").status_code == 403


@pytest.mark.usefixtures("time_stands")
def test_whoever_took_a_session_over_is_slowed_and_a_colleague_is_not(written, two, client_of):
    stale, browser = client_of("dunmere"), client_of("dunmere", fresh=True)
    assert {stale.post("/events/export/").status_code for _ in range(25)} == {403}, "and its owner loses nothing"
    said = [browser.post("/events/export/") for _ in range(22)]
    assert [answer.status_code for answer in said] == [200] * 20 + [429] * 2
    assert 0 < int(said[-1]["Retry-After"]) <= 3600
    assert "colleagues can go on" in said[-1].content.decode()
    with two.inside("dunmere"):
        assert Event.objects.filter(kind="record.exported").count() == 20, "a refused one is none"
    assert browser.get("/events/export/").status_code == 200
    assert client_of("dunmere", "administrator", fresh=True).post("/events/export/").status_code == 200


@pytest.mark.parametrize("step", [3, 4])
def test_being_cut_off_ends_it_at_the_next_batch(written, two, step):
    incident = two.opens()
    chunks = exporting.lines_of(written.ticket)
    first = read([next(chunks)])
    assert len(first) == 10
    two.isolates("dunmere", step, incident)
    assert read(chunks) == [{"cut_off": True}]
    assert read(exporting.lines_of(written.ticket)) == [{"cut_off": True}]


def test_that_somebody_took_it_stands_in_the_record(written, client_of, two, seal):

    client_of("dunmere", fresh=True).post("/events/export/")
    with two.inside("dunmere"):
        assert Event.objects.filter(kind="record.exported", actor_person_id=written.person_id).count() == 1
