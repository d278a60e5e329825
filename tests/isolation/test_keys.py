"""What a key of an isolated organisation is answered, with real keys and real commits."""

from __future__ import annotations

import pytest

from incidents.models import Task
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(two: Two, api_of):
    """Dunmere's key, an incident that it takes part in, and its first task there."""
    incident = two.opens()
    with two.inside("dunmere"):
        task = Task.objects.filter(incident=incident, ready=True).order_by("position")[0]
    return api_of("dunmere"), incident, task


def test_cut_off_it_is_refused_in_words_and_works_again_when_that_is_lifted(two, key):
    api, incident, _ = key
    made = two.isolates("dunmere", 4, incident)
    for path in ("/api/v1/incidents/", "/api/v1/events/", f"/api/v1/incidents/{incident.reference}/tasks/"):
        answer = api.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["detail"].startswith("Your organisation is cut off since")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    lead, third = ("ashbourne", "incident_manager"), ("coldharbour", "incident_manager")
    asked = two.ask_to_lift(lead, made, "dunmere", told=["coldharbour"])
    two.decide(third, asked)
    two.lift(third, made, asked)
    assert api.get("/api/v1/incidents/").status_code == 200


def test_limited_it_answers_own_tasks_and_nothing_else(two, key):
    api, incident, task = key
    two.isolates("dunmere", 3, incident)
    listed = api.get(f"/api/v1/incidents/{incident.reference}/tasks/").json()["results"]
    assert {each["organisation"] for each in listed} == {"dunmere"}
    acknowledged = api.post(f"/api/v1/tasks/{task.pk}/acknowledge/", "{}", content_type="application/json")
    assert acknowledged.json()["status"] == "acknowledged"
    for path in (
        "incidents/",
        "events/",
        f"incidents/{incident.reference}/participants/",
        "organisations/",
        "contacts/",
    ):
        answer = api.get(f"/api/v1/{path}")
        assert answer.status_code == 403, path
        assert "limited to your organisation's own tasks" in answer.json()["detail"]
