"""An organisation in whose name the lead wrote an answer hears of it, and can say that it was not so."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connections

from incidents.by_telephone.writing import Said, report_task, settle_report
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)
SLUGS = ("ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "gravenhurst", "northgate")


@pytest.fixture
def incident(stage: Stage, mail: Mailbox):
    incident = stage.opens()
    stage.works()  # everybody had a message just now: this one comes all the same
    return incident


def said(status: str) -> Said:
    return Said(status=status, said_by="Carol Dunn", said_role="Duty officer", number="+44 1632 960111", words="So.")


def tasks_of(stage: Stage, incident, slug: str = "dunmere") -> list:
    rows = "SELECT id FROM incidents_task WHERE incident_id = %s AND organisation_id = %s AND ready ORDER BY position"
    return [pk for (pk,) in stage.owner(rows, [incident.pk, stage.ids[slug]])]


def told(stage: Stage, incident, slug: str) -> int:
    stage.works()
    return [row[0] for row in stage.deliveries(incident, slug, "message")].count("answered_for")


def reports(stage: Stage, inside, task, status: str = "acknowledged"):
    with inside("ashbourne"):
        return report_task(task_id=task, said=said(status), actor=stage.actor("ashbourne"))


def test_it_hears_that_there_is_one_says_it_was_not_so_and_nobody_else_hears(stage, mail, incident, inside, client_of):
    first, second, *_ = tasks_of(stage, incident)
    made = reports(stage, inside, first)
    before = told(stage, incident, "dunmere")
    assert before >= 1
    assert [slug for slug in SLUGS if slug != "dunmere" and told(stage, incident, slug)] == []
    texts = [each["subject"] + each["text"] for each in mail.messages() if "is this answer yours" in each["subject"]]
    assert texts
    assert not any(word in text for text in texts for word in ("Carol", "Confirm", "Ashbourne", "accept"))
    # Three answers in one call are one message; the page lists each.
    reports(stage, inside, second)
    assert told(stage, incident, "dunmere") == before
    page = client_of("dunmere").get("/my-tasks/").content.decode()
    assert page.count("has written down an answer in your name") == 4  # a label and a title each
    # It was not so: its own last word stands again. What is written afterwards is news.
    for pk in stage.owner("SELECT id FROM incidents_reportedanswer"):
        with inside("dunmere"):
            settle_report(report_id=pk[0], how="corrected", actor=stage.actor("dunmere"))
    assert stage.owner("SELECT status FROM incidents_task WHERE id = %s", [first]) == [("waiting",)]
    assert made.pk
    reports(stage, inside, first)
    assert told(stage, incident, "dunmere") == 2 * before
    assert stage.events("answer.reported")[0][1] == [stage.ids["dunmere"]]


def test_nobody_writes_that_event_themselves(stage, incident):
    for slug in ("ashbourne", "dunmere"):
        with pytest.raises(ProgrammingError, match="row-level security"), stage.acting(slug):
            connections["default"].cursor().execute(
                "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id,"
                " incident_reference, audience, data) VALUES (gen_random_uuid(), 'answer.reported', now(), %s,"
                " 'person', %s, 'x', %s, '{\"organisation\": \"dunmere\"}')",
                [stage.ids[slug], incident.pk, [stage.ids[slug]]],
            )
