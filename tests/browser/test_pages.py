"""Every page in a real browser, at desk, phone and smallest width: no error, no sideways scroll, no axe violation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import DESKTOP, RESTED, SHOTS, Looker, Window
from tests.browser.stage import arranged, sign_in_path, step_up_everybody
from tests.pages import GROUPS, LEAD, NOBODY
from tests.running import Running

pytestmark = pytest.mark.timeout(150)  # the first one also waits for the product and arranges five incidents


@pytest.fixture(scope="module")
def looker(product: Running, browser: Any) -> Iterator[Looker]:
    with arranged(product) as stage:
        storages = {}
        for who in {state.who for states in GROUPS.values() for state in states} - {NOBODY}:
            window = Window(browser, product, DESKTOP)
            storages[who] = window.sign_in(sign_in_path(product, who))
            window.context.close()
        step_up_everybody(product)
        looker = Looker(browser, product, stage, storages)
        yield looker
        looker.close()


@pytest.mark.parametrize("shape", ["desktop", "phone"])
@pytest.mark.parametrize("group", GROUPS)
def test_every_page_can_be_read_by_everybody(looker: Looker, group: str, shape: str):
    faults = [fault for state in GROUPS[group] for fault in looker.faults(state, shape)]
    assert faults == [], "\n".join(faults)


def test_a_screen_of_1280_by_800_holds_header_tiles_and_eight_rows(looker: Looker):
    window = looker.window(LEAD, "desktop")
    window.page.set_viewport_size({"width": 1280, "height": 800})
    window.page.goto(f"{looker.product.url}/incidents/{looker.stage['main']}/")
    window.say(RESTED)
    bottoms = window.say(
        "[...document.querySelectorAll('#board-rows > tr')].map(row => row.getBoundingClientRect().bottom)"
    )
    window.page.screenshot(path=str(SHOTS / "board-1280.png"))
    window.page.set_viewport_size(DESKTOP["viewport"])
    assert len(bottoms) == 7
    an_eighth = (bottoms[-1] - bottoms[0]) / 6
    assert bottoms[-1] + an_eighth <= 800, bottoms
