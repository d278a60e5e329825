"""Whose data a notice is about is told that something waits, without its words, and reminded while nobody reads it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.personal_data.notices import Notice, remind_of_notices, send_notice
from notifications.models import Delivery
from portal.mail_sink import Mailbox
from tests.incidents.test_data_notices import ABOUT, KNOWN, SINCE
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)


def reminds() -> int:
    with as_worker():
        return remind_of_notices()


def test_its_addressee_is_told_without_its_words_and_reminded_while_nobody_acknowledges(
    stage: Stage, mail: Mailbox, inside, client_of
):
    incident = stage.opens()
    with inside("eastwick"):
        sent = send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE, "EW-12"))
    stage.works()
    told = stage.deliveries(incident, "dunmere", "message, d.state")
    assert ("data_notice", "accepted") in told
    for slug in ("ashbourne", "northgate", "eastwick"):
        assert "data_notice" not in {message for message, _ in stage.deliveries(incident, slug, "message, d.state")}
    for slug, seen in (("ashbourne", False), ("northgate", False), ("eastwick", False), ("dunmere", True)):
        with inside(slug):  # whoever leads, deputises or provides does not learn that there is a notice
            assert Delivery.objects.filter(message="data_notice").exists() is seen, slug
    for kind in ("delivery.accepted", "delivery.delivered", "delivery.dead"):
        for data, audience in stage.events(kind):
            if data.get("message") == "data_notice":
                assert set(audience) == {stage.ids["dunmere"]}
    texts = [each["subject"] + each["text"] for each in mail.messages() if "a notice waits" in each["subject"]]
    assert texts
    assert not any(word in text for text in texts for word in ("Housing", "Eastwick", "share", "EW-12"))
    assert reminds() == 0  # it has four hours
    for passed, reminded, kind in (("2 hours", 1, "data_notice.reminded"), ("2 hours", 1, "data_notice.overdue")):
        stage.owner("UPDATE incidents_datanotice SET due_at = due_at - %s::interval", [passed])
        assert reminds() == reminded
        assert reminds() == 0
        ((_, audience),) = stage.events(kind)
        assert set(audience) == {stage.ids["eastwick"], stage.ids["dunmere"]}
    at = reverse("incident-data", args=[incident.reference])
    assert "overdue since" in client_of("eastwick").get(at).content.decode()
    before = len(stage.deliveries(incident, "dunmere"))
    stage.works()
    assert len(stage.deliveries(incident, "dunmere")) > before
    with inside("eastwick"):  # a corrected one is left alone
        send_notice(incident, Notice("dunmere", ABOUT, "Nothing was read.", SINCE, corrects=sent.pk))
    stage.owner("UPDATE incidents_datanotice SET reminded = 0")
    assert reminds() == 0


def test_while_only_suspected_it_goes_to_those_who_know_of_the_suspicion(stage: Stage, inside):
    samuel = "samuel.osei@ashbourne.example"
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL WHERE address = %s", [samuel])
    ((person,),) = stage.owner("SELECT id FROM partners_person WHERE email = %s", [samuel])
    incident = stage.opens(suspected=True, tell_people=(person,))
    with inside("northgate"):
        send_notice(incident, Notice("ashbourne", ABOUT, KNOWN, SINCE))
    stage.works()
    told = stage.deliveries(incident, "ashbourne", "coalesce(p.name, 'desk'), d.message")
    assert {name for name, message in told if message == "data_notice"} == {"desk", "Samuel Osei"}
