"""Opening by keyboard alone: the field offers, arrows choose, Enter takes, and the form holds what was taken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.looking import AXE, DESKTOP, Window, axe_source
from tests.browser.stage import sign_in_path
from tests.pages import LEAD
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product


def test_systems_and_accounts_are_found_and_taken_by_keys(product: Running, browser: Any) -> None:
    window = Window(browser, product, DESKTOP)
    window.sign_in(sign_in_path(product, LEAD))
    page = window.page
    page.goto(f"{product.url}/incidents/open/")
    field = page.get_by_role("combobox", name="Find a system, account or organisation")
    field.focus()
    assert field.get_attribute("aria-expanded") == "false"
    page.keyboard.insert_text("iden")
    options = page.get_by_role("option")
    options.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    assert field.input_value() == "iden"
    page.keyboard.press("ArrowDown")
    active = field.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert "Identity platform" in page.locator(f"#{active}").inner_text()
    page.keyboard.press("Enter")
    assert page.get_by_label("Identity platform").first.is_checked()
    assert field.input_value() == ""
    page.get_by_text("Taken: Identity platform").wait_for()
    page.keyboard.insert_text("svc-backup@ashbourne")
    options.first.wait_for()
    page.keyboard.press("Enter")
    assert page.get_by_label("Accounts").input_value() == "svc-backup@ashbourne"
    page.keyboard.insert_text("zzzz")
    page.get_by_text("Nothing of this name").wait_for()
    page.keyboard.press("Enter")  # sends nothing
    assert page.url.endswith("/incidents/open/")
    page.get_by_role("button", name="Open and notify").wait_for()  # the preview came by itself
    field.fill("iden")
    options.first.wait_for()
    page.evaluate(axe_source())
    assert window.say(AXE) == []
    window.context.close()
