"""A private notice of data: sender and addressee alone; acknowledged, corrected."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import DataNotice, Incident
from incidents.personal_data.notices import Notice, acknowledge, send_notice
from tests.notifications.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = datetime(2026, 1, 5, 7, 40, tzinfo=UTC)
ABOUT, KNOWN = "Housing benefit letters of 2024", "The share was read from outside."
EVERYBODY = ("eastwick", "dunmere", "ashbourne", "northgate", "brackenfield", "gravenhurst")


def readers(stage: Stage) -> set[str]:
    return {slug for slug in EVERYBODY if stage.as_app(slug, "SELECT 1 FROM incidents_datanotice")}


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


@pytest.fixture
def sent(incident: Incident, inside) -> DataNotice:
    """Eastwick keeps letters for Dunmere."""
    with inside("eastwick"):
        return send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE, "EW-12"))


def test_it_stands_first_on_board_and_my_tasks_of_its_addressee_alone(stage, incident, sent, client_of):
    """Also when no message could reach it: nobody learns of a notice by chance."""
    board = reverse("incident-board", args=[incident.reference])
    words = "has told you something about your data"
    for path in (board, reverse("my-tasks")):
        assert f"Eastwick {words}" in client_of("dunmere").get(path).content.decode()
        for slug in ("ashbourne", "northgate", "eastwick", "coldharbour"):
            assert words not in client_of(slug).get(path).content.decode(), slug
    assert words not in client_of("gravenhurst").get(reverse("my-tasks")).content.decode()
    client_of("dunmere").post(reverse("data-notice-acknowledge", args=[sent.pk]))
    assert words not in client_of("dunmere").get(board).content.decode()


def test_the_board_of_whoever_leads_says_it_in_the_name_of_the_tab(stage, incident, sent, client_of, inside):
    board = reverse("incident-board", args=[incident.reference])
    assert "to read" not in client_of("ashbourne").get(board).content.decode()  # that one goes to Dunmere
    with inside("eastwick"):
        send_notice(incident, Notice("ashbourne", ABOUT, KNOWN, SINCE))
    assert "Data: 1 to read" in client_of("ashbourne").get(board).content.decode()
    assert "to read" not in client_of("northgate").get(board).content.decode()
    assert "has told you something" in client_of("ashbourne").get(reverse("my-tasks")).content.decode()


def test_nobody_but_the_two_reads_it_neither_lead_nor_provider(stage, incident, sent, client_of, inside):
    assert readers(stage) == {"eastwick", "dunmere"}
    at = reverse("incident-data", args=[incident.reference])
    board = reverse("incident-board", args=[incident.reference])
    for slug in EVERYBODY:
        for address in (at, board):
            page = client_of(slug).get(address).content.decode()
            concerned = slug in {"eastwick", "dunmere"} and address == at
            assert (ABOUT in page and KNOWN in page) is concerned, (slug, address)
        if slug in {"ashbourne", "northgate", "brackenfield"}:
            assert "notice of its data" not in client_of(slug).get(board).content.decode()
    for _, audience in stage.events("data_notice.sent"):
        assert set(audience) == {stage.ids["eastwick"], stage.ids["dunmere"]}
    assert ABOUT not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))
    acknowledges = reverse("data-notice-acknowledge", args=[sent.pk])
    for slug, status in (("ashbourne", 404), ("northgate", 404), ("gravenhurst", 404), ("eastwick", 403)):
        assert client_of(slug).post(acknowledges).status_code == status
    with inside("eastwick"), pytest.raises(NotYours):
        acknowledge(sent)
    assert client_of("dunmere").post(acknowledges).status_code == 302
    with inside("dunmere"):
        assert not acknowledge(sent)  # the first of two colleagues counts
    assert "Acknowledged" in client_of("eastwick").get(at).content.decode()
    assert len(stage.events("data_notice.acknowledged")) == 1


def test_a_correction_is_a_new_notice_that_names_the_former(stage, incident, sent, inside):
    with inside("eastwick"):
        assert send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE, "EW-12")) == sent  # tapped twice
        newer = send_notice(incident, Notice("dunmere", ABOUT, "It was read by nobody.", SINCE, corrects=sent.pk))
        assert newer.corrects_id == sent.pk
        with pytest.raises(WrongMoment, match="corrected already"):
            send_notice(incident, Notice("dunmere", ABOUT, "Or was it?", SINCE, corrects=sent.pk))
        with pytest.raises(WrongMoment, match="a correction to the same one"):
            send_notice(incident, Notice("ashbourne", ABOUT, "Or was it?", SINCE, corrects=newer.pk))
        for notice in (
            Notice("gravenhurst", ABOUT, KNOWN, SINCE), Notice("dunmere", " ", KNOWN, SINCE),
            Notice("dunmere", ABOUT, KNOWN, datetime(2999, 1, 1, tzinfo=UTC)),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                send_notice(incident, notice)
    with inside("ashbourne"), pytest.raises(NotYours):  # somebody else's, whoever leads
        send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE, corrects=newer.pk))
    with inside("gravenhurst"), pytest.raises(Invalid):
        send_notice(incident, Notice("dunmere", ABOUT, KNOWN, SINCE))
    assert stage.owner("SELECT known FROM incidents_datanotice ORDER BY sent_at") == [
        (KNOWN,), ("It was read by nobody.",)
    ]  # fmt: skip


def test_of_a_closed_incident_the_sender_is_told_to_ring(stage, incident, client_of):
    at = reverse("incident-data-notice", args=[incident.reference])
    sender = client_of("eastwick")
    assert "Their duty desk gets a message" in sender.get(at).content.decode()
    stage.closes(incident)
    page = sender.get(at).content.decode()
    assert "no message goes out. Ring them" in page
    assert "duty desk gets a message" not in page
    said = {"addressee": "dunmere", "about": ABOUT, "known": KNOWN, "known_since": "2026-01-05T07:40"}
    assert "ring them" in sender.post(at, said, follow=True).content.decode()
    stage.works()
    assert "data_notice" not in {message for message, _ in stage.deliveries(incident, "dunmere")}
