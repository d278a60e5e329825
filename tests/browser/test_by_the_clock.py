"""What no event tells still comes to an open page: once a minute it is fetched, and nothing flashes for it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.browser.looking import DESKTOP, Window
from tests.browser.stage import call, sign_in_path
from tests.running import Running, wait_for

LATE = """
UPDATE incidents_task t SET acknowledge_by = now() - interval '1 minute' FROM incidents_incident i
 WHERE i.id = t.incident_id AND i.reference = %s AND t.status = 'waiting'
"""
OVER = """
UPDATE incidents_incident SET status = 'closed', outcome = 'resolved', closed_at = now() WHERE reference = %s
"""


@pytest.mark.timeout(180)  # the product starts in it
def test_a_task_that_becomes_overdue_turns_on_an_open_page(browser: Any, product: Running):
    body = {"title": "A time passes", "systems": ["identity-platform"], "severity": 4}
    reference = call(product, "ashbourne", "POST", "/incidents/", body)["reference"]
    window = Window(browser, product, DESKTOP)
    try:
        window.sign_in(sign_in_path(product, "Priya Nair"))
        window.page.clock.install()
        window.page.goto(f"{product.url}/incidents/{reference}/")
        board = window.page.locator("#board")

        def fetched() -> int:
            return int(board.get_attribute("data-js-refreshed") or 0)

        def seq() -> str:
            return window.page.locator("html").get_attribute("data-live-seq") or ""

        before = board.inner_text().lower().count("overdue")
        with psycopg.connect(product.database_url) as owner:
            assert owner.execute(LATE, [reference]).rowcount > 10
        seen = None
        while seen is None or seen != seq():  # again if an event came meanwhile: what that changes is marked
            had = -1
            while had != fetched():  # until no event comes any more: what comes then comes by the clock
                had = fetched()
                window.page.wait_for_timeout(1_500)
            seen = seq()
            window.page.clock.run_for(71_000)
            wait_for(lambda had=had: fetched() > had)
            wait_for(lambda: board.inner_text().lower().count("overdue") > before)
        assert window.page.locator("#board .is-changed").count() == 0
    finally:
        window.context.close()
        with psycopg.connect(product.database_url) as owner:
            owner.execute(OVER, [reference])
