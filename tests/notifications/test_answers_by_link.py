"""Answers by a message's link: opening changes nothing, a choice that is sent does, once, and only what it may."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from incidents.board import board_of
from incidents.models import Incident, Task
from incidents.transitions import cancel_task
from notifications.answer_links import delivery_in, token_of
from notifications.answers import settle_answers
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"
LINK = re.compile(r"/answer/([\w-]+)/")


@pytest.fixture
def told(stage: Stage, mail: Mailbox):
    """An incident of which everybody has been told."""
    incident = stage.opens()
    stage.works()
    return incident


def link_to(mail: Mailbox, to: str = BEN) -> str:
    return LINK.search(mail.messages(to=to)[0]["text"])[0]


def settles() -> None:
    with as_worker():
        settle_answers()


def token_in(page: bytes) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.decode())[1]


def press(link: str, said: str, *, words: str = "", status: int = 200) -> str:
    """As a browser that enforces CSRF: open the page, then send."""
    client = Client(enforce_csrf_checks=True)
    word = token_in(client.get(link).content)
    answer = client.post(link, {"said": said, "words": words, "csrfmiddlewaretoken": word})
    assert answer.status_code == status
    return answer.content.decode()


def tasks(stage: Stage, incident, slug: str) -> list[str]:
    rows = stage.owner(
        "SELECT status FROM incidents_task WHERE incident_id = %s AND organisation_id = %s ORDER BY position",
        [incident.pk, stage.ids[slug]],
    )
    return [status for (status,) in rows]


def answers(stage: Stage) -> int:
    return stage.owner("SELECT count(*) FROM notifications_answer")[0][0]


def test_scanners_open_it_as_often_as_they_like_and_nothing_changes(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    scanner = Client()
    for _ in range(3):
        assert scanner.head(link).status_code == 200
        page = scanner.get(link, headers={"user-agent": "SafeLinks"}).content.decode()
    assert "checked" not in page.partition("<main")[2]  # no answer is chosen beforehand
    assert "<script" not in page.partition("<main")[2]
    assert "password" in page  # that it asks for none
    assert 'type="password"' not in page
    assert "/sign-in/" not in page.partition("<main")[2].partition("</main")[0]
    # One that submits the form as it stands has chosen nothing; one without the page's own token is refused.
    assert scanner.post(link, {}).status_code == 422
    assert Client(enforce_csrf_checks=True).post(link, {"said": "has_it"}).status_code == 403
    settles()
    assert (answers(stage), stage.acknowledged(told)) == (0, set())


def test_a_person_accepts_once_for_their_own_organisation(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    assert "Answered at" in press(link, "has_it")
    settles()
    assert stage.acknowledged(told) == {"dunmere"}
    assert tasks(stage, told, "dunmere").count("acknowledged") == 1
    assert tasks(stage, told, "dunmere")[0] == "acknowledged"
    assert set(tasks(stage, told, "eastwick")) == {"waiting"}
    state, at = stage.owner(
        "SELECT state, answered_at IS NOT NULL FROM notifications_delivery WHERE id = %s",
        [delivery_in(LINK.search(link)[1])],
    )[0]
    assert (state, at) == ("answered", True)
    # A double click, a second thought and a second reader of the mailbox change nothing any more.
    again = Client()
    page = again.post(link, {"said": "cut"})
    assert (page.status_code, "I have this" in page.content.decode()) == (200, True)
    settles()
    assert answers(stage) == 1
    ((data, audience),) = stage.events("answer.given")
    assert data == {"organisation": "dunmere", "said": "has_it", "by": "link", "trusted": True}
    assert stage.ids["gravenhurst"] not in audience
    assert stage.ids["eastwick"] not in audience
    assert stage.ids["ashbourne"] in audience
    ((moved, _),) = stage.events("task.acknowledged")
    assert moved["by"] == "link"


def put_aside(stage: Stage, incident: Incident) -> None:
    stage.owner("ALTER TABLE incidents_incident DISABLE TRIGGER USER")
    stage.owner("UPDATE incidents_incident SET exercise = true, suspended_at = now() WHERE id = %s", [incident.pk])
    stage.owner("ALTER TABLE incidents_incident ENABLE TRIGGER USER")


def test_a_link_says_that_an_exercise_is_put_aside_and_takes_the_answer_when_it_goes_on(
    stage: Stage, mail: Mailbox, told
):
    link = link_to(mail)
    client = Client(enforce_csrf_checks=True)
    word = token_in(client.get(link).content)
    put_aside(stage, told)
    page = client.get(link)
    assert page.status_code == 200
    assert "is put aside: an answer does not count now" in page.content.decode()
    refused = client.post(link, {"said": "has_it", "csrfmiddlewaretoken": word})
    assert (refused.status_code, answers(stage)) == (409, 0)
    assert "is put aside: an answer does not count now" in refused.content.decode()
    stage.owner("UPDATE incidents_incident SET suspended_at = NULL WHERE id = %s", [told.pk])
    assert "Answered at" in press(link, "has_it")
    settles()
    assert stage.acknowledged(told) == {"dunmere"}


def test_an_answer_that_an_exercise_is_put_aside_over_is_kept_and_does_not_count(stage: Stage, mail: Mailbox, told):
    press(link_to(mail), "has_it")
    put_aside(stage, told)
    settles()
    assert set(tasks(stage, told, "dunmere")) == {"waiting"}
    ((data, _),) = stage.events("answer.given")
    assert data == {"organisation": "dunmere", "said": "has_it", "by": "link", "trusted": True, "aside": True}
    assert not stage.events("task.acknowledged")
    with stage.acting("ashbourne"):
        shown = board_of(Incident.objects.get(pk=told.pk), me=stage.ids["ashbourne"], may_lead=True)
    assert any("put aside: it does not count" in each["words"] for each in shown["feed"])


def test_it_cannot_clear_decline_finish_or_write_for_anybody(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    client = Client()
    for said in ("done", "not_affected", "declined", "cleared", "unreadable", "verified", ""):
        assert client.post(link, {"said": said, "note": "x", "reason": "x"}).status_code == 422
    assert answers(stage) == 0
    press(link, "cut", words="kept out: only with somebody else")
    settles()
    assert set(tasks(stage, told, "dunmere")) == {"acknowledged", "waiting"}  # that it is cut is only said
    assert stage.owner("SELECT words FROM notifications_answer") == [("",)]
    assert stage.owner("SELECT count(*) FROM partners_dependency WHERE cut_source_at IS NOT NULL")[0][0] == 0
    assert stage.owner("SELECT said, said_by FROM incidents_participant WHERE said <> ''") == [("cut", "link")]


def test_an_observer_ends_no_silence_and_their_colleagues_are_called_on(stage: Stage, mail: Mailbox, told):
    stage.owner("UPDATE partners_person SET role = 'observer' WHERE email = %s", [BEN])
    press(link_to(mail), "has_it")
    settles()
    assert stage.acknowledged(told) == set()
    assert set(tasks(stage, told, "dunmere")) == {"waiting"}
    ladder = "SELECT state FROM notifications_ladderstep WHERE organisation_id = %s ORDER BY nth DESC LIMIT 1"
    assert stage.owner(ladder, [stage.ids["dunmere"]]) == [("waiting",)]
    ((data, _),) = stage.events("answer.given")
    assert data["said"] == "has_it"


def test_when_no_task_waits_any_more_an_answer_ends_the_calls(stage: Stage, mail: Mailbox, told):
    with stage.acting("ashbourne") as actor:
        for task in Task.objects.filter(incident=told, organisation_id=stage.ids["dunmere"]):
            cancel_task(task_id=task.pk, actor=actor)
    ladder = "SELECT state FROM notifications_ladderstep WHERE organisation_id = %s ORDER BY nth DESC LIMIT 1"
    press(link_to(mail), "has_it")
    settles()
    assert stage.owner(ladder, [stage.ids["dunmere"]]) == [("stopped",)]


def test_call_me_and_somebody_else_do_not_end_the_silence(stage: Stage, mail: Mailbox, told):
    press(link_to(mail), "other", words="Priya, she has the keys")
    settles()
    assert stage.acknowledged(told) == set()
    ((data, _),) = stage.events("answer.given")
    assert data["said"] == "other"
    assert "Priya" not in str(data)
    # The next rung is called at once, instead of when its time has come.
    due = (
        "SELECT due_at <= now(), because FROM notifications_ladderstep WHERE organisation_id = %s AND state = 'waiting'"
    )
    assert stage.owner(due, [stage.ids["dunmere"]]) == [(True, "They want somebody else told.")]
    assert stage.owner(due, [stage.ids["eastwick"]])[0][0] is False
    # What was typed is read by the own organisation alone.
    own = "SELECT words FROM notifications_answer"
    assert stage.as_app("dunmere", own) == [("Priya, she has the keys",)]
    for slug in ("ashbourne", "northgate", "eastwick", "gravenhurst"):
        assert stage.as_app(slug, own) == []


def test_a_link_ends_with_its_incident_its_day_its_address_and_its_person(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    delivery = delivery_in(LINK.search(link)[1])
    older = "UPDATE notifications_delivery SET accepted_at = accepted_at - %s * interval '25 hours' WHERE id = %s"
    moved = (
        "UPDATE partners_contactpoint SET changed_at = now() WHERE id ="
        " (SELECT contact_point_id FROM notifications_delivery WHERE id = %s)"
    )
    stage.owner(older, [1, delivery])
    assert Client().get(link).status_code == 404
    stage.owner(older, [-1, delivery])
    assert Client().get(link).status_code == 200
    stage.owner(moved, [delivery])
    assert Client().get(link).status_code == 404
    stage.owner("UPDATE partners_contactpoint SET changed_at = NULL")
    assert Client().get(link).status_code == 200
    stage.owner("UPDATE partners_person SET is_active = false WHERE email = %s", [BEN])
    assert Client().post(link, {"said": "has_it"}).status_code == 404
    stage.owner("UPDATE partners_person SET is_active = true WHERE email = %s", [BEN])
    stage.closes(told)
    assert Client().post(link, {"said": "has_it"}).status_code == 404
    assert answers(stage) == 0


def test_only_a_link_of_ours_is_one(stage: Stage, mail: Mailbox, told):
    good = LINK.search(link_to(mail))[1]
    delivery = delivery_in(good)
    assert token_of(delivery) == good
    other = uuid.uuid4()
    forged = [
        good[:-1],
        good + "A",
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.upper(),
        token_of(other)[:22] + good[22:],
    ]
    for token in [*forged, "a" * 43, "é" * 43, "-" * 43]:
        assert Client().get(f"/answer/{token}/").status_code == 404, token
    assert Client().get(f"/answer/{token_of(other)}/").status_code == 404  # well made, and of no message


def test_an_answer_over_a_way_that_is_not_trusted_any_more_ends_nothing(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    stage.owner(
        "UPDATE partners_contactpoint SET trust = 'compromised', trust_since = now(), trust_because = 'Read by others.'"
        " WHERE address = %s",
        [BEN],
    )
    press(link, "has_it")
    settles()
    assert stage.acknowledged(told) == set()
    ((data, _),) = stage.events("answer.given")
    assert (data["said"], data["trusted"]) == ("has_it", False)


def test_an_answer_waits_until_its_message_is_settled_and_is_settled_once(stage: Stage, mail: Mailbox, told):
    link = link_to(mail)
    delivery = delivery_in(LINK.search(link)[1])
    stage.owner("ALTER TABLE notifications_delivery DISABLE TRIGGER delivery_moves")
    stage.owner("UPDATE notifications_delivery SET state = 'claimed', accepted_at = NULL WHERE id = %s", [delivery])
    press(link, "has_it")
    settles()
    assert stage.acknowledged(told) == set()
    stage.owner("UPDATE notifications_delivery SET state = 'accepted', accepted_at = now() WHERE id = %s", [delivery])
    stage.owner("UPDATE notifications_answer SET due_at = now()")
    settles()
    settles()
    assert stage.acknowledged(told) == {"dunmere"}
    assert len(stage.events("answer.given")) == 1


def test_the_board_says_that_nobody_has_signed_in(stage: Stage, mail: Mailbox, told):
    press(link_to(mail), "call")
    settles()
    with stage.acting("ashbourne"):
        board = board_of(told, me=stage.ids["ashbourne"], may_lead=True)
    rows = {row["slug"]: row["said"] for row in board["rows"]}
    assert re.fullmatch(r"\d\d:\d\d by link, not signed in: “call me”", rows["dunmere"])
    assert rows["eastwick"] == ""
    assert any("by link, not signed in: “call me”" in line["words"] for line in board["feed"])
    with stage.acting("eastwick"):
        board = board_of(told, me=stage.ids["eastwick"], may_lead=False)
    assert "call me" not in str(board["rows"]) + str(board["feed"])
