"""Isolation as people do it, on the running product, with devices: asked, approved, seen, appealed, lifted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.door import Door
from tests.browser.stage import call
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product


@pytest.fixture
def door(fresh_product: Running, browser: Any) -> Any:
    opened: list[Door] = []

    def make(name: str) -> Door:
        opened.append(Door(browser, fresh_product))
        opened[-1].device()
        opened[-1].enrol(name)
        return opened[-1]

    yield make
    for each in opened:
        each.context.close()


@pytest.fixture
def reference(fresh_product: Running) -> Any:
    opening = {"title": "Intruder on the identity platform", "systems": ["identity-platform"]}
    made = call(fresh_product, "ashbourne", "POST", "/incidents/", opening)["reference"]
    yield made
    moves = {"to": "closed", "outcome": "resolved"}
    for slug in ("ashbourne", "northgate"):  # whoever leads by now
        try:
            call(fresh_product, slug, "POST", f"/incidents/{made}/moves/", moves)
        except AssertionError:
            continue


def test_two_people_cut_an_organisation_off_and_two_reconnect_it(door, reference):
    ben, priya, gareth = door("Ben Ashcroft"), door("Priya Nair"), door("Gareth Lowe")
    ben.go("/my-tasks/")
    ben.page.locator("html[data-live-state=live]").wait_for()

    priya.go(f"/incidents/{reference}/organisations/dunmere/")
    priya.page.get_by_role("button", name="Isolate Dunmere").click()
    priya.arrives(f"/incidents/{reference}/isolate/dunmere/")
    faults = priya.look("isolate")
    priya.page.get_by_label("Cut off").check()
    priya.page.get_by_label("Why?").fill("Its directory sends orders that nobody gave.")
    priya.page.get_by_label("Brackenfield").check()
    priya.press("Ask for approval")
    priya.arrives("/approvals/")
    assert "Brackenfield is asked. Nothing has changed yet" in priya.words()
    assert priya.page.get_by_role("button", name="Approve, and do it now").count() == 0, "not whoever asked"
    faults += priya.look("approvals-asked")

    gareth.go("/approvals/")
    assert "Its directory sends orders that nobody gave." in gareth.words()
    assert gareth.page.get_by_role("link", name="Approvals").first.inner_text().split() == ["Approvals", "1", "waiting"]
    faults += gareth.look("approvals-waiting")
    gareth.press("Approve, and do it now")
    gareth.page.get_by_text("Approved, and done: Every session, key and socket of Dunmere ends").wait_for()

    ben.page.locator("#ended").wait_for(timeout=3000)
    assert "Ring the lead on the number on your card" in ben.words()
    ben.page.reload()
    assert "Dunmere is cut off at present" in ben.words()
    ben.errors.clear()  # a refused page is one
    faults += ben.look("cut-off")
    ben.go("/sign-in/")
    ben.press("Sign in with a passkey")
    ben.page.get_by_text("Dunmere is cut off at present").wait_for()
    ben.errors.clear()

    priya.go(f"/incidents/{reference}/")
    assert "Dunmere is cut off since" in priya.words()
    faults += priya.look("board-cut-off")
    priya.go(f"/incidents/{reference}/organisations/dunmere/")
    priya.follow("Why, and how it ends")
    faults += priya.look("isolation")
    priya.press("Call Dunmere back")
    assert "01632 960134" in priya.words()
    faults += priya.look("call-back")
    priya.page.get_by_label("Reached, and confirmed").check()
    priya.page.get_by_label("With whom did you speak?").fill("Grace Holloway, chief executive")
    priya.press("Write it down")
    priya.page.get_by_text("Appeals by call-back").wait_for()
    priya.press("Ask to lift it")
    faults += priya.look("lift")
    priya.page.get_by_label("trusted again").fill("Rebuilt from clean copies.")
    priya.page.get_by_label("Brackenfield").check()
    priya.press("Ask for approval")
    priya.arrives("/approvals/")
    gareth.go("/approvals/")
    assert "Grace Holloway" in gareth.words()
    gareth.press("Approve, and do it now")
    gareth.page.get_by_text("Approved, and done: “Cut off” ends for Dunmere").wait_for()

    ben.go("/my-tasks/")
    ben.arrives("/sign-in/")  # sessions from before stay ended
    ben.press("Sign in with a passkey")
    ben.arrives("/")
    assert "Good to see you, Ben Ashcroft" in ben.words()
    assert faults == [], "\n".join(faults)


def test_an_administrator_limits_the_own_organisation_and_another_one_takes_it_back(door, reference):
    nadia, peter, tom = door("Nadia Farouk"), door("Peter Lunn"), door("Tom Whitlock")
    tom.go(f"/incidents/{reference}/")
    nadia.go("/isolation/")
    faults = nadia.look("isolation-own")
    nadia.page.get_by_role("button", name="See what it does, and decide").nth(2).click()
    nadia.arrives("/isolation/steps/3/")
    assert "open tasks stay open" in nadia.words()
    nadia.press("Do it now")
    nadia.page.get_by_role("alert").wait_for()
    faults += [each for each in nadia.look("isolation-press-wrong") if "status of 422" not in each]
    nadia.errors.clear()
    nadia.page.get_by_label("Why?").fill("Orders that nobody gave.")
    nadia.press("Do it now")
    nadia.arrives("/isolation/")
    assert "In force since" in nadia.words()
    assert nadia.page.get_by_role("button", name="Take it back").count() == 0, "not whoever pressed"

    tom.page.locator("#ended").wait_for(timeout=3000)
    tom.go("/")
    tom.arrives("/my-tasks/")
    assert "You see your own tasks only" in tom.words()
    assert "Northgate IT Services, 01632 960190" in tom.words(), "who leads now"
    faults += tom.look("my-tasks-limited")
    tom.page.locator("#my-tasks article form button").click()
    tom.page.get_by_text("Northgate IT Services can see it").wait_for()
    tom.go("/incidents/")
    assert "My tasks still works" in tom.words()
    tom.errors.clear()

    peter.go("/isolation/")
    faults += peter.look("isolation-own-pressed")
    peter.press("Take it back")
    peter.page.get_by_text("Taken back at").wait_for()
    tom.go("/incidents/")
    assert "Intruder on the identity platform" in tom.words()
    assert faults == [], "\n".join(faults)
