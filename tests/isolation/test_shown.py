"""What everybody in an incident sees of an isolated participant: what not to trust, and marks on what it wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections

from incidents.models import Task
from incidents.transitions import answer_task
from incidents.updates import send_update
from partners import approvals, isolation
from partners.acting import actor_of
from partners.models import Approval
from portal import clock
from tests.isolation.two import Two

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(two: Two, cast, seal):
    """Dunmere answers a task; Ashbourne and Brackenfield distrust its mail, suspected since before that answer."""
    incident = two.opens()
    with two.inside("dunmere", "responder"):
        task = Task.objects.filter(incident=incident, ready=True).order_by("position")[0]
        answer_task(task_id=task.pk, to="acknowledged", actor=actor_of(cast.visitor("dunmere", "responder")))
        seal()
    with two.inside("ashbourne", fresh=True):
        how = {"incident": incident.pk, "second": cast.id("brackenfield"), "since": clock.now() - timedelta(hours=1)}
        asked = isolation.ask_to_isolate(cast.id("dunmere"), 2, reason="Phishing from its mailboxes", **how)
        seal()
    with two.inside("brackenfield", fresh=True):
        approvals.approve(Approval.objects.get(pk=asked))
        seal()
    return incident, task


def test_boards_say_what_not_to_trust(told, client_of):
    incident, _ = told
    for slug in ("ashbourne", "northgate", "eastwick"):
        page = client_of(slug).get(f"/incidents/{incident.reference}/").content.decode()
        assert "The mail of Dunmere is not trusted since" in page, slug
    assert "The mail of Dunmere is not trusted since" in client_of("eastwick").get("/my-tasks/").content.decode()
    page = client_of("ashbourne").get(f"/incidents/{incident.reference}/organisations/dunmere/").content.decode()
    assert "The mail of Dunmere is not trusted since" in page
    assert f"/incidents/{incident.reference}/isolate/dunmere/" in page
    page = client_of("northgate").get(f"/incidents/{incident.reference}/organisations/dunmere/").content.decode()
    assert "/isolate/" not in page, "only the lead asks"


def test_what_it_wrote_since_is_marked_on_board_and_task(told, client_of):
    incident, task = told
    for path in (f"/incidents/{incident.reference}/", f"/tasks/{task.pk}/"):
        page = client_of("ashbourne").get(path).content.decode()
        assert "when Dunmere may have been compromised" in page, path
    assert "when Ashbourne may have been" not in page


def test_updates_say_so_over_the_api(two, cast, client_of, seal, inside):
    incident = two.opens()
    with inside("ashbourne"):
        who = {"actor": actor_of(cast.visitor("ashbourne")), "author_name": "Ashbourne"}
        send_update(incident_id=incident.pk, text="Before and after", **who)
        seal()
    path = f"/api/v1/incidents/{incident.reference}/updates/"
    assert [each["marked"] for each in client_of("dunmere").get(path).json()["results"]] == [False]
    with inside("ashbourne", "administrator", fresh=True):
        isolation.press(cast.id("ashbourne"), 1, reason="Odd sign-ins", since=clock.now() - timedelta(minutes=5))
    assert [each["marked"] for each in client_of("dunmere").get(path).json()["results"]] == [True]


def test_its_mailboxes_are_compromised_and_trusted_again_when_it_is_lifted(told, two):
    with two.inside("dunmere"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sec.contacts_not_used()")
        assert cursor.fetchone()[0] > 0
