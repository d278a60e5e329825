"""Step 3: one's own tasks and their answers go on, on pages and over the API; nothing of anybody else is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from incidents.models import Task
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db
OTHERS = ("Brackenfield", "Eastwick", "Coldharbour", "01632 960112")


@pytest.fixture
def limited(two: Two, cast, seal):
    """Dunmere under step 3: a browser of its responder, its incident, its first task."""
    incident = two.opens()
    two.isolates("dunmere", 3, incident)
    with two.inside("dunmere", "responder"):
        seal()
        task = Task.objects.filter(incident=incident, ready=True).order_by("position").first()
        assert Task.objects.exclude(organisation_id=cast.id("dunmere")).count() == 0
    visitor = replace(cast.visitor("dunmere", "responder"), reach="own_tasks", steps=frozenset({3}))
    return Client(**{"bulkhead.visitor": visitor}), incident, task


def test_my_tasks_and_the_tasks_page_show_ones_own_and_the_leads_number(limited):
    browser, incident, task = limited
    for path in ("/my-tasks/", "/my-tasks/list/", f"/tasks/{task.pk}/"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode()
        assert task.title in page
        assert "01632 960101" in page, "the lead's number is the way out"
        assert [name for name in OTHERS if name in page] == [], path
        assert f"/incidents/{incident.reference}/" not in page, path
        assert "live-url" not in page


def test_answers_are_given_as_before(limited):
    browser, _, task = limited
    assert browser.post(f"/tasks/{task.pk}/acknowledge/").status_code == 302
    assert "Accepted" in browser.get(f"/tasks/{task.pk}/").content.decode()
    assert browser.post(f"/tasks/{task.pk}/undo/").status_code == 302
    answer = browser.post(f"/tasks/{task.pk}/complete/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Ashbourne can see it" in answer.content.decode()


def test_every_other_page_says_what_still_works(limited):
    browser, incident, _ = limited
    assert browser.get("/")["Location"] == "/my-tasks/"
    for path in (
        "/incidents/",
        f"/incidents/{incident.reference}/",
        "/partners/",
        "/deliveries/",
        "/partners/contacts/",
    ):
        answer = browser.get(path)
        assert answer.status_code == 403, path
        assert "My tasks still works" in answer.content.decode()


def test_the_api_serves_own_tasks_and_refuses_the_rest(limited):
    browser, incident, task = limited
    listed = browser.get(f"/api/v1/incidents/{incident.reference}/tasks/")
    assert {each["organisation"] for each in listed.json()["results"]} == {"dunmere"}
    assert browser.get(f"/api/v1/tasks/{task.pk}/").status_code == 200
    for path in ("incidents/", f"incidents/{incident.reference}/", "events/", "organisations/"):
        answer = browser.get(f"/api/v1/{path}")
        assert answer.status_code == 403, path
        assert "limited to your organisation's own tasks" in answer.json()["detail"]


def test_a_stream_that_is_limited_a_moment_after_the_door_is_a_refusal_too(limited, cast):
    unaware = Client(**{"bulkhead.visitor": cast.visitor("dunmere", "responder")})
    assert unaware.get("/api/v1/events/").status_code == 403
