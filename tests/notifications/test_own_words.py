"""Own words of an organisation: what its people get, what is refused, and that nobody else is touched."""

from __future__ import annotations

import re
from typing import Any

import pytest

from notifications.messages import compose
from notifications.models import Wording
from notifications.own_words import BASIC, EXTENDED, OwnWords, septets
from portal.mail_sink import Mailbox
from tests.notifications.stage import Stage
from tests.notifications.texting import number, service

SUNITA, HER_NUMBER = "sunita.rao@dunmere.example", "+447700900201"
URL = "/partners/wording/opened/any/"
DESK = "Ring the service desk of {organisation} on {desk}."


@pytest.fixture
def administrator(client_of: Any) -> Any:
    return client_of("dunmere", "administrator", fresh=True)


# 3GPP TS 23.038, 6.2.1: 127 letters beside the escape, ten more behind it (form feed among them).
def test_the_alphabet_is_that_of_the_standard():
    assert (len(BASIC), len(EXTENDED)) == (127, 10)
    assert not BASIC & EXTENDED


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("Ring 999", 8),
        ("£5 à la carte", 13),
        ("[x]", 5),
        ("€", 2),
        ("a~b", 4),
        ("Ffôn", None),
        ("ŵ", None),
        ("“", None),
    ],
)
def test_letters_are_counted_as_a_text_message_counts_them(words: str, taken: int | None):
    assert septets(words) == taken


def test_a_line_that_makes_two_messages_of_one_is_left_out_and_the_fixed_parts_stay():
    for replies in (False, True):
        for exercise in (False, True):
            for line in ("x", "y" * 60, "{" * 13, "ŵ"):
                said = compose(
                    message="opened", reference="INC-7K2M9X", code="4K7M-9QXR", exercise=exercise, replies=replies,
                    own=OwnWords(line=line),
                ).short  # fmt: skip
                taken = septets(said)
                assert taken is not None
                assert taken <= 150, said
                for part in (
                    "INC-7K2M9X",
                    "could be reached",
                    "4K7M-9QXR",
                    "type the address on your card",
                    "ever sign",
                ):
                    assert part in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("preface", "Go to https://dunmere.example/", "No link and no address"),
        ("preface", "Write to it@dunmere", "No link and no address"),
        ("preface", "Look at dunmere.example", "No link and no address"),
        ("preface", "Ask Northgate IT Services", "take out “Northgate IT Services”"),
        ("preface", "As gravenhurst knows", "take out “Gravenhurst”"),
        ("preface", "The Finance ledger is attacked", "take out “Finance ledger”"),
        ("preface", "It is INC-7K2M9X again", "No reference"),
        ("preface", "Code {code}", "In braces only"),
        ("preface", "a } b", "In braces only"),
        ("preface", "x" * 301, "At most 300 letters"),
        ("line", "Ring now, " * 6, "room for"),
        ("line", "Ffôn", "ô"),
    ],
)
def test_what_may_not_go_out_is_refused_with_what_was_typed(
    administrator: Any, field: str, typed: str, said: str, inside: Any
):
    refused = administrator.post(URL, {"preface": "", "line": "", field: typed, "step": "keep"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert said in page
    assert typed.strip() in page
    with inside("dunmere"):
        assert not Wording.objects.exists()


@pytest.mark.django_db
def test_the_preview_keeps_nothing_and_is_what_goes_out(administrator: Any, inside: Any):
    page = administrator.post(URL, {"preface": DESK, "line": "Ring 201", "step": "preview"}).content.decode()
    assert "Ring the service desk of Dunmere on 01632" in page
    assert "code XXXX-XXXX. Ring 201 Open the app" in page
    with inside("dunmere"):
        assert not Wording.objects.exists()
    assert administrator.get(URL).content.decode().count("Ring 201") == 0


@pytest.mark.django_db
def test_only_ones_own_administrator_changes_them_and_a_stranger_sees_nothing(administrator: Any, client_of: Any):
    assert administrator.post(URL, {"preface": DESK, "line": "", "step": "keep"}).status_code == 302
    assert "{desk}" in client_of("dunmere", "responder").get("/partners/wording/").content.decode()
    for slug in ("ashbourne", "gravenhurst", "northgate"):
        listed = client_of(slug, "observer" if slug == "ashbourne" else "incident_manager").get("/partners/wording/")
        assert "service desk of" not in listed.content.decode()
    for role in ("incident_manager", "responder"):
        assert client_of("dunmere", role, fresh=True).post(URL, {"step": "keep"}).status_code == 403
    assert client_of("dunmere", "administrator").post(URL, {"step": "keep"}).status_code == 403, "without a passkey"
    assert administrator.get("/partners/wording/planned/worst/").status_code == 404
    assert administrator.get("/partners/wording/emergency_access/any/").status_code == 404
    history = administrator.get("/partners/wording/").content.decode()
    assert "Words" in history
    assert administrator.post(URL, {"preface": "", "line": "", "step": "keep"}).status_code == 302
    assert "as usual" in administrator.get("/partners/wording/").content.decode()


def put(stage: Stage, slug: str, message: str, band: str, preface: str, line: str = "") -> None:
    with stage.as_person(slug, role="administrator", fresh=True):
        Wording.objects.create(organisation_id=stage.ids[slug], message=message, band=band, preface=preface, line=line)


@pytest.mark.django_db(transaction=True)
def test_each_organisations_people_get_its_own_words_by_severity(stage: Stage, mail: Mailbox, settings: Any):
    put(stage, "ashbourne", "opened", "", "The lead says: ring us.")
    put(stage, "dunmere", "opened", "", DESK, "Ring 201.")
    put(stage, "dunmere", "opened", "low", "It can wait for the day.")
    put(stage, "dunmere", "stood_down", "", "Thank you, {organisation}.")
    with service(settings) as texts:
        number(stage, "dunmere", SUNITA, HER_NUMBER)
        incident = stage.opens(severity=1)
        stage.works()
        (text,) = texts.messages()
        assert re.search(r", code \S{9}\. Ring 201\. Open the app", text["text"])
        bodies = [each["text"] for each in mail.messages()]
        told = stage.owner("SELECT phone FROM partners_dutydesk WHERE organisation_id = %s", [stage.ids["dunmere"]])
        own = f"Ring the service desk of Dunmere on {told[0][0]}."
        assert sum(own in body for body in bodies) >= 1
        assert sum("The lead says" in body for body in bodies) >= 1
        # The lead's words reach nobody but its own people, and others' never the lead's: by organisation, as sent.
        rows = stage.owner(
            "SELECT o.slug, c.address FROM notifications_delivery d JOIN partners_contactpoint c ON c.id ="
            " d.contact_point_id JOIN partners_organisation o ON o.id = d.organisation_id WHERE d.way = 'email'"
        )
        for slug, address in set(rows):
            for message in mail.messages(to=address):
                assert ("The lead says" in message["text"]) == (slug == "ashbourne"), (slug, address)
                assert (own in message["text"]) == (slug == "dunmere"), (slug, address)
        stage.closes(incident)
        stage.works()
        assert any("Thank you, Dunmere." in each["text"] for each in mail.messages())
    less = stage.opens(severity=5)
    stage.works()
    bodies = [each["text"] for each in mail.messages() if less.reference in each["text"]]
    assert any("It can wait for the day." in body for body in bodies)
    assert not any(own in body for body in bodies), "the words of its severity take the place of the others"


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_what_the_page_does_and_what_is_not_ones_own(stage: Stage):
    for preface in ("see evil.example", "ask Gravenhurst", "{code}", "INC-7K2M9X", "x" * 301, "a\x07b", " \n"):
        with pytest.raises(Exception, match=r"letters|link|braces|take out"):
            put(stage, "dunmere", "opened", "", preface)
    for slug, role, fresh in (("dunmere", "incident_manager", True), ("dunmere", "administrator", False)):
        with pytest.raises(Exception, match="row-level security"), stage.as_person(slug, role=role, fresh=fresh):
            Wording.objects.create(organisation_id=stage.ids["dunmere"], message="opened", band="", preface="x")
    lead = stage.as_person("ashbourne", role="administrator", fresh=True)
    with pytest.raises(Exception, match="row-level security"), lead:
        Wording.objects.create(organisation_id=stage.ids["dunmere"], message="opened", band="", preface="x")
    put(stage, "dunmere", "opened", "", "Ring us.")
    assert stage.as_app("gravenhurst", "SELECT count(*) FROM notifications_wording") == [(0,)]
    assert stage.as_app("ashbourne", "SELECT count(*) FROM notifications_wording") == [(0,)]
    with pytest.raises(Exception, match="permission denied"):
        stage.worker("SELECT preface FROM notifications_wording")
    assert stage.worker("SELECT * FROM sec.own_words('nobody')") == []
    events = stage.owner("SELECT audience FROM ledger_event WHERE kind = 'register.changed' AND data::text ~ 'wording'")
    assert [audience for (audience,) in events] == [[stage.ids["dunmere"]]]
