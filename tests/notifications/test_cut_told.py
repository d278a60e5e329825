"""Whoever a planned cut stops something for is told that an answer is asked, and never what is cut."""

from __future__ import annotations

import pytest

from incidents.planned_cuts.planning import end_cut, plan_cut
from portal.mail_sink import Mailbox
from tests.incidents.test_planned_cuts import plan
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)


def test_those_asked_are_told_over_trusted_ways_without_a_word_of_it(stage: Stage, mail: Mailbox, inside):
    incident = stage.opens()
    stage.works()  # everybody had a message just now: this one comes all the same
    with inside("northgate"):
        cut = plan_cut(incident, plan(stage, incident))
    stage.works()

    def told(message: str) -> set[str]:
        return {
            slug
            for slug in ("ashbourne", "brackenfield", "coldharbour", "northgate", "dunmere", "eastwick")
            if (message, "accepted") in stage.deliveries(incident, slug, "message, d.state")
        }

    assert told("cut_asked") == {"ashbourne", "brackenfield", "coldharbour"}
    texts = [each["subject"] + each["text"] for each in mail.messages() if "your answer is asked" in each["subject"]]
    assert texts
    assert not any(word in text for text in texts for word in ("cut", "Remote", "VPN", "Telecare", "Northgate"))
    with inside("northgate"):
        end_cut(cut, how="called_off", words="The intruder is out.")
    stage.works()
    assert told("cut_changed") == {"ashbourne", "brackenfield", "coldharbour"}
