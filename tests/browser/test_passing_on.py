"""The lead passes on, a wall screen is paired and ended, a guest reads: in a real browser, with real sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.browser.looking import AXE, DESKTOP, PHONE, RESTED, SHOTS, Window, axe_source
from tests.browser.stage import call, sign_in_path, step_up_everybody
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
LEAD, ASKED = "Priya Nair", "Alan Birtles"
WALL = "[...document.querySelectorAll('#wall')].map(each => each.innerText).join('')"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def reference(product: Running) -> Iterator[str]:
    body = {"title": "Intruder on the platform", "systems": ["identity-platform"], "severity": 2}
    found = call(product, "ashbourne", "POST", "/incidents/", body)["reference"]
    yield found
    with psycopg.connect(product.database_url) as owner:  # whoever leads by then has no key that may close it
        owner.execute(
            "UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now()"
            " WHERE reference = %s",
            [found],
        )


@pytest.fixture
def windows(browser: Any, product: Running) -> Iterator[Any]:
    opened: list[Window] = []

    def window(who: str = "", shape: dict[str, Any] = DESKTOP) -> Window:
        made = Window(browser, product, shape)
        if who:
            made.sign_in(sign_in_path(product, who))
            step_up_everybody(product)
        opened.append(made)
        return made

    yield window
    for each in opened:
        each.context.close()


def looked_at(window: Window, name: str, *, by_axe: bool = True) -> None:
    """A picture of it, and nothing that axe or the width objects to; boards are looked at by axe elsewhere."""
    window.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)
    if by_axe:
        window.say(axe_source())
        assert window.say(AXE) == []
    assert window.say(WIDE) <= 0, name


def test_the_lead_asks_and_the_other_side_takes_it(product: Running, windows: Any, reference: str):
    SHOTS.mkdir(parents=True, exist_ok=True)
    lead, asked = windows(LEAD), windows(ASKED, PHONE)
    lead.page.goto(f"{product.url}/incidents/{reference}/hand-over/")
    lead.page.get_by_label("Dunmere", exact=True).check()
    lead.page.get_by_label("Why?").fill("Our people have been up for 14 hours")
    lead.page.get_by_role("button", name="Offer the lead").click()
    lead.page.get_by_text("is asked to take the lead from us").wait_for()
    looked_at(lead, "hand-over-offered-desktop", by_axe=False)
    for path, name in ((f"/incidents/{reference}/", "board"), ("/my-tasks/", "tasks")):
        asked.page.goto(product.url + path)
        asked.say(RESTED)
        asked.page.get_by_text(f"You are asked to take the lead of {reference}").wait_for()
        looked_at(asked, f"hand-over-asked-{name}-phone", by_axe=False)
    asked.page.get_by_role("link", name="Take the lead, or decline").click()
    asked.page.get_by_role("heading", name=f"Take the lead of {reference}?").wait_for()
    looked_at(asked, "hand-over-answer-phone")
    asked.page.get_by_role("button", name="Take the lead").click()
    asked.page.get_by_text(f"You lead {reference} now").wait_for()
    # The old lead's board says so by itself, and its buttons are gone.
    lead.page.get_by_text("Dunmere leads now").first.wait_for()
    wait_for(lambda: lead.page.get_by_role("button", name="Stand down").count() == 0, seconds=5)
    looked_at(lead, "hand-over-done-desktop", by_axe=False)
    assert lead.errors == []
    assert asked.errors == []


def test_a_wall_shows_the_incident_and_ends_by_itself(product: Running, windows: Any, reference: str):
    SHOTS.mkdir(parents=True, exist_ok=True)
    lead, wall = windows(LEAD), windows()
    lead.page.goto(f"{product.url}/incidents/{reference}/displays/")
    lead.page.get_by_label("Where does it stand?").fill("Control room")
    lead.page.get_by_role("button", name="Make a code").click()
    code = lead.page.locator(".pairing-code").inner_text()
    looked_at(lead, "displays-code-desktop")
    wall.page.goto(f"{product.url}/display/")
    wall.page.get_by_label("Code of 8 characters").fill(code.lower())
    wall.page.get_by_role("button", name="Show the incident").click()
    wall.page.get_by_text("Live", exact=True).wait_for()
    said = wall.say(WALL)
    assert reference in said
    assert "Intruder on the platform" not in said
    assert not re.search(r"\b0\d{4} \d{6}\b", said)
    for look, size in (("dark", DESKTOP["viewport"]), ("light", DESKTOP["viewport"]), ("dark", PHONE["viewport"])):
        wall.page.set_viewport_size(size)
        wall.page.goto(f"{product.url}/display/wall/?look={look}")
        wall.page.get_by_text("Live", exact=True).wait_for()
        looked_at(wall, f"wall-{look}-{size['width']}")
    # Without an answer it says since when; with one it is live again.
    wall.context.set_offline(True)
    wall.page.get_by_text(re.compile(r"Stale since \d\d:\d\d")).wait_for()
    wall.page.screenshot(path=str(SHOTS / "wall-stale.png"))
    wall.context.set_offline(False)
    wall.page.get_by_text("Live", exact=True).wait_for()
    wall.context.set_offline(True)
    lead.page.goto(f"{product.url}/incidents/{reference}/displays/")
    lead.page.get_by_role("button", name="End Control room").click()
    lead.page.get_by_text("Ended.").wait_for()
    wall.context.set_offline(False)
    wall.page.get_by_text("This screen shows no incident").wait_for()
    looked_at(wall, "wall-ended")
    assert lead.errors == []


def test_a_guest_reads_its_page_and_no_other(product: Running, windows: Any, reference: str):
    SHOTS.mkdir(parents=True, exist_ok=True)
    lead, name = windows(LEAD), f"Ines {uuid4().hex[:6]}"
    lead.page.goto(f"{product.url}/guests/")
    lead.page.get_by_label("Name").fill(name)
    lead.page.get_by_label("E-mail address").fill(f"{name.replace(' ', '.')}@response.example")
    lead.page.get_by_label("Who are they?").select_option("responder")
    lead.page.get_by_label("our own status and our steps").check()
    lead.page.get_by_label("our own legal deadlines").check()
    looked_at(lead, "guests-desktop")
    lead.page.get_by_role("button", name="Let them in").click()
    lead.page.get_by_role("button", name="Make an enrolment link").click()
    lead.page.get_by_text("Hand it over now").wait_for()
    looked_at(lead, "guest-link-desktop")
    guest = windows(name, PHONE)
    guest.page.get_by_role("heading", name="Shared with you by Ashbourne").wait_for()
    looked_at(guest, "guest-phone")
    guest.page.goto(f"{product.url}/incidents/{reference}/")
    guest.page.get_by_text("This sign-in does not reach this page").wait_for()
    lead.page.reload()
    lead.page.goto(f"{product.url}/guests/")
    lead.page.get_by_role("link", name=name).click()
    lead.page.get_by_role("button", name=f"End now: {reference}").click()
    lead.page.get_by_text("reads nothing of").wait_for()
    guest.page.goto(f"{product.url}/guest/")
    assert "/guest/" not in guest.page.url
    assert lead.errors == []
