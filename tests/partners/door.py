"""People at the door, in tests: who they are, and browsers that sign in as they would."""

from __future__ import annotations

from typing import Any

from django.test import Client

from partners.models import Person, SignInLink
from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door
from tests.partners.soft_passkey import SoftPasskey

PRIYA, TOM, CALLUM = (
    "priya.nair@ashbourne.example", "tom.whitlock@ashbourne.example", "callum.reid@gravenhurst.example",
)  # fmt: skip


def person(email: str = PRIYA) -> Person:
    with at_the_door():
        return Person.objects.select_related("organisation").get(email=email)


def by_link(email: str = PRIYA, purpose: str = SignInLink.Purpose.ENROLMENT) -> Client:
    """A browser that has pressed the button of a fresh link."""
    browser = Client()
    with at_the_door():
        link = make_sign_in_link(person(email), purpose)
    assert browser.post(link).status_code == 302
    return browser


def post(browser: Client, path: str, body: Any = None) -> Any:
    return browser.post(path, body or {}, content_type="application/json")


def options(browser: Client, path: str) -> dict[str, Any]:
    said = post(browser, path)
    assert said.status_code == 200, said.content
    found: dict[str, Any] = said.json()["publicKey"]
    return found


def enrol(browser: Client, passkey: SoftPasskey | None = None) -> SoftPasskey:
    """Add a passkey in this browser; it must be accepted."""
    passkey = passkey or SoftPasskey()
    made = passkey.make(options(browser, "/account/passkeys/options/"))
    said = post(browser, "/account/passkeys/", {"passkey": made})
    assert said.status_code == 200, said.content
    return passkey


def sign_in(passkey: SoftPasskey, browser: Client | None = None) -> tuple[Client, Any]:
    """The browser afterwards, and what the door said."""
    browser = browser or Client()
    used = passkey.use(options(browser, "/sign-in/passkey/options/"))
    return browser, post(browser, "/sign-in/passkey/", {"passkey": used})


def step_up(browser: Client, passkey: SoftPasskey, **more: Any) -> Any:
    used = passkey.use(options(browser, "/sign-in/again/options/"))
    return post(browser, "/sign-in/again/", {"passkey": used, **more})


def enrolled(email: str = PRIYA) -> tuple[Client, SoftPasskey]:
    browser = by_link(email)
    return browser, enrol(browser)
