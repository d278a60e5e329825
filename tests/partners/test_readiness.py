"""Readiness: each line is judged by what is there, in words that say what to do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from partners import readiness
from partners.models import ApiKey, ContactPoint, Person
from partners.readiness import Organisation
from partners.ways_in import WaysIn
from portal import clock


def person(name: str, role: str = "responder", **more: Any) -> Person:
    return Person(id=uuid4(), name=name, role=role, email=f"{name}@x.example", **more)


def organisation(**has: Any) -> Organisation:
    empty: dict[str, Any] = {"people": [], "accounts": [], "ways": {}, "contacts": [], "keys": []}
    return Organisation(**{**empty, **has})


def with_ways(*ways: dict[str, Any]) -> Organisation:
    people = [person(f"P{nth}") for nth, _ in enumerate(ways)]
    return organisation(
        people=people, ways={each.pk: WaysIn(each.pk, **way) for each, way in zip(people, ways, strict=True)}
    )


def contact(**more: Any) -> ContactPoint:
    return ContactPoint(**{"trust": "trusted", **more})


def key(days: int) -> ApiKey:
    return ApiKey(label=f"{days} days", expires_at=clock.now() + timedelta(days=days))


def drilled(days: int | None) -> Person:
    at = None if days is None else clock.now() - timedelta(days=days)
    return person("Safe", "administrator", break_glass=True, drilled_at=at)


@pytest.mark.parametrize(
    ("judge", "here", "well", "says"),
    [
        ("_passkeys_alone", with_ways({"passkeys_alone": 1}, {"passkeys_alone": 2}), True, "P0, P1"),
        ("_passkeys_alone", with_ways({"passkeys_alone": 2}, {"passkeys": 3}), False, "nothing shared: P0."),
        ("_administrators", organisation(people=[person("A", "administrator")]), False, "A."),
        ("_administrators", organisation(people=[person("A", "administrator")] * 2), True, "A, A"),
        ("_break_glass", organisation(accounts=[drilled(1), drilled(89)]), True, "2 of 2 accounts; 2 drilled"),
        ("_break_glass", organisation(accounts=[drilled(1), drilled(91)]), False, "1 drilled"),
        ("_break_glass", organisation(accounts=[drilled(1), drilled(None)]), False, "1 drilled"),
        ("_break_glass", organisation(accounts=[drilled(1)]), False, "1 of 2"),
        ("_second_ways", with_ways({"passkeys": 2}, {"passkeys": 1, "codes_left": 1}), True, "nobody"),
        ("_second_ways", with_ways({"passkeys": 1}, {"passkeys": 1, "apps": 1}), False, "P0, P1"),
        ("_second_ways", with_ways({"passkeys": 1, "apps": 1, "has_password": True}), True, "nobody"),
        ("_provider_only", with_ways({"federated": True, "passkeys": 1}), True, "nobody"),
        ("_provider_only", with_ways({"federated": True}), False, "P0"),
        ("_contacts", organisation(contacts=[contact(), contact()]), True, "2 of 2 trusted ways"),
        ("_contacts", organisation(contacts=[contact(), contact(rides_on_id=uuid4())]), False, "1 of 2"),
        ("_contacts", organisation(contacts=[contact(), contact(trust="doubtful")]), False, "1 of 1 trusted way"),
        ("_keys", organisation(keys=[key(31)]), True, "none"),
        ("_keys", organisation(keys=[key(31), key(29)]), False, "29 days"),
    ],
)
def test_a_line_is_well_or_says_what_to_do(judge, here, well, says):
    line = getattr(readiness, judge)(here)
    assert line.well is well
    assert says in line.says
    assert line.do.endswith(".")


@pytest.mark.django_db
def test_the_page_counts_the_own_organisation_alone(client_of):
    page = client_of("gravenhurst", "administrator").get("/readiness/").content.decode()
    assert "Laura Finch" in page
    assert "Nadia Farouk" not in page
    assert "0 of 2 accounts" in page
    assert "Not yet" in page
    page = client_of("ashbourne").get("/readiness/").content.decode()
    assert "2 of 2 accounts; 0 drilled within 90 days" in page
    assert "Administrators: Nadia Farouk, Peter Lunn" in page


@pytest.mark.django_db
def test_who_may_not_mend_it_reads_whom_to_ask_and_no_button_leads_to_a_refusal(client_of):
    mine = client_of("ashbourne")  # an incident manager
    page = mine.get("/readiness/").content.decode()
    assert "Ask Nadia Farouk or Peter Lunn: it takes an administrator." in page
    assert "Laura Finch" not in page
    for href in set(re.findall(r'<a class="tap" href="([^"]+)">Go there', page)):
        assert mine.get(href).status_code == 200, href
    assert (
        "it takes an administrator" not in client_of("ashbourne", "administrator").get("/readiness/").content.decode()
    )
