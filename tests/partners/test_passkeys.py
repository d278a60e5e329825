"""Passkeys against the real database: everything that makes one wrong is refused; the same one right is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.test import Client
from fido2.utils import websafe_decode, websafe_encode

from partners.models import Authenticator, PersonSession
from portal import clock
from portal.tenancy.scope import at_the_door
from tests.partners.door import CALLUM, PRIYA, by_link, enrol, enrolled, options, person, post, sign_in, step_up
from tests.partners.soft_passkey import PRESENT, SoftPasskey

pytestmark = pytest.mark.django_db(transaction=True)


def _events(owner_url: str, kind: str) -> int:
    with psycopg.connect(owner_url) as owner:
        return owner.execute("SELECT count(*) FROM ledger_event WHERE kind = %s", [kind]).fetchone()[0]  # type: ignore[index]


def test_an_enrolment_link_opens_nothing_but_setting_up_a_passkey(owner_url):
    browser = by_link()
    for path in ("/incidents/", "/my-tasks/", "/partners/", "/account/recovery-codes/", "/account/password/"):
        assert browser.get(path).status_code == 302, path
    page = browser.get("/account/")
    assert page.status_code == 200
    assert "Set up a passkey" in page.content.decode()
    assert browser.get("/api/v1/incidents/").status_code == 401

    passkey = enrol(browser)
    assert browser.get("/incidents/").status_code == 200
    assert _events(owner_url, "authenticator.added") == 1
    with at_the_door():
        kept = Authenticator.objects.get(person=person())
    assert (kept.kind, kept.sign_count, kept.backed_up) == ("passkey", 1, False)

    other, said = sign_in(passkey)
    assert said.json() == {"next": "/"}
    assert other.get("/incidents/").status_code == 200
    with at_the_door():
        born = set(PersonSession.objects.filter(person=person(), ended_at=None).values_list("born", flat=True))
    assert born == {"link", "passkey"}


WRONG: dict[str, Callable[[SoftPasskey, dict[str, Any]], dict[str, Any]]] = {}


def wrong(make: Callable[[SoftPasskey, dict[str, Any]], dict[str, Any]]) -> Any:
    WRONG[make.__name__.replace("_", " ")] = make
    return make


def _with(passkey: SoftPasskey, asked: dict[str, Any], **changed: Any) -> dict[str, Any]:
    was = {name: getattr(passkey, name) for name in changed}
    for name, value in changed.items():
        setattr(passkey, name, value)
    used = passkey.use(asked)
    for name, value in was.items():
        setattr(passkey, name, value)
    return used


@wrong
def another_origin(passkey, asked):
    return _with(passkey, asked, origin="https://localhost.example")


@wrong
def another_port_of_the_same_host(passkey, asked):
    return _with(passkey, asked, origin="http://localhost:8001")


@wrong
def another_relying_party(passkey, asked):
    return _with(passkey, asked, rp_id="localhost.example")


@wrong
def nobody_was_verified(passkey, asked):
    return _with(passkey, asked, flags=PRESENT)


@wrong
def nobody_was_present(passkey, asked):
    return _with(passkey, asked, flags=0x04)


@wrong
def a_challenge_of_ones_own(passkey, asked):
    return passkey.use(asked | {"challenge": websafe_encode(b"x" * 32)})


@wrong
def an_answer_to_a_registration(passkey, asked):
    return passkey.use(asked, kind="webauthn.create")


@wrong
def a_changed_signature(passkey, asked):
    used = passkey.use(asked)
    signature = bytearray(websafe_decode(used["response"]["signature"]))
    signature[-1] ^= 1
    used["response"]["signature"] = websafe_encode(bytes(signature))
    return used


@wrong
def changed_data(passkey, asked):
    used = passkey.use(asked)
    data = bytearray(websafe_decode(used["response"]["authenticatorData"]))
    data[-1] += 1  # a higher counter than was signed
    used["response"]["authenticatorData"] = websafe_encode(bytes(data))
    return used


@wrong
def a_key_that_nobody_has(passkey, asked):
    return _with(passkey, asked, credential_id=b"never made, and long enough")


@wrong
def another_key_under_the_same_id(passkey, asked):
    return _with(passkey, asked, key=SoftPasskey().key)


@wrong
def a_handle_of_somebody_else(passkey, asked):
    return _with(passkey, asked, user_handle=person(CALLUM).pk.bytes)


@wrong
def no_handle_at_all(passkey, asked):
    return _with(passkey, asked, user_handle=None)


@wrong
def nothing(passkey, asked):
    return {}


@wrong
def not_an_object(passkey, asked):
    return ["passkey"]  # type: ignore[return-value]


@wrong
def parts_of_another_kind(passkey, asked):
    used = passkey.use(asked)
    return used | {"response": dict.fromkeys(used["response"], 7)}


def test_everything_that_makes_a_passkey_wrong_is_refused_alike():
    _, passkey = enrolled()
    answers = set()
    for name, make in WRONG.items():
        browser = Client()
        asked = options(browser, "/sign-in/passkey/options/")
        said = post(browser, "/sign-in/passkey/", {"passkey": make(passkey, asked)})
        assert said.status_code == 400, name
        answers.add(said.content)
        assert browser.get("/incidents/").status_code == 302, name
        # The same device with nothing changed is let in: what was refused was the change.
        right, accepted = sign_in(passkey)
        assert accepted.status_code == 200, name
        assert right.get("/incidents/").status_code == 200, name
    assert len(answers) == 1


def test_a_challenge_counts_once_for_its_purpose_in_its_browser_and_for_five_minutes(monkeypatch):
    browser, passkey = enrolled()
    asked = options(browser, "/sign-in/passkey/options/")
    used = passkey.use(asked)
    elsewhere = Client()
    options(elsewhere, "/sign-in/passkey/options/")
    assert post(elsewhere, "/sign-in/passkey/", {"passkey": used}).status_code == 400
    assert post(Client(), "/sign-in/passkey/", {"passkey": used}).status_code == 400
    # A session cookie that was copied before the answer holds the same challenge, and it is spent all the same.
    copy = Client()
    asked = options(copy, "/sign-in/passkey/options/")
    second = Client()
    second.cookies = copy.cookies.copy()
    first_answer, second_answer = passkey.use(asked), passkey.use(asked)
    assert post(copy, "/sign-in/passkey/", {"passkey": first_answer}).status_code == 200
    assert post(second, "/sign-in/passkey/", {"passkey": second_answer}).status_code == 400
    # For stepping up it is another one.
    asked = options(browser, "/sign-in/passkey/options/")
    assert post(browser, "/sign-in/again/", {"passkey": passkey.use(asked)}).status_code == 400
    assert step_up(browser, passkey).status_code == 200
    late = Client()
    asked = options(late, "/sign-in/passkey/options/")
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=5, seconds=1))
    assert post(late, "/sign-in/passkey/", {"passkey": passkey.use(asked)}).status_code == 400


def test_a_counter_that_goes_back_is_refused_and_recorded(owner_url):
    _, passkey = enrolled()
    assert sign_in(passkey)[1].status_code == 200
    passkey.counter -= 1  # so that the next answer repeats the last number, as a copy would
    assert sign_in(passkey)[1].status_code == 400
    assert _events(owner_url, "authenticator.refused") == 1
    assert sign_in(passkey)[1].status_code == 200  # higher again: the device itself goes on


def test_a_device_that_does_not_count_is_let_in_as_often_as_it_likes():
    browser = by_link()
    passkey = enrol(browser, SoftPasskey(counter=0))
    for _ in range(2):
        passkey.counter = -1
        assert sign_in(passkey)[1].status_code == 200


def test_only_ones_own_passkey_steps_a_session_up():
    priya, hers = enrolled(PRIYA)
    callum, his = enrolled(CALLUM)
    assert step_up(priya, his).status_code == 400
    assert step_up(callum, hers).status_code == 400
    assert step_up(priya, hers, next="/partners/").json() == {"next": "/partners/"}
    for elsewhere in (
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:1",
        "evil",
        7,
        "/\n/e",
    ):
        assert step_up(priya, hers, next=elsewhere).json() == {"next": "/account/"}, elsewhere
    assert post(Client(), "/sign-in/again/options/").status_code == 302


def test_a_passkey_that_is_not_as_asked_cannot_be_added():
    for change in ({"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"flags": PRESENT}):
        browser = by_link()
        asked = options(browser, "/account/passkeys/options/")
        made = SoftPasskey(**change).make(asked)
        assert post(browser, "/account/passkeys/", {"passkey": made}).status_code == 400, change
        assert browser.get("/incidents/").status_code == 302
    _, taken = enrolled(CALLUM)
    browser = by_link()
    thief = SoftPasskey(credential_id=taken.credential_id)
    made = thief.make(options(browser, "/account/passkeys/options/"))
    assert post(browser, "/account/passkeys/", {"passkey": made}).status_code == 400
    enrol(browser)


@pytest.mark.usefixtures("time_stands")
def test_an_answer_without_the_page_behind_it_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, "/sign-in/passkey/options/").status_code == 403
    page = strict.get("/sign-in/").content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    headers = {"X-CSRFToken": token}
    said = strict.post("/sign-in/passkey/options/", {}, content_type="application/json", headers=headers)
    assert said.status_code == 200


def test_the_address_is_limited_generously_and_nothing_else_is(owner_url):
    _, passkey = enrolled()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for _ in range(3):
            assert sign_in(passkey)[1].status_code == 200
        owner.execute("UPDATE partners_attempts SET count = 300 WHERE count BETWEEN 2 AND 299")
    browser = Client()
    said = post(browser, "/sign-in/passkey/options/")
    assert said.status_code == 429
    assert int(said["Retry-After"]) <= 900
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(passkey, elsewhere)[1].status_code == 200


def _hostile(passkey: SoftPasskey, asked: dict[str, Any]) -> Iterator[Any]:
    right = passkey.use(asked)
    parts = right["response"]
    for name in ("id", "rawId", "type", "response"):
        for value in (None, 7, "", "=", "\u0000", "ü" * 9, [], {}, [right], {"a": right}, "A" * 50_000):
            yield right | {name: value}
    for name in parts:
        for value in (None, 7, "", "!", "A", "AA", "A" * 50_000, websafe_encode(b"\x81" * 5_000), [], {}):
            yield right | {"response": parts | {name: value}}
    yield from (None, True, 1e308, "passkey", [[[[]]]], {"rawId": {}}, {"rawId": "AA"})


def test_whatever_is_sent_instead_of_an_answer_is_refused_and_breaks_nothing():
    browser, passkey = enrolled()
    asked = options(browser, "/account/passkeys/options/")
    made = SoftPasskey().make(asked)
    for sent in _hostile(passkey, asked):
        # The challenge is opened again each time by hand: what is looked at is the answer.
        stranger = Client()
        options(stranger, "/sign-in/passkey/options/")
        assert post(stranger, "/sign-in/passkey/", {"passkey": sent}).status_code == 400, sent
    for name in made["response"]:
        for value in (None, 7, "", "AA", websafe_encode(b"\x81" * 5_000), websafe_encode(b"\xbf" * 300), {}):
            options(browser, "/account/passkeys/options/")
            sent = made | {"response": made["response"] | {name: value}}
            assert post(browser, "/account/passkeys/", {"passkey": sent}).status_code == 400, sent
    for body in (b"", b"[", b"[" * 60_000, b"\xff", b'{"passkey": NaN}', b"{}" * 40_000, b'{"a": 1, "a": 2}'):
        said = Client().post("/sign-in/passkey/", body, content_type="application/json")
        assert said.status_code == 400, body[:20]
    for email in ("priya\x00@ashbourne.example", "ü" * 900, "x" * 5_000, "%", "'"):
        for path in ("/sign-in/ashbourne/", "/sign-in/ashbourne/recovery/"):
            sent = {"email": email, "password": "guess\x00", "code": "1\x00"}
            assert Client().post(path, sent).status_code in {302, 422}, email
    enrol(browser)
