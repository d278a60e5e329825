"""One's own clock runs out: whoever judges it is told a day and four hours before, and more people when it is over."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from incidents.duties.saying import Saying, say
from incidents.models import Duty, Incident
from incidents.personal_data.notices import Notice, send_notice
from notifications.duty_reminders import remind_of_duties
from notifications.models import Delivery
from portal.mail_sink import Mailbox
from tests.incidents.test_data_notices import ABOUT, KNOWN, SINCE
from tests.incidents.test_duties import DPO, aware, own
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
OTHERS = ("dunmere", "northgate", "gravenhurst")


def reminds() -> int:
    with as_worker():
        return remind_of_duties()


def without_codes(text: str) -> str:
    """A message's code and its incident's reference are drawn at random, and may hold any two digits."""
    return re.sub(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b|\bINC-[0-9A-Z]+", "", text)


def told(stage: Stage, incident: Incident) -> set[str]:
    """Roles of those who had a message about a duty; whoever was passed over had none."""
    rows = stage.deliveries(incident, "ashbourne", "coalesce(p.role, 'desk'), d.message, d.state")
    return {role for role, message, state in rows if message == "duty_due" and state != "skipped"}


def test_whoever_judges_it_is_told_before_it_is_due_and_the_managers_when_it_is_over(
    stage: Stage, mail: Mailbox, inside
):
    # Samuel Osei, Ashbourne's data protection officer, can be told by a way that rides on nothing attacked.
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL WHERE address = 'samuel.osei@ashbourne.example'")
    incident = stage.opens()
    aware(incident, stage, timedelta(hours=47))
    stage.works()
    assert reminds() == 0  # 25 hours are left
    for passes, kind, roles in (
        ("2 hours", "duty.reminded", {DPO, "desk"}),
        ("20 hours", "duty.reminded", {DPO, "desk"}),
        ("4 hours", "duty.overdue", {DPO, "desk", "incident_manager"}),
    ):
        stage.owner("UPDATE incidents_duty SET due_at = due_at - %s::interval WHERE due_at IS NOT NULL", [passes])
        said = len(stage.events(kind))
        assert [reminds(), reminds()] == [1, 0], passes
        assert len(stage.events(kind)) == said + 1
        for _data, audience in stage.events(kind):
            assert set(audience) == {stage.ids["ashbourne"]}
        stage.works()
        assert told(stage, incident) == roles, passes
    texts = [each["subject"] + each["text"] for each in mail.messages() if "a clock of yours" in each["subject"]]
    assert texts
    texts = [without_codes(text) for text in texts]
    assert not any(word in text for text in texts for word in ("72", "Article", "Commissioner", "payroll"))
    for kind in ("delivery.accepted", "delivery.delivered", "delivery.dead"):
        for data, audience in stage.events(kind):
            if data.get("message") == "duty_due":
                assert set(audience) == {stage.ids["ashbourne"]}
    for slug in OTHERS:  # the provider oversees, Dunmere takes part, Gravenhurst is outside
        with inside(slug):
            assert not Delivery.objects.filter(message="duty_due").exists(), slug


def test_where_its_judge_has_no_trusted_way_the_managers_are_told_and_a_provider_that_leads_learns_nothing(
    stage: Stage, inside
):
    incident = stage.opens("northgate", systems=("email-and-teams",))
    aware(incident, stage, timedelta(hours=71))
    assert reminds() == 1
    stage.works()
    assert told(stage, incident) == {"desk", "incident_manager"}
    with inside("northgate"):
        assert not Delivery.objects.filter(message="duty_due").exists()


def test_it_is_said_after_closing_but_not_of_what_is_settled_or_of_an_exercise_that_is_over(stage: Stage):
    incident, practice = stage.opens(), stage.opens(exercise=True)
    for each in (incident, practice):
        aware(each, stage, timedelta(hours=71))
        stage.closes(each)
    assert reminds() == 1
    ((_data, audience),) = stage.events("duty.reminded")
    assert set(audience) == {stage.ids["ashbourne"]}
    # Reported between the reminder and its planning: nobody is told any more.
    stage.owner(
        "UPDATE incidents_duty SET state = 'reported' WHERE incident_id = %s AND kind = %s", [incident.pk, Duty.ICO]
    )
    stage.works()
    assert told(stage, incident) == set()
    assert reminds() == 0


def test_a_short_clock_has_one_reminder_the_less(stage: Stage):
    incident = stage.opens()
    aware(incident, stage)
    for length, due, count in (("24 hours", "20 hours", 0), ("6 hours", "3 hours", 0), ("24 hours", "3 hours", 1)):
        stage.owner(
            "UPDATE incidents_duty SET reminded = 0, due_at = now() + %s::interval,"
            " aware_at = now() + %s::interval - %s::interval WHERE aware_at IS NOT NULL",
            [due, due, length],
        )
        assert reminds() == count, (length, due)


def test_of_a_closed_incident_the_next_way_is_tried_and_a_duty_opened_again_is_reminded_of_anew(
    stage: Stage, mail: Mailbox
):
    samuel = "samuel.osei@ashbourne.example"
    stage.owner("UPDATE partners_contactpoint SET rides_on_id = NULL")
    incident = stage.opens()
    aware(incident, stage, timedelta(hours=71))
    stage.works()
    stage.closes(incident)
    stage.works()
    stage.owner(
        "INSERT INTO partners_contactpoint SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(),"
        " 'address', 'second@ashbourne.example', 'label', 'Second', 'order', 900))).* FROM partners_contactpoint c"
        " WHERE c.address = %s",
        [samuel],
    )
    at_closing = len(mail.messages())  # that its clock goes on came by the first way
    mail.set_fault(samuel, "5xx")
    assert reminds() == 1
    stage.works()
    since = mail.messages()[:-at_closing]
    to = {each["to"][0] for each in since if "a clock of yours" in each["subject"]}
    assert "second@ashbourne.example" in to
    assert samuel not in to, "the fault has happened"
    with stage.as_person("ashbourne", role=DPO):
        duty = own(incident, stage, "ashbourne")
        say(duty, Saying("no_report", None, "Nothing of ours was read."))
        say(duty, Saying("reopen", None, "It was."))
    assert reminds() == 1


def test_a_message_that_only_its_organisation_sees_holds_no_other_back(stage: Stage, mail: Mailbox, inside, client_of):
    incident = stage.opens()
    stage.works()
    stage.owner("UPDATE notifications_delivery SET created_at = created_at - interval '1 hour', accepted_at = NULL")
    with inside("eastwick"):
        send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE))
    stage.works()
    client_of("ashbourne").post(reverse("update-ask", args=[incident.reference, "dunmere"]), {"question": "And now?"})
    stage.works()
    sent = stage.deliveries(incident, "dunmere", "message, d.state")
    assert ("data_notice", "accepted") in sent
    assert ("update_asked", "accepted") in sent
