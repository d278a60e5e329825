"""Parts of the board that a reader chooses: which of what happened, and the lead's drawer for an update."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from incidents.feed import WORDS
from incidents.feed_filters import kinds_of
from incidents.models import Incident, Task
from incidents.transitions import answer_task
from incidents.updates import send_update
from portal.ledger.record import Actor
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "The shared group is frozen."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    incident = stage.opens()
    with stage.acting("ashbourne") as actor:
        send_update(incident_id=incident.pk, text=TEXT, actor=actor, author_name="Ashbourne")
    with stage.acting("dunmere"):
        task = Task.objects.filter(organisation_id=stage.ids["dunmere"], ready=True).first()
        answer_task(task_id=task.pk, to="acknowledged", actor=Actor(stage.ids["dunmere"], "person"))
    return incident


def feed(client, incident: Incident, part: str, page: str = "incident-board-fragment") -> str:
    answer = client.get(reverse(page, args=[incident.reference]), {"feed": part} if part else {})
    assert answer.status_code == 200
    return re.search(r'<ol class="feed".*?</ol>', answer.content.decode(), re.S)[0]


def test_each_part_shows_its_own_and_the_rest_stays_away(stage, incident, client_of):
    lead = client_of("ashbourne")
    feed(lead, incident, "")  # seeing it is an event of its own
    everything = feed(lead, incident, "")
    for words in (TEXT, "accepted “", "opened the incident"):
        assert words in everything
    assert feed(lead, incident, "nonsense") == everything
    for part, shown in (("words", TEXT), ("tasks", "accepted “"), ("mine", "opened the incident")):
        found = feed(lead, incident, part)
        assert shown in found
        assert found != everything
    assert TEXT in feed(lead, incident, "mine")
    assert TEXT not in feed(lead, incident, "tasks") + feed(lead, incident, "deliveries")
    assert "accepted “" not in feed(lead, incident, "mine") + feed(lead, incident, "words")
    # Dunmere's own part is what Dunmere did; the stranger gets none of it.
    assert TEXT not in feed(client_of("dunmere"), incident, "mine")
    path = reverse("incident-board", args=[incident.reference])
    assert client_of("gravenhurst").get(path, {"feed": "words"}).status_code == 404


def test_what_is_chosen_stays_in_the_address_and_in_what_follows_the_stream(incident, client_of):
    path = reverse("incident-board", args=[incident.reference])
    page = client_of("ashbourne").get(path, {"feed": "words"}).content.decode()
    assert f'data-refresh-url="{path}board/?feed=words"' in page
    assert f'href="{path}?feed=tasks#feed-title"' in page
    assert f'href="{path}?feed=words#feed-title" aria-current="true"' in page
    assert f'data-refresh-url="{path}board/"' in client_of("ashbourne").get(path, {"feed": "<x>"}).content.decode()


def test_every_kind_that_a_person_reads_is_in_one_part_at_most():
    parts = [kinds_of(part, list(WORDS)) for part in ("tasks", "words", "deliveries")]
    assert all(parts)
    assert len({kind for part in parts for kind in part}) == sum(len(part) for part in parts)
    assert "task.blocked" in parts[0]
    assert {"update.sent", "incident.decided"} <= set(parts[1])
    assert {"organisation.told", "call.repeated", "ladder.climbed"} <= set(parts[2])


def test_the_drawer_says_whom_an_update_goes_to_and_is_the_leads_alone(stage, incident, client_of):
    path = reverse("incident-board", args=[incident.reference])
    page = client_of("ashbourne").get(path).content.decode()
    goes = re.search(r"Goes to: ([^<:]*): ([^<.]*)\.", page)
    assert goes[1] == "Brackenfield, Coldharbour, Dunmere, Eastwick, Fernleigh, Northgate IT Services"
    assert goes[2] == "0 people told so far"
    for client in (client_of("northgate"), client_of("dunmere"), client_of("ashbourne", "responder")):
        assert "Goes to:" not in client.get(path).content.decode()
    update = reverse("incident-update", args=[incident.reference])
    lead = client_of("ashbourne")
    assert lead.post(update, {"text": " ", "step": "send"}).status_code == 422
    assert lead.post(update, {"text": "Second word", "step": "send"}).status_code == 302
    assert "Second word" in feed(client_of("dunmere"), incident, "words")
    stage.closes(incident)
    assert "Goes to:" not in lead.get(path).content.decode()
    assert "Printed at" in lead.get(path).content.decode()
