"""Many tools that see the same breach at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

from incidents.models import Incident
from monitoring.models import Alert
from tests import servers
from tests.conftest import database_name
from tests.monitoring.conftest import write_rules, write_tool_rules
from tests.monitoring.test_tools import payload


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


@pytest.mark.django_db(transaction=True)
def test_the_same_alert_from_many_at_once_is_one_incident_and_an_exact_count(cast, api_of, inside):
    write_tool_rules(cast)
    body = payload("alertmanager")
    body["alerts"] = body["alerts"][:1]
    tools = [api_of("ashbourne", ["open"]) for _ in range(8)]

    def report(number: int) -> list[str]:
        try:
            return [
                tools[number]
                .post("/api/v1/alerts/alertmanager/", body, content_type="application/json")
                .json()["results"][0]["outcome"]
                for _ in range(10)
            ]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        outcomes = [each for many in pool.map(report, range(8)) for each in many]
    assert sorted(outcomes) == ["joined"] * 79 + ["opened"]
    with inside("ashbourne"):
        assert Incident.objects.count() == 1
        assert [each.times for each in Alert.objects.all()] == [80]
    with psycopg.connect(servers.database_url("DATABASE_URL", database_name())) as owner:
        planned = "SELECT count(*), count(DISTINCT event_id) FROM notifications_planning"
        counted, distinct = owner.execute(planned).fetchone() or (0, 0)
        assert counted == distinct, "each message is planned once"
