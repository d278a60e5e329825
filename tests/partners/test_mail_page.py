"""The page of mail that is not trusted: marking, the notice, lifting; others see what concerns them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

pytestmark = pytest.mark.django_db
ACT = "/partners/mail/act/"
MINE = {"domain": "dunmere.example", "reason": "Phishing"}


@pytest.fixture
def admin(client_of):
    return client_of("dunmere", "administrator", fresh=True)


def marked(admin) -> str:
    """Dunmere's own mail is marked; the mark's id."""
    assert admin.post(ACT, MINE).status_code == 302
    page = admin.get("/partners/mail/").content.decode()
    return page.split('name="mark" value="')[1].split('"')[0]


def problems(page: str) -> list[str]:
    """The sentences at the top of the page."""
    _, there, rest = page.partition("There is a problem")
    return re.findall(r"<li>(?:<a [^>]*>)?([^<]+)", rest.partition("</ul>")[0]) if there else []


def said(client, **form: str) -> str:
    """The page behind the redirect, which says what was done."""
    answer = client.post(ACT, form, follow=True)
    assert answer.redirect_chain == [("/partners/mail/", 302)]
    return answer.content.decode()


def test_a_mark_is_set_its_notice_issued_and_it_is_lifted_on_the_page(client_of, inside):
    admin = client_of("dunmere", "administrator", fresh=True)
    act = "/partners/mail/act/"
    assert admin.post(act, {"domain": "dunmere.example", "reason": ""}).status_code == 422
    assert admin.post(act, {"domain": "dunmere.example", "reason": "Phishing"}).status_code == 302
    page = admin.get("/partners/mail/").content.decode()
    assert "Your staff was not told yet." in page
    mark = page.split('name="mark" value="')[1].split('"')[0]
    assert admin.post(act, {"act": "notice", "mark": mark, "text": "Ring first", "people": "340"}).status_code == 302
    assert "340 people" in admin.get("/partners/mail/").content.decode()
    stranger = client_of("gravenhurst").get("/partners/mail/").content.decode()
    assert "Dunmere (dunmere.example)" in stranger
    assert "340 people" not in stranger
    assert admin.post(act, {"act": "lift", "mark": mark}).status_code == 302
    assert admin.post(act, {"act": "lift", "mark": mark}).status_code == 409


def test_each_act_says_what_it_did(admin):
    assert "Marked for everybody, for seven days." in said(admin, **MINE)
    assert "Marked for your organisation, for seven days." in said(admin, domain="northgate.example", reason="Odd")
    page = admin.get("/partners/mail/").content.decode()
    (mark,) = re.findall(r'id="mark-([0-9a-f-]{36})">Dunmere', page)
    assert re.search(r"The mark holds until \d+ \w+ \d{4}, \d\d:\d\d\.", said(admin, act="renew", mark=mark))
    told = said(admin, act="notice", mark=mark, text="Ring first", people="340")
    assert "It is written down that your staff was told." in told
    assert "The mark is lifted." in said(admin, act="lift", mark=mark)


def test_a_refusal_shows_its_own_sentence_and_no_fault_of_another_form(admin, client_of):
    mark = marked(admin)
    responder = client_of("northgate", "administrator", fresh=True)
    for act in ("renew", "lift"):
        refused = responder.post(ACT, {"act": act, "mark": mark})
        assert refused.status_code == 409
        (sentence,) = problems(refused.content.decode())
        assert "Choose whose mail" not in sentence
        for wrong in ("", "x", str(uuid4())):
            unknown = admin.post(ACT, {"act": act, "mark": wrong})
            assert (unknown.status_code, len(problems(unknown.content.decode()))) == (409, 1)
            assert "govuk-error-message" not in unknown.content.decode()


@pytest.mark.parametrize(
    ("text", "people", "wrong"),
    [
        ("Ring first, whoever asks", "", ["Say how many people it went to."]),
        ("Ring first, whoever asks", "many", ["Write a whole number."]),
        ("", "340", ["A notice has its words."]),
    ],
)
def test_a_refused_notice_keeps_what_was_typed(admin, text, people, wrong):
    mark = marked(admin)
    refused = admin.post(ACT, {"act": "notice", "mark": mark, "text": text, "people": people})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert problems(page) == wrong
    assert 'name="text" rows="8"' in page
    assert f">{text}</textarea>" in page
    assert f'value="{people}"' in page
    assert '<details class="fold" open>' in page
    assert "Your staff was not told yet." in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    (field,) = re.findall(r'<li><a href="#([^"]+)">', page.partition("There is a problem")[2].partition("</ul>")[0])
    assert field in ids


def test_a_refused_mark_keeps_what_was_typed(admin):
    refused = admin.post(ACT, {"domain": "nobody.example", "reason": "Invoices"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert len(problems(page)) == 1
    assert "Invoices</textarea>" in page
    marked(admin)
    again = admin.post(ACT, MINE)
    assert (again.status_code, len(problems(again.content.decode()))) == (409, 1)
