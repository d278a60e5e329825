"""Whom no message reaches is rung by a person: a text message fails, and the call list shows number and script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.browser.looking import AXE, PHONE, SHOTS, Window, axe_source
from tests.browser.stage import call, sign_in_path
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
FAILS = "+447700900002"  # one of GOV.UK Notify's numbers for tests: it takes the message and reports that it failed
DESK = "+441632960135"
OTHERS = "organisation_id = %s AND kind IN ('sms', 'push')"


@pytest.fixture
def dunmere_without_mail(product: Running) -> Iterator[None]:
    """Its mailboxes are read by somebody else; there are one number for text messages, which fails, and a telephone."""
    with psycopg.connect(product.database_url) as owner:
        (organisation,) = owner.execute("SELECT id FROM partners_organisation WHERE slug = 'dunmere'").fetchone()
        owner.execute(
            "UPDATE partners_contactpoint SET trust = 'compromised', trust_because = 'Somebody else reads it.'"
            " WHERE organisation_id = %s AND kind = 'email'",
            [organisation],
        )
        owner.execute(f"UPDATE partners_contactpoint SET is_active = false WHERE {OTHERS}", [organisation])
        added = [uuid4(), uuid4()]
        for point, kind, number in zip(added, ("sms", "phone"), (FAILS, DESK), strict=True):
            owner.execute(
                "INSERT INTO partners_contactpoint (id, organisation_id, kind, address, label, trust, trust_because,"
                ' is_active, is_private, "order") VALUES (%s, %s, %s, %s, %s, %s, %s, true, false, 0)',
                [point, organisation, kind, number, "Duty desk", "trusted", ""],
            )
    yield
    with psycopg.connect(product.database_url) as owner:
        owner.execute("UPDATE partners_contactpoint SET is_active = false WHERE id = ANY (%s)", [added])
        again = f"UPDATE partners_contactpoint SET is_active = true WHERE {OTHERS} AND id <> ALL (%s)"
        owner.execute(again, [organisation, added])
        owner.execute(
            "UPDATE partners_contactpoint SET trust = 'trusted', trust_because = '' WHERE organisation_id = %s",
            [organisation],
        )


@pytest.mark.usefixtures("dunmere_without_mail")
def test_a_message_that_fails_everywhere_is_a_call_with_number_and_script(product: Running, browser: Any) -> None:
    body = {"title": "Intruder on the platform", "systems": ["identity-platform"], "severity": 2}
    reference = call(product, "ashbourne", "POST", "/incidents/", body)["reference"]
    path = f"/incidents/{reference}/deliveries/?limit=1000"

    def dead() -> bool:
        found = call(product, "ashbourne", "GET", path)["results"]
        sms = [each for each in found if each["organisation"] == "dunmere" and each["way"] == "Text message"]
        return any(each["state"] == "dead" and "no such number" in each["because"] for each in sms)

    wait_for(dead, seconds=20)
    window = Window(browser, product, PHONE)
    try:
        window.sign_in(sign_in_path(product, "Priya Nair"))
        page = window.page

        def on_the_list() -> bool:
            page.goto(f"{product.url}/incidents/{reference}/calls/")
            return page.get_by_role("heading", name="Dunmere: the duty desk").count() == 1

        wait_for(on_the_list, seconds=15)
        assert page.get_by_text(re.compile(r"Calls by a person \([1-9]")).count() == 1
        assert DESK[-6:] not in page.content().replace(" ", "")
        page.goto(f"{product.url}/incidents/{reference}/")
        page.get_by_role("link", name=re.compile("^Call now.*Dunmere")).click()
        page.get_by_role("button", name="Take this call").click()
        ring = page.get_by_role("link", name=re.compile("^Call 01632 960 ?135|^Call .*960135"))
        assert ring.get_attribute("href") == f"tel:{DESK}"
        assert ring.bounding_box()["height"] >= 44
        said = page.locator("main").inner_text()
        assert reference in said
        assert "ring the number on your card" in said
        assert "platform" not in said  # nothing of substance
        window.say(axe_source())
        assert window.say(AXE) == []
        page.screenshot(path=str(SHOTS / "call-list-number.png"), full_page=True)
        page.get_by_label("Reached, they have it").check()
        page.get_by_role("checkbox", name="They acknowledge").check()
        page.get_by_role("button", name="Write it down").click()
        page.get_by_text("Write whom you spoke with").first.wait_for()
        page.get_by_label("Whom did you speak with?").fill("Sunita Rao")
        page.get_by_role("button", name="Write it down").click()
        page.get_by_text("they were told by telephone").wait_for()
        assert "reported by Sunita Rao" in page.locator("main").inner_text()
        page.goto(f"{product.url}/incidents/{reference}/")
        assert "by telephone" in page.locator("main").inner_text()
    finally:
        window.context.close()
        call(product, "ashbourne", "POST", f"/incidents/{reference}/moves/", {"to": "closed", "outcome": "resolved"})
