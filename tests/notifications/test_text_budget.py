"""A day's text messages: what is not a first message stops before the service does, goes another way, and waits."""

from __future__ import annotations

import pytest

from notifications import late
from notifications.reading import deliveries_of
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker
from tests.notifications.texting import number, opens_again, service

pytestmark = pytest.mark.django_db(transaction=True)
SUNITA, HER_NUMBER = "sunita.rao@dunmere.example", "+447700900201"


@pytest.mark.parametrize(
    ("budget", "most", "because"),
    [
        ("TEXTS_PER_INCIDENT", 1, "Today's text messages of this incident are used up."),
        ("TEXTS_PER_PERSON", 1, "Today's text messages to this person about this incident are used up."),
        ("TEXTS_A_DAY", 201, "Today's text messages are used up but for the reserve of first messages."),
    ],
)
def test_a_stand_down_beyond_the_budget_takes_the_next_way_and_waits(
    stage: Stage, mail: Mailbox, settings, client_of, budget: str, most: int, because: str
):
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HER_NUMBER)
        setattr(settings, budget, most)
        incident = stage.opens()
        stage.works()
        assert len(texts.messages()) == 1, "a first message always goes"
        page = client_of("dunmere").get(f"/incidents/{incident.reference}/deliveries/").content.decode()
        assert f"1 of {settings.TEXTS_PER_INCIDENT} text messages of today used" in page
        stage.closes(incident)
        stage.works()
        assert len(texts.messages()) == 1
        waits = (
            "SELECT state, attempts, error, next_way, due_at > now() FROM notifications_delivery"
            " WHERE way = 'sms' AND message = 'stood_down'"
        )
        assert stage.owner(waits) == [("pending", 0, because, "wanted", True)]
        with stage.acting("dunmere") as actor:
            shown = deliveries_of(incident, organisation_id=actor.organisation_id)
        (held,) = [row for row in shown if row.way == "Text message" and row.state == "pending"]
        assert held.next == "The text message is held back, and goes out then."
        assert held.because == because
        assert stage.owner(f"SELECT {opens_again('%(at)s::timestamptz')}", {"at": held.next_at}) == [(True,)]
        with as_worker():
            assert late.go_round_late() == 1
        stage.works()
        assert [message["to"] for message in mail.messages(to=SUNITA)] == [[SUNITA]], "by e-mail instead"
        assert "Stand down" in mail.messages(to=SUNITA)[0]["text"]
