"""An incident that a tool opened: every message names the opener until a person has looked, and none is too long."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections

from incidents.models import Incident
from incidents.openers import look_at
from incidents.transitions import move_incident
from notifications.call_script import script
from notifications.messages import compose
from notifications.models import Delivery
from notifications.own_words import septets
from notifications.tool_opened import Opener
from portal.ledger.record import Actor

SIEM = Opener("Northgate IT Services", "siem")
WORDS = "by Northgate's SIEM, not yet confirmed by a person"
OF_AN_INCIDENT = [
    each for each in Delivery.Message if compose(
        message=each, reference="INC-7KQ4AB", code="4K7M-9QXR", exercise=False, opener=SIEM
    ).body.count("not yet confirmed")
]  # fmt: skip


def said(message: str, opener: Opener = SIEM, **more: bool):
    about = {"message": message, "reference": "INC-7KQ4AB", "code": "4K7M-9QXR", "exercise": False, **more}
    return compose(**about, opener=opener)


def test_a_text_message_names_the_opener_and_what_to_do():
    assert said("opened").short == (
        "INC-7KQ4AB by Northgate's SIEM, not yet confirmed by a person. Code 4K7M-9QXR."
        " Open the app or type your card's address; never sign in from a link."
    )
    assert said("opened", replies=True).short == (
        "INC-7KQ4AB by Northgate's SIEM, not yet confirmed by a person. Reply 4K7M-9QXR to accept."
        " Open the app; never sign in from a link."
    )
    assert said("duty_due").short == (
        "A clock of yours in INC-7KQ4AB runs: see Duties. Code 4K7M-9QXR"
        " (by Northgate's SIEM, not yet confirmed by a person). Open the app, never a link."
    )
    long = Opener("London Borough of Wandsworth-under-Long-Hill and Surrounding Parishes", "siem")
    assert "by a tool, not yet confirmed by a person" in said("opened", long).short


@pytest.mark.parametrize("replies", [False, True])
def test_every_kind_of_message_about_an_incident_says_it_within_one_text(replies):
    assert len(OF_AN_INCIDENT) >= 14
    for opener in (SIEM, Opener("Gravenhurst Borough Council", "monitoring"), Opener("Ynys Môn", "tool")):
        for message in OF_AN_INCIDENT:
            text = said(message, opener, replies=replies)
            for words in (text.body, text.said, text.short):
                assert "not yet confirmed by a person" in words, message
            assert (septets(text.short) or 151) <= 150, text.short
    rung = script(
        caller="Ashbourne", ask_for="the duty desk", reference="INC-7KQ4AB", message="opened", exercise=False,
        words="acorn kettle", code="4K7M-9QXR", opener=SIEM,
    )  # fmt: skip
    assert "by Northgate IT Services' SIEM, not yet confirmed by a person" in rung.lines[1]


@pytest.mark.django_db(transaction=True)
def test_from_the_opening_on_until_a_person_has_looked(stage, mail):
    incident = stage.opens(tool_kind="siem")
    stage.works()
    first = mail.messages()
    assert len(first) > 3
    assert all("by Ashbourne's SIEM, not yet confirmed by a person" in each["text"] for each in first)
    person = stage.owner("SELECT id FROM partners_person WHERE name = 'Priya Nair'")[0][0]
    with stage.as_person("ashbourne", "Priya Nair"):
        by_person = Actor(stage.ids["ashbourne"], "person", person)
        assert look_at(incident_id=incident.pk, actor=by_person)
        assert not look_at(incident_id=incident.pk, actor=by_person), "said twice it is no news"
    stage.closes(incident)
    stage.works()
    later = [each for each in mail.messages() if each not in first]
    assert later
    assert not any("not yet confirmed" in each["text"] for each in later)
    assert len(stage.events("incident.looked_at")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_move_by_a_person_is_a_look_and_one_by_a_key_or_another_organisation_is_none(stage):
    incident = stage.opens(tool_kind="siem")
    with stage.acting("ashbourne") as actor:
        move_incident(incident_id=incident.pk, to="contained", actor=actor)
    with stage.acting("brackenfield"):
        assert Incident.objects.get(pk=incident.pk).looked_at is None, "a ticket without a person moved it"
    refused = pytest.raises(DatabaseError, match="lead says")
    with refused, stage.as_person("brackenfield"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.look_at_incident(%s)", [incident.pk])
    with stage.as_person("ashbourne", "Priya Nair"):
        move_incident(incident_id=incident.pk, to="eradicated", actor=stage.actor("ashbourne"))
        assert Incident.objects.get(pk=incident.pk).looked_at is not None
