"""Signing in as people do, on the running product, with Chromium's virtual authenticators."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.door import Door, code_now
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
PASSWORD = "seven vales by night"


@pytest.fixture
def door(product: Running, browser: Any) -> Any:
    opened: list[Door] = []

    def make(**how: Any) -> Door:
        opened.append(Door(browser, product, **how))
        return opened[-1]

    yield make
    for each in opened:
        each.context.close()


def test_a_person_enrols_by_link_signs_in_by_passkey_and_steps_up(door):
    first = door()
    first.device()
    first.enter_by_link("Sunita Rao")
    faults = first.look("enrolment")
    first.go("/my-tasks/")
    first.arrives("/sign-in/")  # nothing else opens yet
    assert "You have begun to sign in as Sunita Rao" in first.words()
    first.go("/account/")
    first.press("Set up a passkey")
    first.arrives("/account/ways/**")
    faults += first.look("enrolment-way")
    first.press("Keep, and go on to your recovery codes")
    assert "Say what it needs to work" in first.words()
    first.page.get_by_label("Nothing that we share").check()
    first.press("Keep, and go on to your recovery codes")
    first.arrives("/account/recovery-codes/")
    first.press("Show my ten codes")
    first.page.locator("#codes li").nth(9).wait_for()
    assert first.page.locator("#codes li").count() == 10
    faults += first.look("recovery-codes")
    first.press("I have kept them")
    first.arrives("/account/")
    faults += first.look("account-with-passkey")
    assert "10 recovery codes left" in first.words()

    first.press("Sign out")
    first.arrives("/")
    first.go("/my-tasks/")
    first.arrives("/sign-in/")
    first.press("Sign in with a passkey")
    first.arrives("/")
    assert "Good to see you, Sunita Rao" in first.words()

    first.go("/sign-in/again/?next=/my-tasks/")
    faults += first.look("again")
    first.press("Use your passkey")
    first.arrives("/my-tasks/")
    first.go("/sign-in/again/?next=https://evil.example/")
    first.press("Use your passkey")
    first.arrives("/account/")
    assert faults == [], "\n".join(faults)


def test_what_goes_wrong_with_a_passkey_is_said_in_plain_words(door):
    window = door()
    window.device()
    window.enrol("Grace Holloway")
    window.go("/sign-out/")
    window.press("Sign out")
    window.arrives("/")
    window.go("/sign-in/")
    window.unverified()
    window.press("Sign in with a passkey")
    window.page.get_by_text("No passkey was used.").wait_for()
    faults = window.look("sign-in-not-used")
    window.forget_passkeys()
    window.press("Sign in with a passkey")
    window.page.get_by_text("No passkey was used.").wait_for()
    window.go("/my-tasks/")
    window.arrives("/sign-in/")
    assert faults == [], "\n".join(faults)

    without = door(scripts=False)
    without.go("/sign-in/")
    assert "Your browser does not run this page's script" in without.words()
    assert not without.page.get_by_role("button", name="Sign in with a passkey").is_visible()


def test_without_a_device_a_password_and_an_app_let_in_and_lead_to_a_passkey(door):
    window = door()
    window.enter_by_link("Owen Prosser")
    window.page.get_by_role("link", name="Set up a password and an app").click()
    window.arrives("/account/app/")
    faults = window.look("app-with-password")
    secret = window.page.locator("main strong.mono").inner_text()
    window.page.get_by_label("Password").fill(PASSWORD)
    window.page.get_by_label("The code that the app shows now").fill("000000")
    window.press("Set it up")
    window.page.get_by_role("alert").wait_for()
    window.page.get_by_label("Password").fill(PASSWORD)
    window.page.get_by_label("The code that the app shows now").fill(code_now(secret))
    window.press("Set it up")
    window.arrives("/account/recovery-codes/")
    window.press("Show my ten codes")
    window.page.locator("#codes li").nth(9).wait_for()
    codes = window.page.locator("#codes li").all_inner_texts()
    window.go("/sign-out/")
    window.press("Sign out")
    window.arrives("/")

    def sign_in(code: str, password: str = PASSWORD) -> None:
        window.go("/sign-in/?organisation=eastwick")
        window.arrives("/sign-in/eastwick/")
        window.page.get_by_label("E-mail address").fill("owen.prosser@eastwick.example")
        window.page.get_by_label("Password").fill(password)
        window.press("Go on")
        window.arrives("/sign-in/eastwick/code/")
        window.page.get_by_label("Code").fill(code)
        window.press("Sign in")

    window.go("/sign-in/eastwick/")
    faults += window.look("organisation")
    sign_in(code_now(secret, later=1), password="not the password at all")
    window.page.get_by_text("We do not say which").wait_for()
    faults += [each for each in window.look("code-wrong") if "status of 422" not in each]
    window.errors.clear()
    sign_in(code_now(secret, later=1))
    window.arrives("/")
    assert "Good to see you, Owen Prosser" in window.words()

    # A recovery code instead: it opens nothing but a new passkey.
    other = door()
    other.device()
    other.go("/sign-in/eastwick/recovery/")
    faults += other.look("recovery")
    other.page.get_by_label("E-mail address").fill("owen.prosser@eastwick.example")
    other.page.get_by_label("Recovery code").fill(codes[3].lower().replace("-", " "))
    other.press("Go on")
    other.arrives("/account/")
    assert "Your recovery code is used up" in other.words()
    faults += other.look("recovered")
    other.go("/incidents/")
    other.arrives("/sign-in/")
    other.go("/account/")
    other.press("Set up a passkey")
    other.arrives("/account/ways/**")
    other.page.get_by_label("A shared system").check()
    systems = other.page.get_by_label("Which system?")
    systems.select_option(index=1)
    system = systems.locator("option").nth(1).inner_text()
    other.press("Keep")
    other.arrives("/account/")
    assert system in other.words()
    assert "9 recovery codes left" in other.words()
    faults += other.look("account-everything")

    # The list shows the other browser, and ends it.
    other.page.get_by_role("button", name="End", exact=False).first.click()
    other.page.get_by_text("1 session has ended.").wait_for()
    window.go("/my-tasks/")
    window.arrives("/sign-in/")
    other.go("/my-tasks/")
    other.arrives("/my-tasks/")
    assert faults == [], "\n".join(faults)
