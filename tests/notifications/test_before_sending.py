"""Before an update or an opening: who is told and who is not, what each will see, what texts it takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from notifications.budget import before_sending
from notifications.models import Wording
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.texting import number, service

TEXT = "Cut the trust by 15:00."
SUNITA, HER_NUMBER = "sunita.rao@dunmere.example", "+447700900201"
LINE = re.compile(r'<li class="feed__item"[^>]*>.*?</time>\s*<span>(.*?)</span></li>', re.DOTALL)


def main_of(page: str) -> str:
    return page.split("<main", 1)[1].split("</main", 1)[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("mail")
def test_an_update_is_previewed_as_each_reader_then_sees_it(stage: Stage, client_of: Any):
    incident = stage.opens()
    stage.works()
    url = reverse("incident-update", args=[incident.reference])
    lead: Client = client_of("ashbourne")
    shown = main_of(lead.post(url, {"text": TEXT, "next_in": "30", "step": "preview"}).content.decode())
    assert TEXT in shown.split("</textarea>")[0], "what was typed stays"
    assert stage.events("update.sent") == [], "nothing is sent by looking"
    parts = shown.split("Who reads it")[0].split("<h3>")[1:]
    lines = {part.split("</h3>")[0]: LINE.findall(part) for part in parts}
    promised = re.findall(r"Next update (by \d\d:\d\d)", shown)
    assert len(promised) == 4, "lead, who oversees, who takes part, guests of others"
    (to_guests,) = [found for who, found in lines.items() if who.startswith("Guests of others")]
    assert len(to_guests) == 1
    assert TEXT in to_guests[0]
    assert lines["Ashbourne"] == [f"<strong>Ashbourne</strong> update: {TEXT}"]
    assert lines["Everybody else"] == []
    everybody = " ".join(lines)
    assert "Northgate IT Services (provider)" in everybody
    assert "Dunmere" in everybody
    assert "Gravenhurst" not in everybody

    assert lead.post(url, {"text": TEXT, "next_in": "30", "step": "send"}).status_code == 302
    board = reverse("incident-board", args=[incident.reference])
    for slug in ("ashbourne", "dunmere", "northgate"):
        page = client_of(slug).get(board).content.decode()
        assert lines["Ashbourne"][0] in LINE.findall(page), slug
        assert re.search(r"Next update <strong>by \d\d:\d\d", page), slug
    assert client_of("gravenhurst").get(board).status_code == 404
    for slug in ("dunmere", "gravenhurst"):
        assert client_of(slug).post(url, {"text": TEXT, "step": "preview"}).status_code == 404
    empty = lead.post(url, {"text": "", "next_in": "60", "step": "preview"})
    assert empty.status_code == 422
    assert '<option value="60" selected>' in empty.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("mail")
def test_the_audience_says_how_many_by_which_way_and_who_is_not_told_and_why(stage: Stage, client_of: Any):
    stage.owner("UPDATE partners_contactpoint SET is_active = false WHERE organisation_id = %s", [stage.ids["dunmere"]])
    incident = stage.opens()
    stage.works()
    page = main_of(client_of("ashbourne").get(reverse("incident-update", args=[incident.reference])).content.decode())
    row = page.split('<th scope="row">Dunmere</th>')[1].split("</tr>")[0]
    assert "nobody told yet" in row
    assert "No way to reach anybody here is recorded" in row
    row = page.split('<th scope="row">Northgate IT Services</th>')[1].split("</tr>")[0]
    (people,) = stage.owner(
        "SELECT people_told FROM incidents_participant WHERE incident_id = %s AND slug = 'northgate'", [incident.pk]
    )[0]
    assert people > 0
    assert re.search(rf"{people if people > 1 else 'one'} (person|people), told first by e-mail|one person, told", row)
    assert "Nobody was told yet at" in page


@pytest.mark.django_db(transaction=True)
def test_what_is_left_of_the_text_messages_is_said_before_sending(
    stage: Stage, mail: Mailbox, settings: Any, client_of: Any
):
    with service(settings):
        number(stage, "dunmere", SUNITA, HER_NUMBER)
        settings.TEXTS_A_DAY, settings.TEXTS_RESERVED = 100, 30
        settings.TEXTS_PER_INCIDENT, settings.TEXTS_PER_PERSON = 40, 5
        opening = {"systems": ["identity-platform"], "title": "Breach", "severity": "1", "step": "preview"}
        page = client_of("ashbourne").post("/incidents/open/", opening).content.decode()
        assert "Takes one text message." in page
        assert "39 of today’s 40 left, and each person at least 4 of 5" in page
        assert "30 of all 100 a day are kept for first messages" in page
        incident = stage.opens(severity=1)
        stage.works()
        assert len(stage.owner("SELECT 1 FROM notifications_delivery WHERE way = 'sms' AND state = 'accepted'")) == 1
        page = client_of("ashbourne").get(reverse("incident-update", args=[incident.reference])).content.decode()
        assert "Takes no text message." in page
        assert "39 of today’s 40 left, and each person at least 4 of 5" in page
        with stage.acting("gravenhurst"):
            assert "40 of today’s 40" in before_sending(incident.pk, texts=0)[1], (
                "what a stranger cannot see, it counts not"
            )
    settings.SENT_WAYS = ["email"]
    with stage.acting("ashbourne"):
        assert before_sending(incident.pk, texts=0) == []


@pytest.mark.django_db
def test_an_opening_is_previewed_word_for_word_with_ones_own_words_for_ones_own_people(
    client_of: Any, inside: Any, cast: Any
):
    opening = {
        "systems": ["identity-platform"],
        "title": "Breach",
        "severity": "1",
        "step": "preview",
        "exercise": "on",
    }
    page = client_of("ashbourne").post("/incidents/open/", opening).content.decode()
    assert "EXERCISE: Bulkhead: you have a notice, INC-XXXXXX" in page
    assert "Open the app or type the address on your card. Never sign in from a link." in page
    assert "Our own people, in our own words" not in page
    assert "Everybody else" in page
    with inside("ashbourne", "administrator", fresh=True):
        Wording.objects.create(
            organisation_id=cast.id("ashbourne"), message="opened", band="worst", preface="Ring {desk}.", line=""
        )
    page = client_of("ashbourne").post("/incidents/open/", opening).content.decode()
    assert "Our own people, in our own words" in page
    assert "Ring 01632 960101." in page
    assert "Ring 01632" not in client_of("dunmere").post("/incidents/open/", opening).content.decode()
