"""A second question is told of for itself: what came of the first says nothing of it."""

from __future__ import annotations

import pytest

from notifications import late
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker
from tests.notifications.test_update_asked import asks, earlier
from tests.notifications.texting import number, service

pytestmark = pytest.mark.django_db(transaction=True)
SUNITA, HERS = "sunita.rao@dunmere.example", "+447700900201"


def answered(stage: Stage) -> None:
    """The question before has been answered, a quarter of an hour ago."""
    stage.owner(
        "UPDATE incidents_updaterequest SET answered_at = now(), answer = 'Yes.', asked_at = now() - interval '1 hour'"
    )
    earlier(stage)


def test_when_its_message_dies_the_next_way_is_taken_again(stage: Stage, mail: Mailbox, client_of, settings):
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HERS, order=9)
        incident = stage.opens()
        stage.works()
        stage.owner("UPDATE notifications_delivery SET state = 'accepted', accepted_at = now() WHERE way = 'sms'")
        earlier(stage)
        asks(stage, client_of, incident)
        assert len([each for each in mail.messages(to=SUNITA) if "asked" in each["subject"]]) == 1
        answered(stage)
        mail.set_fault(SUNITA, "5xx")
        asks(stage, client_of, incident)
        asked = [each["text"] for each in texts.messages(to=HERS) if "asked for an update" in each["text"]]
        assert len(asked) == 1
        told = stage.deliveries(incident, "dunmere", "d.message, d.way, d.state, p.email")
        assert ("update_asked", "email", "dead", SUNITA) in told
        assert ("update_asked", "sms", "accepted", SUNITA) in told


def test_a_text_that_is_held_over_does_not_hold_up_the_mail_in_its_place(
    stage: Stage, mail: Mailbox, client_of, settings
):
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HERS)
        settings.TEXTS_PER_INCIDENT = 1
        incident = stage.opens()
        stage.works()
        assert len(texts.messages(to=HERS)) == 1
        earlier(stage)
        settings.TEXTS_PER_INCIDENT = 0  # what went "earlier" may have gone before midnight
        asks(stage, client_of, incident)
        with as_worker():
            assert late.go_round_late() == 1
        stage.works()
        (instead,) = mail.messages(to=SUNITA)
        assert "asked for an update" in instead["subject"]
        assert len(texts.messages(to=HERS)) == 1
