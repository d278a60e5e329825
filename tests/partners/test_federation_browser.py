"""Brackenfield's own sign-in on the running product: Anita comes in by it, a stranger does not, and it may be away."""

from __future__ import annotations

import os
import re
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.browser.looking import DESKTOP, PHONE, SEEN, SHOTS, Window
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(150)  # the first one also waits for the product
PAGE = "/sign-in/brackenfield/"
AT_THE_PROVIDER = "Who are you?"


def answers(product: Running) -> bool:
    try:
        address = f"{product.demo['identity_provider_url']}/.well-known/openid-configuration"
        return urllib.request.urlopen(address, timeout=2).status == 200
    except (OSError, urllib.error.URLError):
        return False


def forget(product: Running) -> None:
    """A minute has passed since the provider was last looked at."""
    with psycopg.connect(product.database_url) as connection:
        connection.execute("UPDATE partners_identityprovider SET checked_at = NULL")


@pytest.fixture(params=["desktop", "phone"])
def window(request: Any, browser: Any, product: Running) -> Iterator[Window]:
    wait_for(lambda: answers(product), seconds=20)
    forget(product)
    window = Window(browser, product, {"desktop": DESKTOP, "phone": PHONE}[request.param])
    window.shape = request.param  # type: ignore[attr-defined]
    yield window
    window.context.close()


def looks_right(window: Window, name: str) -> None:
    seen = window.say(SEEN)
    assert seen["wide"] <= 0, seen["widest"]
    assert seen["small"] == []
    SHOTS.mkdir(parents=True, exist_ok=True)
    window.page.screenshot(path=str(SHOTS / f"{name}-{window.shape}.png"), full_page=True)  # type: ignore[attr-defined]
    assert window.errors == []


def go_to_the_provider(window: Window) -> None:
    window.page.goto(window.product.url + PAGE)
    looks_right(window, "sign-in-own-provider")
    window.page.get_by_role("button", name=re.compile("Go to 127.0.0.1")).click()
    window.page.get_by_role("heading", name=AT_THE_PROVIDER).wait_for()


def test_anita_signs_in_by_her_organisations_own_provider(window: Window):
    go_to_the_provider(window)
    window.page.get_by_role("button", name="anita.desai").click()
    window.page.wait_for_url(f"{window.product.url}/")
    assert "Anita Desai" in window.page.content()
    window.page.goto(f"{window.product.url}/account/")
    looks_right(window, "account-own-provider")
    assert window.page.get_by_role("button", name="Disconnect").is_visible()
    assert window.page.goto(f"{window.product.url}/incidents/").status == 200


def test_gareth_whose_provider_asks_for_a_password_only_has_one_more_step(window: Window):
    go_to_the_provider(window)
    window.page.get_by_role("button", name="gareth.lowe").click()
    window.page.wait_for_url(f"{window.product.url}/account/")
    looks_right(window, "account-half-way-provider")
    window.page.goto(f"{window.product.url}/incidents/")
    assert "/incidents/" not in window.page.url


def test_a_subject_that_nobody_connected_is_told_what_to_do(window: Window):
    go_to_the_provider(window)
    window.page.get_by_label("Subject").fill("anita.desai@brackenfield.example")
    window.page.get_by_role("button", name="Sign in", exact=True).click()
    window.page.get_by_role("heading", name="does not know you").wait_for()
    assert "Connect your organisation" in window.page.content()
    looks_right(window, "sign-in-unknown-subject")
    window.page.goto(f"{window.product.url}/incidents/")
    assert "/sign-in/" in window.page.url


def test_when_the_provider_hangs_nobody_waits_for_it(window: Window):
    """It takes the connection and says nothing, which is what an overloaded or taken-over one does."""
    page, product = window.page, window.product
    (pid,) = product.pids("portal.demo_provider")
    os.kill(pid, signal.SIGSTOP)
    try:
        where = urlsplit(product.demo["identity_provider_url"])
        socket.create_connection((where.hostname, where.port), timeout=2).close()  # it is there
        assert not answers(product)
        forget(product)
        page.goto(product.url + PAGE, timeout=10_000)
        assert "does not answer just now" in page.content()
        assert page.locator("main button").first.inner_text() == "Sign in with a passkey"
    finally:
        os.kill(pid, signal.SIGCONT)


def test_when_the_provider_is_killed_the_passkey_comes_first_and_the_page_says_why(window: Window):
    page, product = window.page, window.product

    def page_says_so() -> bool:
        # The supervisor starts it again, each time a little later: killed until a look falls into the gap.
        if answers(product):
            assert product.kill("portal.demo_provider") == 1
        forget(product)
        page.goto(product.url + PAGE)
        return "does not answer just now" in page.content()

    wait_for(page_says_so, seconds=30)
    assert page.get_by_role("button", name=re.compile("Go to 127.0.0.1")).count() == 0
    assert page.locator("main button").first.inner_text() == "Sign in with a passkey"
    looks_right(window, "sign-in-provider-away")
