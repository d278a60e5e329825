"""Slack, Teams and browsers: what they are told, what goes wrong there, and that nobody counts as told by them.

What a stand-in took is what it read itself: a card's text, a notice that the browser's own key has opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from notifications.sending import deliver_due
from portal.children import free_port
from portal.mail_sink import Mailbox
from tests.notifications.channels import Channels, channels
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "Ben Ashcroft"
WAYS = ["slack", "teams", "push"]


@pytest.fixture
def chat(stage: Stage, settings) -> Iterator[Channels]:
    with channels(stage, settings) as made:
        yield made


@pytest.mark.usefixtures("mail")
def test_they_say_no_more_than_a_mail_and_hold_no_link(chat: Channels):
    for way in WAYS:
        chat.add(way, "dunmere", BEN)
    incident = chat.stage.opens()
    chat.stage.works()
    for way, code, state, error in chat.rows("way, code, state, error"):
        (posted,) = chat.service.to(f"/{way}/duty")
        assert incident.reference in posted.text
        assert code in posted.text
        said = json.dumps(posted.body).replace("http://adaptivecards.io/", "").lower()
        for word in ("http", "://", "answer/", "identity", "breach", "dunmere"):
            assert word not in said
        assert (state, error) == ("accepted", "")
    assert not chat.service.happened


@pytest.mark.usefixtures("mail")
def test_what_is_gone_for_good_is_dead_at_once_and_somebody_hears_of_it(chat: Channels):
    points = {way: chat.add(way, "dunmere", BEN) for way in WAYS}
    chat.service.set_fault("*", "410")
    chat.stage.opens()
    chat.stage.works()
    assert {chat.service.happened[f"/{way}/duty", "410"] for way in WAYS} == {1}
    assert [state for state, _ in chat.rows()] == ["dead"] * 3
    kept = dict(
        chat.stage.owner(
            "SELECT c.kind, ARRAY[c.is_active, EXISTS (SELECT 1 FROM partners_sealedaddress a"
            " WHERE a.contact_point_id = c.id)] FROM partners_contactpoint c WHERE c.failed_at IS NOT NULL"
        )
    )
    assert kept == {"slack": [True, True], "teams": [True, True], "push": [False, False]}, "a browser is forgotten"
    work = {page for (page,) in chat.stage.owner("SELECT page FROM partners_workitem WHERE kind = 'contact_gone'")}
    assert work == {f"/partners/contacts/{points[way]}/" for way in ("slack", "teams")}
    told = chat.stage.owner("SELECT DISTINCT way FROM notifications_delivery WHERE state = 'accepted'")
    assert told == [("email",)]
    chat.stage.owner("UPDATE partners_contactpoint SET failed_at = NULL WHERE id = %s", [points["slack"]])
    chat.stage.owner("UPDATE partners_contactpoint SET is_active = false WHERE id = %s", [points["teams"]])
    left = chat.stage.owner("SELECT DISTINCT state FROM partners_workitem WHERE kind = 'contact_gone'")
    assert left == [("cleared",)], "mended and taken out of use: nobody has to look any more"


@pytest.mark.usefixtures("mail")
def test_who_wants_fewer_messages_is_left_alone_and_no_breaker_opens(chat: Channels):
    for nth in range(6):
        chat.add("slack", "dunmere", BEN, name=f"busy-{nth}")
    chat.service.retry_after = "600"
    chat.service.set_fault("*", "429")
    chat.stage.opens()
    chat.stage.works()
    assert sum(chat.service.happened.values()) == 6
    assert set(chat.rows("state, due_at > now() + interval '9 minutes'")) == {("pending", True)}
    assert chat.stage.owner("SELECT transport FROM notifications_wayout WHERE opened_at IS NOT NULL") == []
    chat.service.set_fault("*", None)
    chat.due()
    chat.stage.works()
    assert {state for state, _ in chat.rows()} == {"accepted"}


@pytest.mark.usefixtures("mail")
def test_one_host_that_is_away_shuts_itself_and_no_other(chat: Channels, settings):
    away = f"127.0.0.1:{free_port()}"
    settings.SLACK_HOSTS = (chat.host, away)
    settings.EGRESS_ALLOW = frozenset({*settings.EGRESS_ALLOW, away})
    here = chat.url
    chat.url = f"http://{away}"
    for nth in range(6):
        chat.add("slack", "dunmere", BEN, name=f"away-{nth}")
    chat.url = here
    chat.add("slack", "dunmere", BEN)
    chat.stage.opens()
    chat.stage.plans()
    with as_worker():
        while deliver_due(most=1):
            pass
    ((host, because),) = chat.stage.owner(
        "SELECT host, because FROM notifications_wayout WHERE transport = 'slack' AND opened_at IS NOT NULL"
    )
    assert because == "Slack cannot be reached."
    assert away not in host, "it stands there hashed: it may name an organisation"
    assert len(chat.service.to("/slack/duty")) == 1
    assert min(chat.rows("attempts", "state = 'pending'")) == (0,), "what goes nowhere burns no attempt"


def test_nobody_counts_as_told_by_them(chat: Channels):
    """Dunmere has nothing else, and all three take everything: somebody has to ring them."""
    for way in WAYS:
        chat.add(way, "dunmere", BEN)
    chat.stage.owner(
        "UPDATE partners_contactpoint SET is_active = false WHERE host = '' AND organisation_id = %s",
        [chat.stage.ids["dunmere"]],
    )
    incident = chat.stage.opens()
    chat.stage.works()
    assert [len(chat.service.to(f"/{way}/duty")) for way in WAYS] == [1, 1, 1]
    side = chat.stage.side(incident, "dunmere")
    assert (side["told_at"], side["people_told"]) == (None, 0)
    assert "Only a channel or a browser" in side["not_told_because"]


@pytest.mark.usefixtures("mail")
def test_a_dead_mail_has_the_next_way_taken_whatever_a_channel_took(chat: Channels, mail: Mailbox):
    chat.add("slack", "dunmere", BEN)
    chat.stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust, is_active,"
        ' "order", is_private, trust_because) SELECT gen_random_uuid(), organisation_id, id, %s, %s, %s, %s, true, 5,'
        " false, '' FROM partners_person WHERE name = %s",
        ["email", "ben@home.example", "Home", "trusted", BEN],
    )
    mail.set_fault("ben.ashcroft@dunmere.example", "5xx")
    chat.stage.opens()
    chat.stage.works()
    assert len(chat.service.to("/slack/duty")) == 1
    assert len(mail.messages(to="ben@home.example")) == 1


@pytest.mark.usefixtures("mail")
def test_a_channel_is_doubted_with_what_logs_its_people_in_unless_it_is_said_what_it_rides_on(chat: Channels):
    """The demonstration's log-ins are the Identity platform, on which Brackenfield stands."""
    unsaid = chat.add("teams", "brackenfield", "Oliver Tate", desk=True)
    said = chat.add("teams", "brackenfield", "Oliver Tate", desk=True, name="alone")
    chat.stage.owner(
        "UPDATE partners_contactpoint SET rides_on_id = (SELECT id FROM partners_sharedsystem WHERE slug = 'bulkhead')"
        " WHERE id = %s",
        [said],
    )
    chat.stage.opens()
    chat.stage.works()
    rows = dict(chat.rows("contact_point_id, state"))
    assert rows[unsaid] == "skipped"
    assert rows[said] == "accepted"
    trust = dict(chat.stage.owner("SELECT id, trust FROM partners_contactpoint WHERE id IN (%s, %s)", [unsaid, said]))
    assert trust == {unsaid: "doubtful", said: "trusted"}


@pytest.mark.usefixtures("mail")
def test_closing_tells_those_channels_that_were_told(chat: Channels):
    for way in WAYS:
        chat.add(way, "dunmere", BEN)
    incident = chat.stage.opens()
    chat.stage.works()
    chat.stage.closes(incident)
    chat.stage.works()
    for way in WAYS:
        first, second = chat.service.to(f"/{way}/duty")
        assert "is closed" not in first.text
        assert f"{incident.reference} is closed" in second.text


def test_an_exercise_leaves_for_no_real_channel(chat: Channels, mail: Mailbox, settings):
    settings.SUNK_WAYS = ["email"]
    for way in WAYS:
        chat.add(way, "dunmere", BEN)
    chat.stage.opens(exercise=True)
    chat.stage.works()
    assert not chat.service.received
    assert chat.rows("state, transport") == [("accepted", "sandbox")] * 3
    assert mail.messages()
