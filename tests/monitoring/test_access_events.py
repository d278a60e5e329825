"""POST /access-events/: what is taken, what is refused, and what a long body does."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from monitoring.access import jobs, receiving, taking
from monitoring.models import Intake, Sight
from portal.files.store import folder
from tests.api.asking import check_problem
from tests.notifications.stage import as_worker
from tests.partners.raw import owner

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/v1/access-events/"
LINE: dict[str, Any] = {
    "at": "2026-10-03T12:40:00Z", "account": "svc-backup@ashbourne", "resource": "file-02",
    "resource_organisation": "coldharbour",
}  # fmt: skip


def body(count: int = 1, **more: Any) -> bytes:
    return b"".join(json.dumps({**LINE, "id": f"e{nth}", **more}).encode() + b"\n" for nth in range(count))


@pytest.fixture
def send(api_of):
    def post(slug: str, raw: bytes, query: str = "", scopes: tuple[str, ...] = ("access-events",), **headers: str):
        return api_of(slug, list(scopes)).post(
            ADDRESS + query, raw, content_type="application/x-ndjson", headers=headers
        )

    return post


def counts(answer: Any, status: int = 200) -> tuple[int, int, int, int]:
    assert answer.status_code == status, answer.content
    said = answer.json()
    return said["accepted"], said["duplicates"], said["rejected_count"], said["first_sights"]


def left_behind() -> list[str]:
    return [each.name for name in ("incoming", "kept") for each in folder(name).rglob("*") if each.is_file()]


def test_lines_are_taken_packed_or_not_and_sent_again_they_change_nothing(send, inside):
    raw = body() + b"{\n" + body(1, id="f", account="eve@nowhere")
    assert counts(send("ashbourne", raw, "?format=normal&source=SIEM")) == (2, 0, 1, 1)
    assert counts(send("ashbourne", gzip.compress(raw), "?format=normal&source=SIEM")) == (0, 3, 0, 0)
    assert send("ashbourne", b"").json() == {
        "accepted": 0, "duplicates": 0, "rejected_count": 0, "rejected": [], "first_sights": 0, "done": True,
    }  # fmt: skip
    with inside("coldharbour"):
        assert [each.shown for each in Sight.objects.filter(kind="success")] == ["svc-backup@ashbourne"]
    with inside("gravenhurst"):
        assert not Sight.objects.exists()
    assert left_behind() == []


def test_a_key_of_idempotency_answers_the_first_time_again(send):
    first = send("ashbourne", body(2), **{"Idempotency-Key": "once"})
    assert counts(first) == (1, 1, 0, 1), "the second is the same crossing at the same time"
    again = send("ashbourne", body(2), **{"Idempotency-Key": "once"})
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert send("ashbourne", body(3), **{"Idempotency-Key": "once"}).status_code == 422


@pytest.mark.parametrize(
    ("raw", "query", "status", "words"),
    [
        (gzip.compress(body(500))[:-20], "", 400, "breaks off"),
        (b"\x1f\x8b" + b"\0" * 50, "", 400, "not whole gzip"),
        (b"nothing that anybody knows\n", "", 422, "look like no log"),
        (body(), "?format=minutes", 422, ""),
        (body(), "?format=normal&zone=Europe/Nowhere", 422, "no such zone"),
        (body(), "?format=normal&of=it", 422, "Unknown"),
    ],
)
def test_what_cannot_be_taken_says_why_and_nothing_of_it_is(send, inside, raw, query, status, words):
    refused = send("ashbourne", raw, query)
    assert (refused.status_code, words.lower() in refused.content.decode().lower()) == (status, True), refused.content
    with inside("ashbourne"):
        assert not Sight.objects.exists()
    assert left_behind() == []


def test_more_than_is_taken_is_refused_before_anything_is(send, monkeypatch, inside):
    monkeypatch.setattr(receiving, "MOST_SENT", 1000)
    monkeypatch.setattr(receiving, "MOST_UNPACKED", 20_000)
    assert send("ashbourne", body(50)).status_code == 413
    assert send("ashbourne", gzip.compress(body(500, resource="x"))).status_code == 413, "a bomb"
    with inside("ashbourne"):
        assert not Sight.objects.exists()
    assert left_behind() == []


def test_the_rest_of_a_long_body_is_a_workers_and_its_sender_can_watch(send, api_of, monkeypatch, inside):
    monkeypatch.setattr(receiving, "AT_ONCE_SECONDS", 0.0)
    # Three groups of eight blocks: the first is taken at once.
    lines = 170_000
    raw = b"".join(
        json.dumps({**LINE, "id": f"e{nth}", "account": f"u{nth % 300}@ashbourne"}).encode() + b"\n"
        for nth in range(lines)
    )
    answer = send("ashbourne", gzip.compress(raw, 1), "?format=normal")
    accepted, duplicates, rejected, sights = counts(answer, 202)
    assert 0 < accepted + duplicates < lines
    assert (rejected, sights, answer.json()["done"]) == (0, 300, False)
    job = answer.json()["job"]
    assert answer.headers["Location"] == job
    assert len(left_behind()) == 1
    watch = api_of("ashbourne", ["access-events"])
    assert watch.get(job).json()["done"] is False
    assert api_of("coldharbour", ["access-events"]).get(job).status_code == 404
    with as_worker():
        assert jobs.take_handed_over() == 1
    done = watch.get(job).json()
    assert done["done"] is True
    assert done["accepted"] + done["duplicates"] == lines, "none lost and none twice"
    assert done["first_sights"] == 300
    assert left_behind() == []
    with inside("ashbourne"):
        assert Intake.objects.get().finished_at
        assert Sight.objects.filter(kind="success").count() == 300


def test_what_there_is_too_much_of_is_said_and_not_to_be_tried_again_and_again(send, cast, api_of, monkeypatch):
    me = cast.id("ashbourne")
    owner(
        "INSERT INTO monitoring_source (id, organisation_id, name, format, made_at)"
        " SELECT gen_random_uuid(), %s, 'n' || n, 'normal', now() FROM generate_series(1, 200) n",
        [me],
    )
    assert "at most 200 sources" in check_problem(send("ashbourne", body(), "?source=more"), 422, "?source")["detail"]
    assert counts(send("ashbourne", body(), "?source=n7")) == (1, 0, 0, 1), "one that there is"
    assert send("coldharbour", body(), "?source=more").status_code == 200, (
        "another organisation's are none of one's own"
    )
    owner(
        "INSERT INTO monitoring_identifier (id, organisation_id, kind, value, said_for_id, at)"
        " SELECT gen_random_uuid(), %s, 'host', 'n' || n, %s, now() FROM generate_series(1, 20000) n",
        [me, me],
    )
    said = {"kind": "host", "value": "one-more"}
    keeper = api_of("ashbourne", ["estate"])
    check_problem(keeper.post("/api/v1/identifiers/", said, content_type="application/json"), 422, "/value")
    owner(
        "INSERT INTO monitoring_intake (id, organisation_id, source_id, name, format, file, size, began_at, reached,"
        " line, accepted, duplicates, rejected, first_sights, rejections, failed, claimed_by, attempts)"
        " SELECT gen_random_uuid(), %s, s.id, s.name, 'normal', s.name, 1, now(), 0, 0, 0, 0, 0, 0, '[]', '', '', 0"
        " FROM monitoring_source s WHERE s.organisation_id = %s LIMIT 20",
        [me, me],
    )
    monkeypatch.setattr(receiving, "AT_ONCE_SECONDS", 0.0)
    monkeypatch.setattr(receiving, "SMALL", 0)
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    busy = send("ashbourne", body(3), "?source=n8")
    assert "wait already" in check_problem(busy, 429)["detail"]
    assert busy.headers["Retry-After"] == "60"
    assert left_behind() == []


def test_a_person_or_a_key_without_the_scope_sends_nothing(send, client_of):
    assert send("ashbourne", body(), scopes=("open",)).status_code == 403
    assert client_of("ashbourne").post(ADDRESS, body(), content_type="application/x-ndjson").status_code == 403
