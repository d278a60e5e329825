"""Answers by text message: by the code, from the number that the message went to."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from notifications.answers import settle_answers
from notifications.replies import read
from tests.notifications.stage import Stage, as_worker
from tests.notifications.texting import WORD, number, service

pytestmark = pytest.mark.django_db(transaction=True)

BEN = "ben.ashcroft@dunmere.example"
HIS = "+447700900123"
CODE = re.compile(r"Reply (\S{4}-\S{4})")


@pytest.fixture
def texts(settings, stage: Stage):
    with service(settings) as box:
        settings.NOTIFY_REPLIES = True
        number(stage, "dunmere", BEN, HIS)
        yield box


def comes_back(text: str, *, sender: str = HIS, word: str = WORD, status: int = 204, **other: object) -> None:
    """As Notify brings a received text; then a worker looks."""
    said = {"id": "1", "source_number": sender.lstrip("+"), "message": text, **other}
    answer = Client().post(
        "/transports/notify/replies/",
        json.dumps(said),
        content_type="application/json",
        headers={"authorization": f"Bearer {word}"},
    )
    assert answer.status_code == status
    with as_worker():
        settle_answers()


def said(stage: Stage) -> list[tuple[str, str]]:
    return stage.owner("SELECT said, words FROM notifications_answer ORDER BY at")


def test_the_code_alone_accepts_and_a_repeat_changes_nothing(stage: Stage, texts):
    incident = stage.opens()
    stage.works()
    (text,) = [each["text"] for each in texts.messages(to=HIS)]
    assert len(text) <= 150
    code = CODE.search(text)[1]
    comes_back(f" {code.lower().replace('-', ' ')}\n")
    comes_back(code)  # Notify brings it again when our answer is lost
    assert said(stage) == [("has_it", "")]
    assert stage.acknowledged(incident) == {"dunmere"}


def test_whoever_asked_to_be_rung_can_still_take_it_on_once(stage: Stage, texts):
    incident = stage.opens()
    stage.works()
    code = CODE.search(texts.messages(to=HIS)[0]["text"])[1]
    comes_back(f"CALL {code}")
    assert stage.acknowledged(incident) == set()
    comes_back(code, sender="+447700900999")
    assert said(stage) == [("call", "")]
    comes_back(code)
    assert stage.acknowledged(incident) == {"dunmere"}
    for again in (code, f"CUT {code}", f"CALL {code}", f"OTHER {code} Priya"):
        comes_back(again)
    assert said(stage) == [("call", ""), ("has_it", "")]


def test_an_exercise_is_answered_alike_and_fits_too(stage: Stage, texts):
    incident = stage.opens(exercise=True)
    stage.works()
    (text,) = [each["text"] for each in texts.messages(to=HIS)]
    assert text.startswith("EXERCISE.")
    assert len(text) <= 150
    comes_back(CODE.search(text)[1])
    assert stage.acknowledged(incident) == {"dunmere"}


@pytest.mark.parametrize(
    ("typed", "meant", "words"),
    [
        ("{code}", "has_it", ""),
        ("yes {code} thanks", "has_it", ""),
        ("no idea what {code} this is", "unreadable", ""),
        ("hello {code}", "unreadable", ""),  # what is not known is not guessed
        ("OK {code}", "has_it", ""),
        ("CUT {code}", "cut", ""),
        ("call me {code}", "call", ""),
        ("Other {code} Priya Shah", "other", "Other Priya Shah"),
        ("we have not got this {code}", "unreadable", ""),
        ("can't {code}", "unreadable", ""),
        ("{code} wrong number", "unreadable", ""),
    ],
)
def test_words_beside_the_code(typed: str, meant: str, words: str):
    for form in ("4K7M-9QXR", "4k7m9qxr", "4k7m 9qxr", "4K7M – 9QXR"):
        (reply,) = [each for each in read(typed.format(code=form)) if each.code == "4K7M-9QXR"]
        assert (reply.said, reply.words) == (meant, words)
    assert read(typed.format(code="4K7M-9QXR"))[0].code == "4K7M-9QXR"


def test_a_wrong_code_and_a_wrong_number_end_no_silence(stage: Stage, texts):
    incident = stage.opens()
    stage.works()
    code = CODE.search(texts.messages(to=HIS)[0]["text"])[1]
    comes_back(code, sender="+447700900999")  # somebody who has seen the message, or forges another's number
    comes_back(code, sender="Northgate")
    assert said(stage) == []
    comes_back("0000-0000")
    comes_back("who is this?")
    # That something came back is shown once, so that somebody rings; it uses the code up for nobody.
    assert said(stage) == [("unreadable", "")]
    assert stage.acknowledged(incident) == set()
    assert stage.owner("SELECT state FROM notifications_delivery WHERE way = 'sms'") == [("accepted",)]
    comes_back(code)
    assert stage.acknowledged(incident) == {"dunmere"}


def test_guesses_are_counted_by_number_and_then_not_looked_at(stage: Stage, texts):
    incident = stage.opens()
    stage.works()
    code = CODE.search(texts.messages(to=HIS)[0]["text"])[1]
    for nth in range(20):
        comes_back(f"0000-00{nth:02}")
    comes_back(code)
    assert stage.acknowledged(incident) == set()


def test_the_door_knows_its_caller_and_survives_anything(stage: Stage, texts, settings):
    comes_back("hello", word="guessed", status=401)
    comes_back("", status=204)
    comes_back("hello", status=204, source_number=[], message={})
    comes_back("x" * 20_000, status=413)
    for body in (
        b"",
        b"[]",
        b"{}",
        b'{"source_number": 1}',
        b"\xff",
        b"[" * 9_000,
    ):
        answer = Client().post(
            "/transports/notify/replies/", body, content_type="application/json",
            headers={"authorization": f"Bearer {WORD}"},
        )  # fmt: skip
        assert answer.status_code == 422, body
    comes_back("\x00 4K7M-9QXR \ud83d", status=204)
    settings.NOTIFY_REPLIES = False
    comes_back("hello", status=404)


@pytest.mark.parametrize("odd", ["\0", "\ud83d", "\u202e"])
def test_a_sign_that_no_database_keeps_costs_no_answer(stage: Stage, texts, odd: str):
    stage.opens()
    stage.works()
    code = CODE.search(texts.messages(to=HIS)[0]["text"])[1]
    comes_back(f"Other {code} Pri{odd}ya")
    assert said(stage) == [("other", "Other Pri ya")]


@pytest.mark.parametrize("word", ["", " ", WORD])
def test_a_portal_without_a_word_knows_nobody(stage: Stage, texts, settings, word: str):
    settings.NOTIFY_CALLBACK_TOKEN = ""
    comes_back("hello", word=word, status=401)


def test_without_a_way_back_no_text_asks_for_one(stage: Stage, texts, settings):
    settings.NOTIFY_REPLIES = False
    stage.opens()
    stage.works()
    (text,) = [each["text"] for each in texts.messages(to=HIS)]
    assert "Reply" not in text
