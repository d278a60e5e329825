"""Every text can be translated: a made-up language puts brackets around what was collected; none stands outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from notifications.messages import compose
from notifications.models import Delivery
from portal.pages import text_in, whole_text_in
from scripts.texts import bring_up_to_date, collected

REFERENCE, CODE, LINK = "INC-7KQ4XY", "4K7M-9QXR", "http://localhost:8000/answer/x/"
# What stands outside brackets and is no text: the product itself.
NAMES = ("Bulkhead", "Esc")  # and a key of the keyboard


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return collected()


@pytest.fixture
def brackets(texts: Catalog, tmp_path: Path, settings):
    """Django speaks a language in which every text is itself, in brackets."""
    made = Catalog(locale="cy")
    for message in texts:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = tuple(f"⟦{each}⟧" for each in ids)
        plural = forms[:1] + forms[1:] * (made.num_plurals - 1) if isinstance(message.id, tuple) else forms[0]
        made.add(message.id, plural, context=message.context)
    path = tmp_path / "cy" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, made)
    settings.LOCALE_PATHS = [tmp_path]
    _forget()
    yield
    _forget()


def _forget() -> None:
    trans_real._translations = {}
    trans_real._default = None
    text_in.cache_clear()
    whole_text_in.cache_clear()
    translation.activate("en-gb")


def outside(text: str) -> str:
    """The letters that stand in no bracket."""
    while re.search(r"⟦[^⟦⟧]*⟧", text):
        text = re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    for value in (REFERENCE, CODE, LINK, *NAMES):
        text = text.replace(value, " ")
    return " ".join(re.findall(r"[A-Za-z]{2,}", text))


@pytest.mark.parametrize("message", list(Delivery.Message))
@pytest.mark.parametrize("exercise", [False, True])
def test_messages(brackets, message: str, exercise: bool):
    for replies in (False, True):
        with translation.override("cy"):
            text = compose(
                message=message, reference=REFERENCE, code=CODE, exercise=exercise, link=LINK, replies=replies
            )
        assert "⟦" in text.subject
        assert [outside(part) for part in (text.subject, text.body, text.short)] == ["", "", ""]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/verify/", "/sign-in/", "/answer/x/", "/sign-in/ashbourne/"])
def test_pages(brackets, settings, address: str):
    settings.LANGUAGE_CODE = "cy"
    _forget()
    translation.activate("cy")
    page = Client().get(address).content.decode()
    shown = re.sub(r"<(script|style|title)[^>]*>.*?</\1>|<!--.*?-->", " ", page.partition("<body")[2], flags=re.DOTALL)
    shown = re.sub(r"^[^>]*>|<[^>]+>|&\w+;|&#\d+;", " ", shown)
    assert "⟦" in shown
    assert outside(shown.replace("Ashbourne Council", "").replace("Ashbourne", "")) == ""


def test_a_language_keeps_what_was_translated(texts: Catalog, tmp_path: Path):
    path, lacking = bring_up_to_date("cy", texts, root=tmp_path)
    assert lacking == len(texts)
    with path.open("rb") as file:
        welsh = read_po(file, locale="cy")
    welsh["Check a message"].string = "Gwirio neges"
    welsh.add("A text that no page has any more", "Hen destun")
    with path.open("wb") as file:
        write_po(file, welsh)
    path, now = bring_up_to_date("cy", texts, root=tmp_path)
    assert now == lacking - 1
    assert "Gwirio neges" in path.read_text("utf-8")
    assert '#~ msgstr "Hen destun"' in path.read_text("utf-8")
    assert b"Gwirio neges" in path.with_suffix(".mo").read_bytes()
    with pytest.raises(Exception, match=r"nolang|language"):
        bring_up_to_date("nolang", texts, root=tmp_path)
    assert not (tmp_path / "nolang").exists()
