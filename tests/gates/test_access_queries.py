"""A page asks the database a fixed number of times, whatever the number of incidents, organisations and tasks."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.models import Organisation
from portal.tenancy.scope import at_the_door
from tests.gates.access import ROWS
from tests.gates.access_answers import VISITORS, Row
from tests.gates.access_stage import Objects, open_on, quiet, stage, visitors

__all__ = ["quiet", "stage", "visitors"]  # fixtures
# Committing, so that no transaction of so many pages outlives the thirty seconds that a role of the product may have.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

NEEDS_THE_PRODUCT = {"healthz", "readyz", "metrics"}


def queries(client: Client, row: Row, args: dict[str, Any]) -> int:
    path = reverse(row.name, kwargs=args)
    with at_the_door():  # else its transaction idles for longer than its role may, when the machine is busy
        Organisation.objects.exists()
    client.get(path)  # the first look is written down
    with CaptureQueriesContext(connections["default"]) as caught:
        response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return len(caught)


def readable(visitor: str) -> list[Row]:
    assert visitor in VISITORS
    return [row for row in ROWS if row.name not in NEEDS_THE_PRODUCT and row.expected("GET")[visitor] == 200]


@pytest.mark.parametrize("visitor", ["lead", "partner", "key"])
def test_the_number_of_incidents_does_not_matter(visitor, cast, inside, stage, visitors, seal):
    def counts() -> dict[str, int]:
        return {
            row.name: queries(visitors[visitor], row, {part: stage[thing] for part, thing in row.args.items()})
            for row in readable(visitor)
        }

    with_one = counts()
    with inside("ashbourne"):
        open_on(cast, "website-forms")
        open_on(cast, "file-services", "remote-access")
        seal()
    with_three = counts()
    assert {name: (with_one[name], more) for name, more in with_three.items() if more != with_one[name]} == {}
    print(f"\nqueries of a page for {visitor}: at most {max(with_one.values())}", end="")


def test_the_number_of_organisations_and_tasks_does_not_matter(cast, inside, stage: Objects, visitors, seal):
    with inside("ashbourne"):
        few = open_on(cast, "social-care-records").reference
        seal()
    rows = [row for row in readable("lead") if row.args == {"reference": "incident"}]
    assert len(rows) > 10
    many = {row.name: queries(visitors["lead"], row, {"reference": stage["incident"]}) for row in rows}
    assert {row.name: queries(visitors["lead"], row, {"reference": few}) for row in rows} == many
