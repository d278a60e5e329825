"""Bad input on pages: the right status, a refusal that asks no database, and nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.asking import rows
from tests.gates.access_headers import check_answer
from tests.gates.access_stage import Objects, quiet, stage

__all__ = ["quiet", "stage"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]

OPENING = {"title": "Intruder", "systems": "identity-platform", "step": "open"}
LONG = "x" * 5000
TOO_MUCH = "x" * (2 * 1024 * 1024 + 1)


@pytest.fixture
def lead(client_of) -> Client:
    return client_of("ashbourne", fresh=True)


@pytest.fixture
def partner(client_of) -> Client:
    return client_of("dunmere", fresh=True)


@pytest.fixture
def nothing_written(cast, stage: Objects) -> Iterator[None]:
    tickets = [cast.visitor(slug).ticket for slug in ("ashbourne", "dunmere")]
    before = [rows(ticket) for ticket in tickets]
    yield
    assert [rows(ticket) for ticket in tickets] == before


def check_page(response, status: int, words: str = "") -> str:
    assert response.status_code == status, response.content[-500:]
    check_answer(response)
    page = response.content.decode()
    assert "<h1>" in page
    assert words in page
    return page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/incidents/%00/", 400),
        ("/incidents/?after=%00", 400),
        ("/incidents/INC-7%00KQ4/?x=1", 400),
        ("/my-tasks/?%ff=1", 400),
        ("/%c0%ae%c0%ae/", 400),
        ("/tasks/not-a-uuid/", 404),
        ("/tasks/00000000-0000-0000-0000-00000000000g/", 404),
        ("/playbooks/7/", 404),
        ("/incidents/INC-7KQ4", 404),
        ("/nowhere/", 404),
        ("/static/nowhere.css", 404),
    ],
)
@pytest.mark.usefixtures("nothing_written")
def test_an_address_that_cannot_be_is_refused_without_a_question(lead, path, status):
    with CaptureQueriesContext(connections["default"]) as asked, CaptureQueriesContext(connections["auth"]) as door:
        response = lead.get(path)
    check_page(response, status)
    assert len(asked) + len(door) == 0


@pytest.mark.parametrize("name", ["INC-0000", "inc-7kq4", "'; DROP TABLE x", "%F0%9F%94%A5", "x" * 3000])
@pytest.mark.usefixtures("nothing_written")
def test_an_unknown_name_is_not_found(lead, name):
    pages = [f"/incidents/{name}/", f"/systems/{name}/", f"/partners/organisations/{name}/", f"/tasks/{uuid4()}/"]
    assert len({check_page(lead.get(page), 404) for page in pages}) == 1


@pytest.mark.parametrize("cursor", ["x", "====", "MjAyNi0wMS0wMQ==", "é", "9" * 4000, "MDAwMS0wMS0wMVQwMDowMDowMA=="])
def test_a_cursor_that_is_none_begins_at_the_beginning(lead, cursor):
    check_page(lead.get("/incidents/", {"after": cursor}), 200)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Name at least one system"),
        ({"systems": "nowhere"}, "nowhere"),
        ({**OPENING, "systems": "planning-search"}, "planning-search"),  # there is one, and it is not Ashbourne's
        ({**OPENING, "title": ""}, "Say in a few words"),
        ({**OPENING, "title": "x" * 201}, "at most 200"),
        ({**OPENING, "title": "a\0b"}, "Null characters"),
        ({**OPENING, "summary": LONG}, "at most 4000"),
        ({**OPENING, "accounts": "no-realm"}, "vouches"),
        ({**OPENING, "accounts": "a\0@ashbourne"}, "Null characters"),
        ({**OPENING, "severity": "9"}, "9"),
        ({**OPENING, "severity": "one"}, "one"),
        ({**OPENING, "playbook": "nowhere"}, "nowhere"),
        ({**OPENING, "confirmed": "nowhere"}, "nowhere"),
        ({**OPENING, "confirmed": "ashbourne"}, "Who saw it?"),
    ],
)
@pytest.mark.usefixtures("nothing_written")
def test_an_opening_that_is_not_valid_says_what_is_wrong(lead, sent, words):
    page = check_page(lead.post("/incidents/open/", {"step": "open", **sent}), 422, words)
    assert "There is a problem" in page


@pytest.mark.parametrize(
    ("page", "sent", "words"),
    [
        ("update", {"text": ""}, "Write what everybody should know"),
        ("update", {"text": LONG}, "at most 4000"),
        ("update", {"text": "a\0b"}, "Null characters"),
        ("update", {"text": "x", "next_in": "soon"}, "soon"),
        ("close", {}, "Say how it ended"),
        ("close", {"outcome": "victory"}, "victory"),
        ("close", {"outcome": "resolved", "words": "a\0b"}, "Null characters"),
        ("widen", {}, "Choose at least one system"),
        ("widen", {"systems": "planning-search"}, "planning-search"),
    ],
)
@pytest.mark.usefixtures("nothing_written")
def test_a_leads_form_that_is_not_valid_says_what_is_wrong(lead, stage, page, sent, words):
    assert "There is a problem" in check_page(lead.post(f"/incidents/{stage['incident']}/{page}/", sent), 422, words)


@pytest.mark.parametrize(
    ("verb", "sent", "status"),
    [
        ("block", {}, 422),
        ("block", {"reason": " "}, 422),
        ("block", {"reason": "a\0b"}, 422),
        ("decline", {"as": "not_affected"}, 422),
        ("decline", {"as": "verified"}, 422),
        ("acknowledge", {"reason": "a\0b"}, 422),
        ("undo", {}, 409),
    ],
)
@pytest.mark.usefixtures("nothing_written")
def test_an_answer_that_is_not_valid_changes_nothing(partner, stage, verb, sent, status):
    check_page(partner.post(f"/tasks/{stage['waiting']}/{verb}/", sent), status)


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:1", "/\\x", "\0"])
def test_an_answer_never_sends_a_browser_elsewhere(partner, stage, address):
    response = partner.post(f"/tasks/{stage['waiting']}/acknowledge/", {"next": address})
    assert response.status_code == 302
    assert response["Location"] == f"/tasks/{stage['waiting']}/"


@pytest.mark.usefixtures("nothing_written")
def test_a_body_that_is_too_big_or_has_too_many_fields_is_refused(lead, stage):
    for path in ("/incidents/open/", f"/incidents/{stage['incident']}/update/", f"/tasks/{stage['waiting']}/block/"):
        check_page(lead.post(path, {"title": TOO_MUCH}), 400)
        check_page(lead.post(path, {f"field-{nth}": "x" for nth in range(1001)}), 400)


FORMS = (
    "/incidents/open/", "/incidents/{incident}/update/", "/incidents/{incident}/close/", "/incidents/{incident}/widen/",
    "/incidents/{incident}/declare/", "/tasks/{waiting}/acknowledge/", "/tasks/{accepted}/start/",
    "/tasks/{done}/verify/", "/sign-in/", "/sign-out/", "/sign-in/link/never-made/",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("nothing_written")
def test_a_form_of_another_site_is_refused(cast, stage, form):
    for slug in ("ashbourne", "dunmere"):
        client = Client(enforce_csrf_checks=True, **{"bulkhead.visitor": cast.visitor(slug)})
        for headers in ({}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
            response = client.post(
                form.format(**stage), {**OPENING, "text": "x", "outcome": "resolved"}, headers=headers
            )
            check_page(response, 403, "another site")
