"""Done a day ago and checked by nobody: the lead's task, and the deputy lead's for the lead's own steps."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from incidents.models import Incident
from incidents.transitions import answer_task
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
EARLIER = "UPDATE incidents_task SET done_at = now() - make_interval(hours => %s) WHERE id = %s"


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def done(stage: Stage, incident: Incident, slug: str, *, hours: int) -> tuple[str, str]:
    """The first ready step of that organisation, done so many hours ago: id and title."""
    ((task, title),) = stage.owner(
        "SELECT id, title FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready"
        " AND status <> 'done' ORDER BY position LIMIT 1",
        [incident.pk, stage.ids[slug]],
    )
    with stage.acting(slug) as actor:
        answer_task(task_id=task, to="done", actor=actor)
    stage.owner(EARLIER, [hours, task])
    return str(task), title


def words(client: Client, path: str) -> str:
    shown = client.get(path)
    assert shown.status_code == 200, path
    return html.unescape(re.sub(r"<[^>]+>|\s+", " ", shown.content.decode()))


def test_after_a_day_it_is_the_leads_task_until_it_is_checked(
    stage: Stage, incident: Incident, client_of: Callable[..., Any]
) -> None:
    task, title = done(stage, incident, "dunmere", hours=25)
    done(stage, incident, "coldharbour", hours=23)
    path = f"/incidents/{incident.reference}/unchecked/"
    lead = client_of("ashbourne")
    assert "One step is done and not checked" in words(lead, f"/incidents/{incident.reference}/")
    assert "One step is done and not checked" in words(lead, "/my-tasks/")
    page = words(lead, path)
    assert title in page
    assert "Dunmere" in page
    assert "Coldharbour" not in page.partition("Done and not checked")[2]
    for slug in ("dunmere", "northgate", "coldharbour"):
        assert "Nothing waits for your check" in words(client_of(slug), path), slug
        assert "not checked" not in words(client_of(slug), f"/incidents/{incident.reference}/"), slug
    assert client_of("gravenhurst").get(path).status_code == 404  # the stranger
    assert lead.post(f"/tasks/{task}/verify/", {"next": path}).headers["Location"] == path
    assert "Nothing waits for your check" in words(lead, path)


def test_the_leads_own_step_is_the_deputys_to_check(
    stage: Stage, incident: Incident, client_of: Callable[..., Any]
) -> None:
    ((deputy,),) = stage.owner(
        "SELECT o.slug FROM incidents_incident i JOIN partners_organisation o ON o.id = i.deputy_lead_id"
    )
    task, title = done(stage, incident, "ashbourne", hours=30)
    path = f"/incidents/{incident.reference}/unchecked/"
    assert "Nothing waits for your check" in words(client_of("ashbourne"), path)
    assert title in words(client_of(deputy), path)
    assert client_of("ashbourne").post(f"/tasks/{task}/verify/").status_code == 403
    assert client_of(deputy).post(f"/tasks/{task}/verify/").status_code == 302
    assert "Nothing waits for your check" in words(client_of(deputy), path)


def test_an_exercise_that_is_put_aside_asks_for_no_check(stage: Stage, client_of: Callable[..., Any]) -> None:
    incident = stage.opens(exercise=True)
    done(stage, incident, "dunmere", hours=30)
    path = f"/incidents/{incident.reference}/unchecked/"
    assert "Nothing waits for your check" not in words(client_of("ashbourne"), path)
    assert client_of("coldharbour").post(f"/incidents/{incident.reference}/put-aside/").status_code == 302
    assert "Nothing waits for your check" in words(client_of("ashbourne"), path)


def test_a_closed_incident_asks_for_no_check(stage: Stage, incident: Incident, client_of: Callable[..., Any]) -> None:
    done(stage, incident, "dunmere", hours=48)
    stage.closes(incident)
    assert "Nothing waits for your check" in words(
        client_of("ashbourne"), f"/incidents/{incident.reference}/unchecked/"
    )
