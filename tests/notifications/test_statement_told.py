"""Whoever must agree to a statement is told that it waits, without its words; nobody else learns of it."""

from __future__ import annotations

import pytest

from incidents.statements.saying import (
    Draft,
    answer_statement,
    ask_for_agreement,
    remind_of_statements,
    write_statement,
)
from notifications.models import Delivery
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

TITLE, WORDS = "First words", "Bins are collected as usual."


def test_who_is_asked_is_told_and_reminded_until_it_answers(stage: Stage, mail: Mailbox, inside):
    incident = stage.opens()
    with inside("dunmere"):
        draft = Draft(TITLE, "residents", WORDS, ("eastwick",))
        statement = write_statement(incident, draft, me=stage.ids["dunmere"])
    stage.works()
    assert "statement_asked" not in {
        message for message, _ in stage.deliveries(incident, "eastwick", "message, d.state")
    }
    with inside("dunmere"):
        ask_for_agreement(statement, version=1)
    stage.works()
    assert ("statement_asked", "accepted") in stage.deliveries(incident, "eastwick", "message, d.state")
    for slug in ("ashbourne", "northgate", "dunmere", "coldharbour"):
        told = {message for message, _ in stage.deliveries(incident, slug, "message, d.state")}
        assert "statement_asked" not in told, slug
    for slug, seen in (("eastwick", True), ("dunmere", False), ("ashbourne", False), ("northgate", False),
                       ("gravenhurst", False)):  # fmt: skip
        with inside(slug):
            assert Delivery.objects.filter(message="statement_asked").exists() is seen, slug
    texts = [each["subject"] + each["text"] for each in mail.messages() if "a statement waits" in each["subject"]]
    assert texts
    assert not any(word in text for text in texts for word in (TITLE, WORDS, "Dunmere"))

    def count() -> int:
        return stage.owner("SELECT count(*) FROM notifications_delivery WHERE message = 'statement_asked'")[0][0]

    before = count()
    stage.owner(
        "UPDATE incidents_statementask SET asked_at = now() - interval '2 hours', due_at = now() + interval '2 hours'"
    )
    with as_worker():
        assert remind_of_statements() == 1
    stage.works()
    assert count() > before
    with inside("eastwick"):
        answer_statement(statement, version=1, says="agrees")
    stage.owner("UPDATE incidents_statementask SET due_at = now()")
    with as_worker():
        assert remind_of_statements() == 0  # who has answered is left alone
