"""Whoever is asked for an update is told over the ways that told them before, and not twice within ten minutes."""

from __future__ import annotations

import pytest

from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"


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


def accepted(stage: Stage, incident) -> set[str]:
    """Addresses of Dunmere that a message was taken for."""
    return {to for to, state in stage.deliveries(incident, "dunmere", "c.address, d.state") if state == "accepted"}


def asked_of(mail: Mailbox) -> dict[str, str]:
    """Who was asked by mail, and in which words."""
    return {each["to"][0]: each["text"] for each in mail.messages() if "asked for an update" in each["subject"]}


def test_those_who_were_told_are_told(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    told = accepted(stage, incident)
    earlier(stage)
    asks(stage, client_of, incident)
    asked = asked_of(mail)
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
    told = accepted(stage, incident)
    assert BEN in told
    stage.owner("UPDATE partners_contactpoint SET trust = 'compromised' WHERE address = %s", [BEN])
    asks(stage, client_of, incident)
    asked = set(asked_of(mail))
    assert asked == told - {BEN}
    assert asked, "somebody else was asked"


def test_nobody_gets_two_messages_within_ten_minutes(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    asks(stage, client_of, incident)
    assert asked_of(mail) == {}
    held = [
        each for each in stage.deliveries(incident, "dunmere", "message, d.state, d.error") if each[0] == "update_asked"
    ]
    assert {state for _, state, _ in held} == {"skipped"}
    assert all("ten minutes" in error for _, _, error in held)


def test_nobody_is_asked_after_the_closing(stage: Stage, mail: Mailbox, client_of):
    incident = stage.opens()
    stage.works()
    earlier(stage)
    for each in accepted(stage, incident):
        mail.set_fault(each, "4xx")
    asks(stage, client_of, incident)
    his = (
        "UPDATE notifications_delivery SET {} WHERE message = 'update_asked' AND state = '{}'"
        f" AND contact_point_id IN (SELECT id FROM partners_contactpoint WHERE address = '{BEN}')"
    )
    stage.owner(his.format("state = 'claimed', attempts = attempts + 1", "pending"))
    stage.closes(incident)
    stage.plans()
    states = f"c.address = '{BEN}', d.message, d.state"
    assert (True, "update_asked", "claimed") in stage.deliveries(incident, "dunmere", states)
    stage.owner(his.format("state = 'pending'", "claimed"))  # its attempt has failed meanwhile
    rows = set(stage.deliveries(incident, "dunmere", states))
    asked = {(is_his, state) for is_his, message, state in rows if message == "update_asked"}
    assert asked == {(True, "superseded"), (False, "superseded")}
    assert (True, "stood_down", "pending") in rows
