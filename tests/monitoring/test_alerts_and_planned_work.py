"""An intruder may hide behind work that everybody expects: an alarm counts during it as at any other time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents import planned
from incidents.models import Incident
from portal import clock
from tests.incidents.test_planned_work import said, set_back

HOUR = timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_an_alert_during_the_work_opens_an_incident(cast, inside, owner_url, api_of, rules):
    with inside("northgate"):
        work = planned.announce(said(), me=cast.id("northgate"))
    set_back(owner_url, work, starts_at=clock.now() - HOUR, ends_at=clock.now() + HOUR)
    with inside("northgate"):
        planned.move(work, act="started")
    alert = {"rule": "confirmed", "title": "Intruder at the directory", "assets": ["idp"], "severity": "high"}
    key = api_of("ashbourne", ["open"])
    answer = key.post("/api/v1/alerts/generic/", alert, content_type="application/json")
    assert [each["outcome"] for each in answer.json()["results"]] == ["opened"]
    with inside("ashbourne"):
        assert Incident.objects.get().systems.get().slug == "identity-platform"
