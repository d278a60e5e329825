"""The next update: everybody reads when it was promised, and its lead is reminded before, when it is due, and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from incidents.models import Incident
from incidents.promised import in_words, remind_of_updates
from incidents.updates import send_update
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker, in_threads

SUBJECT = "Bulkhead: your next update, {}"
NOW = datetime(2026, 11, 26, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [(45, "by 15:15"), (1, "by 14:31"), (0, "due now"), (-12, "due 12 min ago"), (-135, "due 2 h 15 min ago")],
)
def test_the_promise_is_read_as_it_stands(ahead: int, said: str):
    assert in_words(NOW + timedelta(minutes=ahead), NOW) == said
    assert in_words(None, NOW) == ""


def promise(stage: Stage, incident: Incident, minutes: int) -> None:
    stage.owner(
        "UPDATE incidents_incident SET next_update_at = now() + make_interval(mins => %s) WHERE id = %s",
        [minutes, incident.pk],
    )


def reminds(stage: Stage) -> int:
    with as_worker():
        return remind_of_updates()


def at_once(stage: Stage) -> list[int]:
    """What three schedulers that look at the same time say, the least first."""
    said: list[int] = []
    assert in_threads(*[lambda: said.append(reminds(stage))] * 3) == []
    return sorted(said)


def quiet_for_ten_minutes(stage: Stage) -> None:
    """Whatever was sent so far is older than that."""
    stage.owner(
        "UPDATE notifications_delivery SET created_at = created_at - interval '11 minutes',"
        " accepted_at = accepted_at - interval '11 minutes'"
    )


def due_messages(stage: Stage, slug: str = "ashbourne") -> list[str]:
    rows = stage.owner(
        "SELECT state FROM notifications_delivery WHERE message = 'update_due' AND organisation_id = %s"
        " ORDER BY created_at",
        [stage.ids[slug]],
    )
    return [state for (state,) in rows]


@pytest.mark.django_db(transaction=True)
def test_a_lead_is_reminded_once_a_stage_and_nobody_else_is(stage: Stage, mail: Mailbox, client_of: Any):
    stage.always_on_duty("Priya Nair")
    incident = stage.opens(severity=1)
    stage.works()
    quiet_for_ten_minutes(stage)
    promise(stage, incident, 6)
    assert reminds(stage) == 0
    told = len(mail.messages())
    for minutes, stage_name in ((4, "soon"), (-1, "due"), (-16, "late")):
        promise(stage, incident, minutes)
        assert at_once(stage) == [0, 0, 1], "of several schedulers one reminds"
        assert reminds(stage) == 0
        assert stage.events("update.due")[-1][0]["stage"] == stage_name
    stage.works()
    sent = [each for each in mail.messages() if each["subject"] == SUBJECT.format(incident.reference)]
    assert len(sent) >= 1
    assert len(mail.messages()) == told + len(sent)
    assert {audience[0] for _, audience in stage.events("update.due")} == {stage.ids["ashbourne"]}
    assert {len(audience) for _, audience in stage.events("update.due")} == {1}
    assert stage.owner("SELECT count(*) FROM notifications_delivery WHERE message = 'update_due'"
                       " AND organisation_id <> %s", [stage.ids["ashbourne"]]) == [(0,)]  # fmt: skip
    url = reverse("incident-board", args=[incident.reference])
    page = client_of("ashbourne").get(url).content.decode()
    assert "Your next update was due at" in page
    assert "due 16 min ago" in page
    for slug in ("dunmere", "northgate"):
        theirs = client_of(slug).get(url).content.decode()
        assert "due 16 min ago" in theirs
        assert "Your next update" not in theirs
    assert client_of("gravenhurst").get(url).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("mail")
def test_an_update_or_closing_ends_it_and_what_was_overtaken_is_not_sent(stage: Stage, client_of: Any):
    incident = stage.opens(severity=1)
    stage.works()
    quiet_for_ten_minutes(stage)
    promise(stage, incident, -1)
    assert reminds(stage) == 1
    with stage.acting("ashbourne") as actor:  # before the message is planned
        send_update(incident_id=incident.pk, text="Cut.", actor=actor, author_name="Ashbourne")
    stage.works()
    assert due_messages(stage) == []
    assert reminds(stage) == 0
    page = client_of("ashbourne").get(reverse("incident-board", args=[incident.reference])).content.decode()
    assert "Your next update" not in page
    assert "not set yet" in page
    promise(stage, incident, -1)
    stage.closes(incident)
    assert reminds(stage) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("mail")
def test_hand_over_moves_it_to_the_new_lead(stage: Stage, client_of: Any):
    incident = stage.opens(severity=1)
    stage.works()
    quiet_for_ten_minutes(stage)
    promise(stage, incident, -1)
    assert reminds(stage) == 1
    stage.owner("UPDATE incidents_incident SET lead_id = %s WHERE id = %s", [stage.ids["dunmere"], incident.pk])
    assert reminds(stage) == 1
    stage.works()
    assert due_messages(stage) == [], "the lead before is not reminded any more"
    assert "accepted" in due_messages(stage, "dunmere")
    url = reverse("incident-board", args=[incident.reference])
    assert "Your next update was due" in client_of("dunmere").get(url).content.decode()
    assert "Your next update was due" not in client_of("ashbourne").get(url).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize(("from_now", "sent"), [("1 hour", 0), ("-1 hour", 1)])
def test_what_is_not_urgent_wakes_nobody_at_night(stage: Stage, from_now: str, sent: int):
    incident = stage.opens(severity=5)
    stage.works()
    quiet_for_ten_minutes(stage)
    # The organisation's day begins or has begun an hour ago, whatever the time of this test is.
    stage.owner(
        "CREATE OR REPLACE FUNCTION sec.quiet_from(org uuid, at timestamptz) RETURNS timestamptz LANGUAGE sql"
        f" STABLE AS $$ SELECT greatest(at, now() + interval '{from_now}') $$"
    )
    promise(stage, incident, -16)
    assert reminds(stage) == 1
    stage.works()
    assert (len([state for state in due_messages(stage) if state == "accepted"]) > 0) is bool(sent)
