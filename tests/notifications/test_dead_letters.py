"""What could not be delivered is work of its organisation, and is sent again by a person, who stands in the record."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from incidents.models import Incident
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
BEN = "ben.ashcroft@dunmere.example"
DEAD = (
    "SELECT d.id, d.state, d.attempts, d.error FROM notifications_delivery d"
    " JOIN partners_contactpoint c ON c.id = d.contact_point_id WHERE c.address = %s"
)
WORK = "SELECT state, organisation_id FROM partners_workitem WHERE key = 'dead_letters'"


@pytest.fixture
def incident(stage: Stage, mail: Mailbox) -> Incident:
    mail.set_fault(BEN, "5xx")
    opened = stage.opens()
    stage.works()
    return opened


def test_it_is_work_of_that_organisation_alone_and_its_overseers_see_the_state(stage: Stage, incident: Incident):
    assert stage.owner(WORK) == [("open", stage.ids["dunmere"])]
    sees = "SELECT count(*) FROM notifications_delivery WHERE state = 'dead'"
    assert [stage.as_app(slug, sees) for slug in ("dunmere", "ashbourne", "brackenfield", "gravenhurst")] == [
        [(1,)], [(1,)], [(0,)], [(0,)],
    ]  # fmt: skip


def test_a_person_sends_it_again(stage: Stage, mail: Mailbox, incident: Incident, client_of):
    ((delivery, state, _, _),) = stage.owner(DEAD, [BEN])
    assert state == "dead"
    again = reverse("delivery-again", args=[delivery])
    for other in ("ashbourne", "gravenhurst"):
        client: Client = client_of(other)
        assert client.post(again).status_code == 404, "not theirs, though an overseer sees it"
    mine = client_of("dunmere")
    page = mine.get(reverse("delivery-list")).content.decode()
    assert again in page
    assert again not in client_of("ashbourne").get(reverse("delivery-list")).content.decode()
    mail.set_fault(BEN, None)
    assert mine.post(again).status_code == 302
    assert stage.owner(DEAD, [BEN]) == [(delivery, "pending", 0, "")]
    ((said, audience),) = stage.events("delivery.sent_again")
    assert (said["organisation"], said["message"]) == ("dunmere", "opened")
    assert stage.ids["brackenfield"] not in audience
    assert stage.owner("SELECT actor_kind FROM ledger_event WHERE kind = 'delivery.sent_again'") == [("person",)]
    stage.works()
    assert len(mail.messages(to=BEN)) == 1
    assert stage.owner(DEAD, [BEN])[0][1:3] == ("accepted", 1)
    assert stage.owner(WORK) == [("cleared", stage.ids["dunmere"])]
    mine.post(again)
    stage.works()
    assert len(mail.messages(to=BEN)) == 1, "what arrived is not sent again"
    assert again not in mine.get(reverse("delivery-list")).content.decode()
