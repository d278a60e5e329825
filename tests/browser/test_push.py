"""Notices in a real browser: the service worker shows what is pushed; without a push service the page says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import PHONE, Window
from tests.browser.stage import sign_in_path, step_up_everybody
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
WHO = "Ben Ashcroft"
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({title, body, tag}) => [title, body, tag])"""
# A look that comes between its being kept and its being displayed makes Chromium forget a notice for good (in 5 of 24
# tries here), so the worker says when it has been shown, and nobody looks before.
COUNT = """() => {
    const show = self.registration.showNotification.bind(self.registration);
    self.shown = 0;
    self.registration.showNotification = (...words) => show(...words).then(() => { self.shown += 1; });
}"""
TAPPED = """async () => {
    const [notice] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", {notification: notice}));
}"""


@pytest.fixture
def phone(browser: Any, product: Running) -> Iterator[Window]:
    window = Window(browser, product, PHONE)
    window.context.grant_permissions(["notifications"], origin=product.url)
    window.sign_in(sign_in_path(product, WHO))
    step_up_everybody(product)
    yield window
    window.context.close()


def test_what_is_pushed_is_shown_and_a_tap_puts_it_away(phone: Window, product: Running):
    page = phone.page
    page.goto(f"{product.url}/partners/contacts/mine/browser/")
    speaker = phone.context.new_cdp_session(page)
    registered: list[str] = []
    speaker.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registered.extend(each["registrationId"] for each in said["registrations"]),
    )
    speaker.send("ServiceWorker.enable")
    scope = page.evaluate(
        "async () => { await navigator.serviceWorker.register('/sw.js');"
        " return (await navigator.serviceWorker.ready).scope }"
    )
    assert scope == f"{product.url}/"
    for _ in range(100):
        if not registered:
            page.wait_for_timeout(20)  # events arrive while the browser is waited for
    assert registered

    (worker,) = phone.context.service_workers
    worker.evaluate(COUNT)

    def push(data: str) -> list[list[str]]:
        before = worker.evaluate("self.shown")
        speaker.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": product.url, "registrationId": registered[-1], "data": data},
        )
        wait_for(lambda: worker.evaluate("self.shown") == before + 1)
        return page.evaluate(SHOWN)

    notice = {"title": "Bulkhead: you have a notice", "body": "INC-7KQ4, code AB12 CD34.", "tag": "one"}
    assert push(json.dumps(notice)) == [[notice["title"], notice["body"], "one"]]
    worker.evaluate(TAPPED)
    wait_for(lambda: page.evaluate(SHOWN) == [])
    assert push("not one of ours") == [["Bulkhead", "", "bulkhead"]], "the browser wants one shown all the same"


def test_without_a_push_service_the_page_says_that_it_did_not_work(phone: Window, product: Running):
    phone.page.goto(f"{product.url}/partners/contacts/mine/browser/")
    phone.page.get_by_role("button", name="Switch notices on here").click()
    phone.page.locator("[data-push-status=failed]").wait_for()
    assert phone.page.url.endswith("/partners/contacts/mine/browser/")
