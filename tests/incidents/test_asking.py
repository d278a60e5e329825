"""*Ask for an update*: one question to one participant, its answer for the overseers, and nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.models import Incident
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

QUESTION = "Is the finance batch stopped?"
ANSWER = "Stopped at 08:50, by Grace."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def asks(client, incident: Incident, *, slug: str = "dunmere", question: str = QUESTION):
    return client.post(reverse("update-ask", args=[incident.reference, slug]), {"question": question})


def request_of(stage: Stage) -> str:
    ((pk,),) = stage.owner("SELECT id FROM incidents_updaterequest ORDER BY asked_at DESC LIMIT 1")
    return reverse("update-request", args=[pk])


def board(client, incident: Incident) -> str:
    return client.get(reverse("incident-board", args=[incident.reference])).content.decode()


def test_asked_read_answered_and_seen_by_those_it_concerns_alone(stage, incident, client_of):
    lead, dunmere, eastwick = client_of("ashbourne"), client_of("dunmere"), client_of("eastwick")
    assert asks(lead, incident).status_code == 302
    assert QUESTION in board(dunmere, incident)
    assert QUESTION in dunmere.get(reverse("my-tasks")).content.decode()
    page = request_of(stage)
    assert dunmere.get(page).status_code == 200
    assert dunmere.post(page, {"answer": ANSWER}).status_code == 302
    for client, sees in ((lead, True), (dunmere, True), (client_of("northgate"), True), (eastwick, False)):
        assert (ANSWER in board(client, incident)) is sees
        assert client.get(page).status_code == (200 if sees else 404)
    assert QUESTION not in board(eastwick, incident)
    assert client_of("gravenhurst").get(page).status_code == 404
    # The stream: for whoever was asked and the overseers.
    for kind in ("update.asked", "update.given"):
        ((data, audience),) = stage.events(kind)
        assert data["organisation"] == "dunmere"
        assert set(audience) == {stage.ids[slug] for slug in ("ashbourne", "northgate", "dunmere")}
    own = lead.get(reverse("incident-participant", args=[incident.reference, "dunmere"])).content.decode()
    assert ANSWER in own


def test_one_at_a_time_and_one_in_ten_minutes(stage, incident, client_of):
    lead, dunmere = client_of("ashbourne"), client_of("dunmere")
    asks(lead, incident)
    assert asks(lead, incident).status_code == 409
    assert asks(lead, incident, slug="eastwick").status_code == 302
    stage.owner("UPDATE incidents_updaterequest SET asked_at = now() - interval '20 minutes'")
    assert asks(lead, incident).status_code == 409  # the first still waits
    ((pk,),) = stage.owner(
        "SELECT r.id FROM incidents_updaterequest r JOIN partners_organisation o ON o.id = r.organisation_id"
        " WHERE o.slug = 'dunmere'"
    )
    assert dunmere.post(reverse("update-request", args=[pk]), {"answer": ANSWER}).status_code == 302
    assert asks(lead, incident).status_code == 302
    assert len(stage.events("update.asked")) == 3


def test_who_may_not_ask_or_answer(stage, incident, client_of):
    for slug, status in (("dunmere", 409), ("eastwick", 404), ("gravenhurst", 404)):
        assert asks(client_of(slug), incident).status_code == status
    assert asks(client_of("ashbourne"), incident, slug="ashbourne").status_code == 409
    assert asks(client_of("ashbourne"), incident, slug="gravenhurst").status_code == 404
    assert stage.owner("SELECT count(*) FROM incidents_updaterequest") == [(0,)]
    asks(client_of("ashbourne"), incident)
    page = request_of(stage)
    for slug, status in (("ashbourne", 403), ("northgate", 403), ("eastwick", 404), ("gravenhurst", 404)):
        assert client_of(slug).post(page, {"answer": ANSWER}).status_code == status
    assert stage.owner("SELECT answer FROM incidents_updaterequest") == [("",)]
    stage.closes(incident)
    assert client_of("dunmere").post(page, {"answer": ANSWER}).status_code == 409
    assert asks(client_of("ashbourne"), incident).status_code == 409


def test_bad_input_keeps_what_was_typed_and_a_second_answer_is_told_so(stage, incident, client_of):
    lead, dunmere = client_of("ashbourne"), client_of("dunmere")
    for question in ("", "  ", "x" * 301, "a\0b"):
        assert asks(lead, incident, question=question).status_code in {400, 422}
    asks(lead, incident)
    page = request_of(stage)
    long = dunmere.post(page, {"answer": "y" * 2001})
    assert long.status_code == 422
    assert "y" * 2001 in long.content.decode()
    assert dunmere.post(page, {"answer": ""}).status_code == 422
    assert dunmere.post(page, {"answer": ANSWER}).status_code == 302
    assert dunmere.post(page, {"answer": "Something else"}).status_code == 409
    assert stage.owner("SELECT answer FROM incidents_updaterequest") == [(ANSWER,)]


def test_one_press_on_the_row_asks_and_the_row_says_since_when_it_waits(stage, incident, client_of):
    lead = client_of("ashbourne")
    press = reverse("update-ask-now", args=[incident.reference, "dunmere"])
    assert press not in board(lead, incident)  # it has not answered: it is nudged
    stage.owner("UPDATE incidents_participant SET acknowledged_at = now() WHERE slug = 'dunmere'")
    assert press in board(lead, incident)
    for slug in ("dunmere", "eastwick", "northgate"):
        assert press not in board(client_of(slug), incident)
    done = lead.post(press, follow=True).content.decode()
    assert "Dunmere is asked how things stand" in done
    assert press not in done
    assert ">asked " in done
    assert request_of(stage) in done
    assert "How do things stand with you?" in board(client_of("dunmere"), incident)
    assert "Not done. It was asked already" in lead.post(press, follow=True).content.decode()
    for slug, role, status in (
        ("gravenhurst", "incident_manager", 404),
        ("eastwick", "incident_manager", 404),
        ("ashbourne", "responder", 403),
    ):
        assert client_of(slug, role).post(press).status_code == status
    assert len(stage.events("update.asked")) == 1
    ((pk,),) = stage.owner("SELECT id FROM incidents_updaterequest")
    client_of("dunmere").post(reverse("update-request", args=[pk]), {"answer": ANSWER})
    assert ">asked " not in board(lead, incident)
