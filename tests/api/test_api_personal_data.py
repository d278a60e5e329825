"""Positions, notices and reports by API: keys read what is theirs to read, and write nothing."""

from __future__ import annotations

import pytest

from tests.api.asking import check_problem, opened, send

pytestmark = pytest.mark.django_db

NOTICE = {"addressee": "dunmere", "about": "Letters of 2024", "known": "Read from outside.",
          "known_since": "2026-01-05T07:40:00Z"}  # fmt: skip
REPORT = {
    "body": "ncsc",
    "told_at": "2026-01-05T08:30:00Z",
    "told_by": "Grace",
    "reference": "NCSC-77",
    "words": "Rang.",
}


def read(client, at: str) -> list[dict]:
    return send(client, "get", at).json()["results"]


def test_keys_read_and_persons_say(api_of, client_of):
    at = f"/incidents/{opened(api_of('ashbourne'))['reference']}"
    people = {slug: client_of(slug) for slug in ("ashbourne", "northgate", "dunmere", "eastwick", "gravenhurst")}
    keys = {slug: api_of(slug) for slug in people}
    for path, body in (
        ("data-positions", {"state": "assessing"}), ("data-notices", NOTICE), ("outside-reports", REPORT),
    ):  # fmt: skip
        check_problem(send(keys["ashbourne"], "post", f"{at}/{path}/", body), 403)
        check_problem(send(people["gravenhurst"], "post", f"{at}/{path}/", body), 404)
        check_problem(send(keys["gravenhurst"], "get", f"{at}/{path}/"), 404)
    said = {"state": "personal", "categories": ["not_known"], "touched": ["availability"], "shared": "lead"}
    assert send(people["dunmere"], "post", f"{at}/data-positions/", said).json()["people"] == ""
    check_problem(send(people["dunmere"], "post", f"{at}/data-positions/", {"state": "personal"}), 422)
    assert [len(read(keys[slug], f"{at}/data-positions/")) for slug in ("dunmere", "ashbourne", "eastwick")] == [
        1,
        1,
        0,
    ]

    made = send(people["northgate"], "post", f"{at}/data-notices/", NOTICE)
    assert made.status_code == 201
    assert [slug for slug in keys if slug != "gravenhurst" and read(keys[slug], f"{at}/data-notices/")] == [
        "northgate", "dunmere"
    ]  # fmt: skip
    acknowledge = f"/data-notices/{made.json()['id']}/acknowledge/"
    check_problem(send(people["ashbourne"], "post", acknowledge, {}), 404)
    check_problem(send(people["northgate"], "post", acknowledge, {}), 403)
    check_problem(send(keys["dunmere"], "post", acknowledge, {}), 403)
    first = send(people["dunmere"], "post", acknowledge, {}).json()["acknowledged_at"]
    assert send(people["dunmere"], "post", acknowledge, {}).json()["acknowledged_at"] == first is not None

    assert send(people["ashbourne"], "post", f"{at}/outside-reports/", {**REPORT, "shared": "all"}).status_code == 201
    ((own,), (theirs,)) = (read(keys[slug], f"{at}/outside-reports/") for slug in ("ashbourne", "eastwick"))
    assert (own["told_by"], own["words"]) == ("Grace", "Rang.")
    assert (theirs["reference"], theirs["told_by"], theirs["words"]) == ("NCSC-77", None, None)
