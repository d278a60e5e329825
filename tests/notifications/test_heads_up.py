"""A word to members outside: it names nobody, and nobody learns from it who is inside."""

from __future__ import annotations

import pytest
from django.urls import reverse

from incidents.models import Incident
from notifications.messages import compose
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Look for sign-ins at night by accounts that back up."


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def sends(client, incident: Incident, words: str = WORDS):
    return client.post(reverse("incident-heads-up", args=[incident.reference]), {"words": words})


def test_whoever_is_outside_reads_it_and_learns_nothing_else(stage, incident, client_of):
    lead, outsider = client_of("ashbourne", fresh=True), client_of("gravenhurst")
    assert sends(lead, incident).status_code == 302
    page = outsider.get(reverse("heads-up")).content.decode()
    assert WORDS in page
    assert WORDS in outsider.get(reverse("start")).content.decode()
    ((data, audience),) = stage.events("headsup.received")
    assert (data, audience) == ({"text": WORDS, "exercise": False}, [stage.ids["gravenhurst"]])
    ((actor, about, reference),) = stage.owner(
        "SELECT actor_organisation_id, incident_id, incident_reference FROM ledger_event"
        " WHERE kind = 'headsup.received'"
    )
    assert (actor, about, reference) == (None, None, "")
    for shown in (page, str(stage.as_app("gravenhurst", "SELECT id, text, sent_at FROM incidents_headsup"))):
        assert incident.reference not in shown
        assert str(incident.pk) not in shown
        assert "Dunmere" not in shown
    # Inside, the lead and the provider see that it went out; the others neither.
    assert stage.as_app("ashbourne", "SELECT organisations FROM sec.heads_ups(%s)", [incident.pk]) == [(1,)]
    assert stage.as_app("northgate", "SELECT organisations FROM sec.heads_ups(%s)", [incident.pk]) == [(1,)]
    for slug in ("dunmere", "gravenhurst"):
        assert stage.as_app(slug, "SELECT organisations FROM sec.heads_ups(%s)", [incident.pk]) == []
    assert client_of("dunmere").get(reverse("heads-up")).content.decode().count(WORDS) == 0


@pytest.mark.parametrize(
    "words", ["Dunmere is hit.", "ask ASHBOURNE", "the identity platform is down", "see {reference}"]
)
def test_a_name_is_refused_and_what_was_typed_is_kept(stage, incident, client_of, words):
    words = words.format(reference=incident.reference)
    answer = sends(client_of("ashbourne", fresh=True), incident, words)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "take out" in page
    assert words in page
    assert stage.owner("SELECT count(*) FROM incidents_headsup") == [(0,)]


def test_a_word_that_is_part_of_a_name_is_none(stage, incident, client_of):
    words = "the gate to the north"  # Northgate is a member
    assert sends(client_of("ashbourne", fresh=True), incident, words).status_code == 302
    assert stage.owner("SELECT text FROM incidents_headsup") == [(words,)]


def test_who_may_not_send_it_and_how_often(stage, incident, client_of):
    assert sends(client_of("dunmere", fresh=True), incident).status_code == 404
    assert sends(client_of("northgate", fresh=True), incident).status_code == 404
    assert sends(client_of("gravenhurst", fresh=True), incident).status_code == 404
    lead = client_of("ashbourne", fresh=True)
    for words in ("", " ", "x" * 601):
        assert sends(lead, incident, words).status_code == 422
    assert sends(lead, incident).status_code == 302
    again = sends(lead, incident)
    assert (again.status_code, "within the last hour" in again.content.decode()) == (422, True)
    assert stage.owner("SELECT count(*) FROM incidents_headsup") == [(1,)]


def test_one_that_has_not_gone_out_when_it_is_over_never_does(stage, incident, client_of, mail: Mailbox):
    stage.works()
    sends(client_of("ashbourne", fresh=True), incident)
    stage.plans()
    stage.closes(incident)
    stage.works()
    assert not [each for each in mail.messages() if "gravenhurst" in each["to"][0]]
    states = "SELECT DISTINCT state FROM notifications_delivery WHERE message LIKE 'heads_up%%' AND state <> 'skipped'"
    assert stage.owner(states) == [("superseded",)]


def test_where_nobody_can_be_told_the_organisation_is_told_so_by_an_event(stage, incident, client_of, mail: Mailbox):
    stage.owner(
        "UPDATE partners_contactpoint SET is_active = false WHERE organisation_id = %s", [stage.ids["gravenhurst"]]
    )
    sends(client_of("ashbourne", fresh=True), incident)
    stage.works()
    ((data, audience),) = stage.events("notice.not_told")
    assert audience == [stage.ids["gravenhurst"]]
    assert "No way to reach anybody" in data["because"]


def test_in_an_exercise_the_word_comes_first_and_the_messages_stay_inside(stage, client_of, mail: Mailbox, settings):
    incident = stage.opens(exercise=True)
    stage.works()
    settings.SUNK_WAYS = []  # mail would really leave: an exercise's ends in the sandbox
    sends(client_of("ashbourne", fresh=True), incident)
    stage.works()
    stage.closes(incident)
    stage.works()
    rows = "SELECT message, exercise, transport FROM notifications_delivery"
    sent = "message LIKE 'heads_up%%' AND state <> 'skipped'"
    assert set(stage.owner(f"{rows} WHERE {sent}")) == {
        ("heads_up", True, "sandbox"),
        ("heads_up_over", True, "sandbox"),
    }
    settings.SUNK_WAYS = ["email"]
    sent = compose(message="heads_up", reference="", code="4K7M-9QXR", exercise=True)
    assert [part.startswith("EXERCISE") for part in (sent.subject, sent.body, sent.short)] == [True, True, True]
    assert "EXERCISE" in client_of("gravenhurst").get(reverse("heads-up")).content.decode()


def test_they_are_told_by_message_and_told_when_it_is_over(stage, incident, client_of, mail: Mailbox):
    stage.works()
    before = {each["id"] for each in mail.messages()}
    sends(client_of("ashbourne", fresh=True), incident)
    stage.works()
    new = [each for each in mail.messages() if each["id"] not in before]
    assert new
    assert all("gravenhurst" in each["to"][0] for each in new)
    for each in new:
        assert "no path to you is known" in each["text"]
        assert incident.reference not in each["text"] + each["subject"]
        assert WORDS not in each["text"]
    told = {each["to"][0] for each in new}
    page = client_of("gravenhurst").get(reverse("delivery-list")).content.decode()
    assert '<span class="muted">A word to members outside</span>' in page
    stage.closes(incident)
    stage.works()
    over = {each["to"][0] for each in mail.messages() if "is over" in each["text"]}
    assert over == told
    assert stage.owner("SELECT ended_at IS NOT NULL FROM incidents_headsup") == [(True,)]
    assert "It is over" in client_of("gravenhurst").get(reverse("heads-up")).content.decode()
    page = client_of("gravenhurst").get(reverse("delivery-list")).content.decode()
    assert '<span class="muted">That word: it is over</span>' in page
