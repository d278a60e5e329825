"""The ways in for the worst day, on the running product, with devices: a break-glass account, a spoken code."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.door import Door
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product


@pytest.fixture
def door(product: Running, browser: Any) -> Any:
    opened: list[Door] = []

    def make(**how: Any) -> Door:
        opened.append(Door(browser, product, **how))
        opened[-1].device()
        return opened[-1]

    yield make
    for each in opened:
        each.context.close()


def test_a_break_glass_account_is_made_used_and_said_to_be_a_drill(door, product):
    administrator = door()
    administrator.enrol("Laura Finch")
    administrator.go("/people/break-glass/")
    administrator.page.get_by_label("Name of the account").fill("Safe, archive")
    administrator.press("Make the account")
    administrator.arrives("/people/**")
    administrator.press("Make an enrolment link")
    administrator.press("Make the link")
    link = administrator.page.locator("pre code").inner_text()

    safe = door()
    safe.page.goto(link)
    safe.page.locator("main form button").click()
    safe.arrives("/account/")
    safe.press("Set up a passkey")
    safe.arrives("/account/ways/**")
    safe.page.get_by_label("Nothing that we share").check()
    safe.page.locator("main form button").first.click()
    safe.arrives("/account/")
    assert "passkeys and nothing else" in safe.words()
    faults = safe.look("break-glass-account")
    safe.page.get_by_role("link", name="Is this a drill?").click()
    safe.arrives("/people/break-glass/")
    assert "You are signed in with Safe, archive" in safe.words()
    faults += safe.look("break-glass-signed-in")
    safe.press("This is a drill")
    safe.page.get_by_text("Recorded as a drill").wait_for()

    def drilled() -> list[str]:
        return [each["to"][0] for each in product.mail() if each["subject"].startswith("DRILL: ")]

    assert wait_for(lambda: any("@gravenhurst" in each for each in drilled()))
    assert faults == [], "\n".join(faults)


def test_somebody_without_any_way_in_is_let_in_by_two_others(door):
    first, second = door(), door()
    first.enrol("Maeve Donnelly")
    second.enrol("Helen Strand")
    first.go("/approvals/")
    first.page.get_by_role("link", name="Somebody of another organisation has lost every way in").click()
    first.page.get_by_role("link", name="Eastwick").click()
    first.press("Show the registered number")
    assert "01632 960" in first.words()
    first.page.get_by_label("Reached, and confirmed").check()
    first.page.get_by_label("Whom did you speak with?").fill("Owen Prosser")
    first.press("Write the call down")
    first.page.get_by_label("Who is to be let in?").fill("Farah Siddiqui")
    first.page.get_by_label("Why is every other way in lost?").fill("Her phone is locked with the rest")
    first.page.get_by_label("Which organisation approves?").select_option("northgate")
    faults = first.look("emergency-asking")
    first.press("Ask for approval")
    first.arrives("/emergency/requests/**")
    faults += first.look("emergency-asked")

    second.go("/approvals/")
    assert "The registered number was rung at" in second.words()
    faults += second.look("emergency-approving")
    second.press("Approve, and do it now")
    second.page.get_by_text("Approved and done").first.wait_for()

    first.press("Load again")
    first.press("Show the code")
    code = re.search(r"\b[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}\b", first.words())
    assert code is not None
    faults += first.look("emergency-code")

    night = door()
    night.go("/sign-in/")
    night.page.get_by_role("link", name="I was given a code over the telephone").click()
    night.page.get_by_label("Code").fill(code.group().lower())
    night.press("Sign in")
    night.arrives("/my-tasks/")
    assert "You are signed in for your organisation" in night.page.locator("body").inner_text()
    faults += night.look("emergency-signed-in")
    night.go("/account/")
    night.press("Add a passkey")
    night.arrives("/account/ways/**")
    night.go("/partners/")
    assert "does not reach this page" in night.page.locator("body").inner_text()
    assert faults == [], "\n".join(faults)
