"""Lists: every row once in either direction, and as many queries for many rows as for one."""

from __future__ import annotations

from itertools import chain

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.api.asking import ROOT, check_problem, opened, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(api_of):
    return api_of("ashbourne")


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.json()


def walked(client, path, limit):
    """All rows forwards page by page, and the same pages once more backwards."""
    address, forwards = f"{ROOT}{path}?limit={limit}", []
    while address:
        here = page(client, address)
        forwards.append(here["results"])
        address, last = here["next"], here
    backwards, address = [last["results"]], last["previous"]
    while address:
        here = page(client, address)
        backwards.insert(0, here["results"])
        address = here["previous"]
    assert [*chain(*backwards)] == [*chain(*forwards)]
    return forwards


PATHS = [
    "/incidents/", "/organisations/", "/systems/", "/dependencies/", "/contacts/", "/playbooks/",
    "/incidents/{reference}/participants/", "/incidents/{reference}/tasks/", "/incidents/{reference}/events/",
    "/incidents/{reference}/duties/", "/incidents/{reference}/updates/", "/incidents/{reference}/systems/",
    "/incidents/{reference}/deliveries/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_row_comes_once_in_either_direction(lead, inside, seal, path):
    limit = 10 if "tasks" in path else 2
    reference = [opened(lead, title=str(n))["reference"] for n in range(3)][-1]
    for words in ("a", "b", "c", "d"):
        send(lead, "post", f"/incidents/{reference}/updates/", {"text": words})
    with inside("ashbourne"):
        seal()
    path = path.format(reference=reference)
    everything = page(lead, f"{ROOT}{path}")["results"]
    pages = walked(lead, path, limit)
    assert [*chain(*pages)] == everything
    assert all(len(each) == limit for each in pages[:-1])


def test_a_row_that_comes_in_between_shifts_nothing(lead):
    old = [opened(lead, title=str(n))["reference"] for n in range(3)]
    first = page(lead, f"{ROOT}/incidents/?limit=2")
    opened(lead, title="new")
    second = page(lead, first["next"])
    assert [each["reference"] for each in first["results"] + second["results"]] == old[::-1]
    assert second["next"] is None


def test_filters_go_along_with_the_cursor(lead):
    for n in range(3):
        opened(lead, title=str(n), exercise=True)
        opened(lead, title=str(n))
    first = page(lead, f"{ROOT}/incidents/?exercise=true&limit=2")
    second = page(lead, first["next"])
    assert [each["exercise"] for each in first["results"] + second["results"]] == [True] * 3


def test_a_cursor_is_good_for_its_own_address_only(lead, api_of):
    reference = opened(lead)["reference"]
    cursor = page(lead, f"{ROOT}/organisations/?limit=1")["next"].rpartition("cursor=")[2]
    check_problem(lead.get(f"{ROOT}/systems/?cursor={cursor}"), 422, "?cursor")
    check_problem(lead.get(f"{ROOT}/organisations/?cursor={cursor[:-3]}abc"), 422, "?cursor")
    tasks = page(lead, f"{ROOT}/incidents/{reference}/tasks/?limit=1")["next"]
    assert page(api_of("dunmere"), tasks)["results"][0]["organisation"] == "dunmere"


@pytest.mark.parametrize("path", PATHS)
def test_a_list_costs_as_many_queries_for_many_rows_as_for_one(lead, path):
    reference = opened(lead)["reference"]
    for n in range(3):
        opened(lead, title=str(n))
        send(lead, "post", f"/incidents/{reference}/updates/", {"text": "x"})
    path = path.format(reference=reference)
    page(lead, f"{ROOT}{path}")

    def queries(limit):
        with CaptureQueriesContext(connections["default"]) as captured:
            page(lead, f"{ROOT}{path}?limit={limit}")
        return len(captured)

    assert queries(1) == queries(1000) <= 10


def test_the_root_names_every_collection(client, settings):
    root = page(client, f"{ROOT}/")
    assert root["live"] == f"{settings.LIVE_URL}/live/"
    assert root["incidents"] == "http://testserver/api/v1/incidents/"
    assert set(root) == {
        "incidents", "events", "alerts", "organisations", "systems", "dependencies", "contacts", "playbooks",
        "live_tickets", "schema", "docs", "live", "advisories", "exposures",
        "work_orders", "components", "participations", "services", "integrations", "standing_access", "imports",
    }  # fmt: skip
