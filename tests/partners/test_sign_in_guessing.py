"""B20: hundreds of guesses at every way in: none is right, few are looked at, and the owner gets in by passkey.

`make prove-isolation` does the same ten thousand times.
"""

from __future__ import annotations

import re
from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from partners import limits, sign_in_password
from partners.limits import CROWD, PASSKEYS, PASSWORDS, Limit, TooOften, address_of
from partners.models import Credential
from portal import clock
from portal.tenancy.scope import at_the_door
from scripts.prove.guessing import run
from tests.partners.door import CALLUM, PRIYA, TOM, enrolled, person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/sign-in/ashbourne/"


@pytest.mark.usefixtures("time_stands")
def test_hundreds_of_guesses_open_nothing_and_the_owner_gets_in_by_passkey(owner_url):
    found = run(280)
    assert found["accepted"] == 0
    assert found["owner_signed_in"]
    looked_at = found["looked_at"]
    # At most two windows can have begun meanwhile.
    assert looked_at["code_with_the_right_password"] <= 10
    assert looked_at["password_from_one_address"] + looked_at["password_from_everywhere"] <= 12
    assert found["slowed"] > 90
    with psycopg.connect(owner_url) as owner:
        (slowed,) = owner.execute("SELECT count(*) FROM ledger_event WHERE kind = 'sign_in.slowed'").fetchone()
    assert 1 <= slowed <= 4  # once a window and way, not once a guess


def _try(email: str, *, address: str = "192.0.2.1", password: str = "guess after guess", slug: str = "ashbourne"):
    return Client(REMOTE_ADDR=address).post(f"/sign-in/{slug}/", {"email": email, "password": password})


@pytest.mark.usefixtures("time_stands")
def test_the_sixth_try_at_an_account_is_not_looked_at_and_says_what_is_open(monkeypatch, owner_url):
    _, passkey = enrolled(PRIYA)
    for _ in range(5):
        assert _try(PRIYA).status_code == 302
    hashed: list[str] = []
    monkeypatch.setattr(Credential, "matches", lambda *a: hashed.append("one"))
    said = _try(PRIYA, address="192.0.2.2")
    assert said.status_code == 429
    assert 1 <= int(said["Retry-After"]) <= 900
    words = said.content.decode()
    assert "Use your passkey; this way opens again at" in words
    assert hashed == []
    # Nobody else is slowed: another person, and another organisation's.
    assert _try("tom.whitlock@ashbourne.example").status_code == 302
    assert _try(CALLUM, slug="gravenhurst").status_code == 302
    assert len(hashed) == 2
    # The owner's way is open, from there as well.
    assert sign_in(passkey, Client(REMOTE_ADDR="192.0.2.1"))[1].status_code == 200
    # And when the window has passed, so is the password's.
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=15))
    assert _try(PRIYA).status_code == 302


def test_a_crowd_at_one_organisation_is_slowed_for_seconds_and_never_shut_out():
    _, passkey = enrolled(PRIYA)
    for number in range(CROWD.tries + 1):
        said = _try(f"nobody{number}@ashbourne.example", address=f"198.51.100.{number}")
    for each in (said, _try(PRIYA, address="192.0.2.9")):
        if each.status_code == 429:  # not when the five seconds ended just then
            assert int(each["Retry-After"]) <= 6
    assert _try(CALLUM, slug="gravenhurst").status_code == 302
    assert sign_in(passkey)[1].status_code == 200


def _without_token(page) -> str:
    words = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page.content.decode())
    return re.sub(r"<time .*</time>", "", words)  # windows of two accounts end at different minutes


@pytest.mark.usefixtures("time_stands")
def test_an_address_that_does_not_exist_is_answered_and_slowed_like_one_that_does(monkeypatch):
    monkeypatch.setattr(sign_in_password, "CROWD", Limit("the test itself", 1000))
    answers = {}
    for email in (PRIYA, "nobody@ashbourne.example", "PRIYA.NAIR@ashbourne.example"):
        browser, seen = Client(REMOTE_ADDR=f"192.0.2.{len(email)}"), []
        for _ in range(6):
            said = browser.post(PAGE, {"email": email, "password": "a wrong one"})
            page = browser.post(f"{PAGE}code/", {"code": "123456"})
            seen += [(each.status_code, _without_token(each)) for each in (said, page)]
        answers[email] = seen
    first, unknown, same_in_capitals = answers.values()
    assert first == unknown
    assert [status for status, _ in first] == [302, 422] * 5 + [429, 429]
    assert {status for status, _ in same_in_capitals[::2]} == {429}  # an account is one account, however it is written


def test_a_wrong_password_and_an_unknown_address_cost_the_same_work(monkeypatch):
    """One hash each, of the one kind that takes time on purpose. Counted, because a busy machine cannot time it."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *a: hashed.append("one") or encode(*a))
    with at_the_door():
        Credential.of(person(PRIYA)).set("the right one of this person")
    work = {}
    for email, password in (
        (PRIYA, "a wrong one"), (PRIYA, "the right one of this person"), (TOM, "has none"), ("nobody@x.example", "?"),
    ):  # fmt: skip
        hashed.clear()
        assert _try(email, password=password).status_code == 302
        work[email, password] = len(hashed)
    assert set(work.values()) == {1}, work


def test_windows_end_by_themselves_and_count_for_all_processes(monkeypatch):
    with at_the_door():
        for _ in range(5):
            limits.count(PASSWORDS, "somebody")
        with pytest.raises(TooOften) as first:
            limits.count(PASSWORDS, "somebody")
        with pytest.raises(TooOften) as second:
            limits.count(PASSWORDS, "somebody")
        limits.count(PASSWORDS, "somebody else")
        limits.count(PASSKEYS, "somebody")
        assert (first.value.first, second.value.first) == (True, False)
        opens = first.value.opens_at
        assert timedelta(0) < opens - clock.now() <= timedelta(minutes=15)
        monkeypatch.setattr(clock, "now", lambda: opens)
        limits.count(PASSWORDS, "somebody")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "0.0.0.0"), ("not an address", "unknown"),
    ],
)  # fmt: skip
def test_all_addresses_of_one_machine_count_as_one(rf, address, counted):
    assert address_of(rf.get("/", REMOTE_ADDR=address)) == counted
