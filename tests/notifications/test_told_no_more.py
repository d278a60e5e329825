"""Who was told by a message that died was not told: the board and the participant's row say so at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from incidents.board import board_of
from incidents.models import Incident
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.test_text_messages import HER_NUMBER, SUNITA, report, sms
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def texts(settings) -> Iterator[Mailbox]:
    with service(settings) as box:
        yield box


def only_a_number(stage: Stage) -> None:
    """The one way of Dunmere that can be used is a number for texts, of Ben Ashcroft, who is on duty."""
    stage.owner("UPDATE partners_contactpoint SET is_active = false WHERE organisation_id = %s", [stage.ids["dunmere"]])
    stage.always_on_duty("Ben Ashcroft")
    number(stage, "dunmere", "ben.ashcroft@dunmere.example", HER_NUMBER)


def line(stage: Stage, incident: Incident, slug: str) -> str:
    """What the lead's board says of telling that organisation, in one line."""
    with stage.as_person("ashbourne"):
        board = board_of(Incident.objects.get(pk=incident.pk), me=stage.ids["ashbourne"], may_lead=True)
    (row,) = [row for row in board["rows"] if row["slug"] == slug]
    return " · ".join(part["words"] for part in row["ladder"]["parts"])


def fails(stage: Stage, client) -> None:
    """The service reports that the one text message did not arrive."""
    ((delivery, ref),) = sms(stage, "id::text, provider_ref")
    assert report(client, ref, delivery, "permanent-failure").status_code == 204
    stage.settles()


@pytest.mark.usefixtures("mail")
def test_when_the_only_message_has_died_nobody_is_told(stage: Stage, texts: Mailbox, client):
    only_a_number(stage)
    incident = stage.opens()
    stage.works()
    assert "by text message" in line(stage, incident, "dunmere")
    assert stage.side(incident, "dunmere")["people_told"] == 1
    fails(stage, client)
    side = stage.side(incident, "dunmere")
    assert (side["told_at"], side["told_by"], side["people_told"]) == (None, "", 0)
    assert line(stage, incident, "dunmere").startswith("Nobody told yet"), "before anything else is planned"
    stage.works()
    assert line(stage, incident, "dunmere").startswith("Not told: Every message to them failed.")
    ((data, audience),) = stage.events("organisation.not_told")
    assert data["organisation"] == "dunmere"
    assert stage.ids["gravenhurst"] not in audience


def test_another_message_that_has_told_somebody_takes_its_place(stage: Stage, mail: Mailbox, texts: Mailbox, client):
    number(stage, "dunmere", SUNITA, HER_NUMBER)
    stage.always_on_duty("Ben Ashcroft")  # whoever is on duty has the same by mail
    incident = stage.opens()
    stage.works()
    # The text was taken first; a mailbox of Dunmere's took its message, too.
    stage.owner(
        "UPDATE incidents_participant SET told_by = 'Text message' WHERE incident_id = %s AND organisation_id = %s",
        [incident.pk, stage.ids["dunmere"]],
    )
    told = stage.side(incident, "dunmere")["people_told"]
    assert told > 1
    fails(stage, client)
    side = stage.side(incident, "dunmere")
    assert (side["told_by"], side["people_told"]) == ("E-mail", told - 1)
    assert "by e-mail" in line(stage, incident, "dunmere")
    assert side["not_told_because"] == ""


@pytest.mark.usefixtures("mail")
def test_who_has_seen_it_knows_all_the_same(stage: Stage, texts: Mailbox, client):
    only_a_number(stage)
    incident = stage.opens()
    stage.works()
    stage.owner(
        "UPDATE incidents_participant SET seen_at = now() WHERE incident_id = %s AND organisation_id = %s",
        [incident.pk, stage.ids["dunmere"]],
    )
    fails(stage, client)
    assert stage.side(incident, "dunmere")["told_by"] == "Text message"
