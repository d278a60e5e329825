"""Closing ends no legal clock: whoever has one running hears that it goes on, and nobody else hears of it."""

from __future__ import annotations

import pytest

from incidents.models import Duty
from portal.mail_sink import Mailbox
from tests.incidents.test_duties import DPO, aware
from tests.notifications.stage import Stage
from tests.notifications.test_duty_reminders import OTHERS, told, without_codes

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_has_a_clock_running_is_told_at_the_closing_that_it_goes_on(
    stage: Stage, mail: Mailbox, inside, client_of
):
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL WHERE address = 'samuel.osei@ashbourne.example'")
    incident, practice = stage.opens(), stage.opens(exercise=True)
    for each in (incident, practice):
        aware(each, stage)
    stage.works()
    assert told(stage, incident) == set()
    for each in (incident, practice):
        stage.closes(each)
    stage.works()
    assert told(stage, incident) == {DPO, "desk"}
    assert told(stage, practice) == set()  # an exercise that is over is silent
    ((_data, audience),) = stage.events("duty.goes_on")
    assert set(audience) == {stage.ids["ashbourne"]}
    texts = [without_codes(each["text"]) for each in mail.messages() if "a clock of yours" in each["subject"]]
    assert texts
    assert all("runs: see Duties" in text and "72" not in text and "Commissioner" not in text for text in texts)
    board = f"/incidents/{incident.reference}/"
    assert "closing stops no clock" in client_of("ashbourne").get(board).content.decode()
    for slug in OTHERS:  # the provider oversees, Dunmere takes part, Gravenhurst is outside
        assert "closing stops no clock" not in client_of(slug).get(board).content.decode()
        with inside(slug):
            assert not Duty.objects.filter(state="running").exists()
    with inside("ashbourne"):
        assert Duty.objects.get(incident=incident, kind=Duty.ICO).state == "running"
