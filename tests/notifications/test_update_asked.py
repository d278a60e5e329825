"""Whoever is asked for an update is told over the ways that told them before, and not twice within ten minutes."""

from __future__ import annotations

import pytest

from partners.models import ContactPoint
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

ASK = "SELECT sec.ask_for_update(%s, 'dunmere', 'Is the batch stopped?')"


def asks(stage: Stage, client_of, incident) -> None:
    address = f"/incidents/{incident.reference}/organisations/dunmere/ask/"
    assert client_of("ashbourne").post(address, {"question": "Is the batch stopped?"}).status_code == 302
    stage.works()


def earlier(stage: Stage) -> None:
    """The opening's messages went out a quarter of an hour ago."""
    stage.owner(
        "UPDATE notifications_delivery SET created_at = created_at - interval '15 minutes',"
        " accepted_at = accepted_at - interval '15 minutes'"
    )


def test_those_who_were_told_are_told(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    told = {
        point for point, state in stage.deliveries(incident, "dunmere", "c.address, d.state") if state == "accepted"
    }
    earlier(stage)
    asks(stage, client_of, incident)
    asked = {each["to"][0]: each["text"] for each in mail.messages() if "asked for an update" in each["subject"]}
    assert set(asked) == told
    assert told
    for text in asked.values():
        assert incident.reference in text
        assert "batch" not in text  # what is asked stands in the portal alone
    page = client_of("dunmere").get("/deliveries/").content.decode()
    assert page.count('<span class="muted">Asked for an update</span>') == len(told)


def test_a_way_that_has_lost_its_trust_is_gone_round(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    earlier(stage)
    stage.owner("UPDATE partners_contactpoint SET trust = 'compromised' WHERE address LIKE 'ben.%%'")
    asks(stage, client_of, incident)
    assert ContactPoint.Trust.COMPROMISED == "compromised"
    assert not [each for each in mail.messages(to="ben.ashcroft@dunmere.example") if "asked" in each["subject"]]


def test_nobody_gets_two_messages_within_ten_minutes(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    asks(stage, client_of, incident)
    assert not [each for each in mail.messages() if "asked for an update" in each["subject"]]
    held = [
        each for each in stage.deliveries(incident, "dunmere", "message, d.state, d.error") if each[0] == "update_asked"
    ]
    assert {state for _, state, _ in held} == {"skipped"}
    assert all("ten minutes" in error for _, _, error in held)
