"""Every page in a real browser, at desk, phone and smallest width: no error, no sideways scroll, no axe violation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import DESKTOP, RESTED, SHOTS, TABLET, Looker, Window
from tests.browser.stage import arranged, call, sign_in_path, step_up_everybody
from tests.pages import GROUPS, LEAD, NOBODY
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product and arranges five incidents


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


def test_a_screen_of_1280_by_800_holds_header_tiles_and_eight_rows(looker: Looker):
    """The first of all: as the stage was arranged, before the pages were acted on."""
    for slug, service in (("brackenfield", "Telecare"), ("coldharbour", "Log-in for all staff")):
        down = {"service": service, "state": "down"}
        call(looker.product, slug, "POST", f"/incidents/{looker.stage['main']}/services/", down)
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
    assert window.page.locator("#board-rows th", has_text="not working").count() == 2
    an_eighth = (bottoms[-1] - bottoms[0]) / 6
    assert bottoms[-1] + an_eighth <= 800, bottoms


def test_whom_to_call_is_in_sight_where_the_steps_scroll_sideways(looker: Looker):
    window = looker.window(LEAD, "desktop")
    window.page.set_viewport_size(TABLET)
    window.page.goto(f"{looker.product.url}/incidents/{looker.stage['main']}/")
    window.say(RESTED)
    wider = window.say("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.matrix-scroll'))")
    boxes = window.say(
        "[...document.querySelectorAll('.ladder .call, .ladder .press')].map(each => each.getBoundingClientRect())"
        ".map(box => [box.left, box.right])"
    )
    window.page.set_viewport_size(DESKTOP["viewport"])
    assert wider > 100, "nothing to scroll: this shows nothing"
    assert len(boxes) >= 3
    assert all(0 < left < right <= TABLET["width"] for left, right in boxes), boxes


@pytest.mark.parametrize("shape", ["desktop", "phone"])
@pytest.mark.parametrize("group", GROUPS)
def test_every_page_can_be_read_by_everybody(looker: Looker, group: str, shape: str):
    faults = [fault for state in GROUPS[group] for fault in looker.faults(state, shape)]
    assert faults == [], "\n".join(faults)


def test_the_picture_is_sized_and_moved_by_keys_and_lets_go(looker: Looker):
    """Keys work while it has focus and only then; Tab goes on; words stay inside their boxes in a real font."""
    window = looker.window(LEAD, "desktop")
    page = window.page
    page.goto(f"{looker.product.url}/incidents/{looker.stage['wide']}/how-far/")
    window.say(RESTED)

    def drawn() -> dict[str, Any]:
        return window.say(
            "(f => ({width: f.querySelector('svg').getBoundingClientRect().width, left: f.scrollLeft, top: f.scrollTop,"
            " room: f.clientWidth, focus: document.activeElement === f}))(document.querySelector('[data-picture]'))"
        )

    outside = window.say(
        "[...document.querySelectorAll('[data-picture] g')].filter(g => { const box = g.querySelector('rect')"
        ".getBoundingClientRect(); return [...g.querySelectorAll('text')].some(t => t.getBoundingClientRect().right > "
        "box.right) }).map(g => g.textContent)"
    )
    assert outside == []
    first = drawn()
    page.keyboard.press("+")
    assert drawn() == first  # it has no focus yet
    page.get_by_role("link", name="Save the picture").focus()
    page.keyboard.press("Tab")
    assert drawn()["focus"]
    assert window.say("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("+")
    larger = drawn()
    assert larger["width"] > first["width"] * 1.2
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    moved = drawn()
    assert (moved["left"] > larger["left"], moved["top"] > larger["top"]) == (True, True)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert (drawn()["left"], drawn()["top"]) == (larger["left"], larger["top"])
    page.keyboard.press("-")
    assert abs(drawn()["width"] - first["width"]) <= 1
    page.keyboard.press("0")
    assert drawn()["width"] <= drawn()["room"]
    page.get_by_role("button", name="Larger").click()
    assert "%" in page.locator("[data-zoom-said]").inner_text()
    page.locator("[data-picture]").focus()
    page.keyboard.press("Tab")
    assert not drawn()["focus"]
    page.locator("[data-picture] a", has_text="Harbour Hosting").click()
    page.get_by_text("Fold again: Harbour Hosting").wait_for(state="attached")
    assert "open=by-harbour-hosting" in page.url
