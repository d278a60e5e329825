"""Many tools that see the same breach at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from incidents.models import Incident
from tests.monitoring.conftest import write_rules


@pytest.mark.django_db(transaction=True)
def test_tools_of_two_organisations_open_one_incident(cast, api_of, inside):
    write_rules(cast)
    body = {"rule": "confirmed", "title": "Intruder", "assets": ["idp", "files"]}
    tools = [api_of(slug, ["open"]) for slug in ("ashbourne", "coldharbour") * 3]

    def report(number: int) -> tuple[str, str]:
        try:
            answer = tools[number].post(
                "/api/v1/alerts/generic/", {**body, "case": number}, content_type="application/json"
            )
            [result] = answer.json()["results"]
            return result["outcome"], result["incident"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tools)) as pool:
        results = list(pool.map(report, range(len(tools))))
    assert sorted(outcome for outcome, _ in results) == ["joined"] * 5 + ["opened"]
    assert len({reference for _, reference in results}) == 1
    with inside("ashbourne"):
        assert Incident.objects.count() == 1
