"""In three clicks from the first page: the backup account whose permission lapsed, to an open incident."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.looking import DESKTOP, Window
from tests.browser.stage import sign_in_path
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the product starts in it


def test_three_clicks_lead_from_the_first_page_to_an_open_incident(browser: Any, product: Running):
    window = Window(browser, product, DESKTOP)
    page = window.page
    window.sign_in(sign_in_path(product, "Priya Nair"))
    page.goto(product.url)
    page.get_by_role("link", name="One first sight waits for a decision").click()
    page.get_by_role("link", name="svc-backup@ashbourne").wait_for()
    assert "Use of a lapsed permission" in page.locator("main").inner_text()
    page.get_by_role("button", name="Open an incident").click()
    preview = page.locator("[data-preview]").inner_text()
    assert "Fernleigh" in preview, "the radius is filled in"
    assert page.get_by_label("File services").is_checked()
    page.get_by_role("button", name="Open and notify").click()
    page.wait_for_url("**/incidents/INC-*/**")
    page.goto(f"{product.url}/first-sights/")
    assert "Opened an incident" in page.locator("main").inner_text()
    window.context.close()
