"""Eight hours on the wall: an event every ten seconds, and neither the wall's page nor the board's keeps growing.

    python -m scripts.prove.wall            2,880 events, as fast as both pages take them in
    python -m scripts.prove.wall 400        so many instead

The wall screen looks by its own clock, which is moved on by ten seconds an event; the lead's board follows its socket.
After the first tenth and at the end the browser collects its garbage and says what it holds. One JSON object a line on
standard output, `attempts` are events; ends with 1 when a page holds more than a tenth more than before, in bytes or in
nodes, or did not follow.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests import servers  # starts them, and names the settings

if __name__ == "__main__":
    import django

    django.setup()

from tests.browser.looking import DESKTOP, Window
from tests.browser.stage import call, sign_in_path, step_up_everybody, tasks
from tests.running import CHROMIUM, Running, a_product, chromium_path, wait_for

EVENTS, EVERY_MS, GROWTH = 2880, 10_000, 1.1


class Screen:
    """A page that is open for long. `follows` says how often it has been brought up to date."""

    def __init__(self, name: str, window: Window, follows: Callable[[], int]) -> None:
        self.name, self.window, self.follows = name, window, follows
        self.first: dict[str, float] = {}

    def holds(self) -> dict[str, float]:
        """Bytes of the script's heap and nodes of the document, after the garbage is gone."""
        speaker = self.window.speaker
        for _ in range(3):
            speaker.send("HeapProfiler.collectGarbage")
        heap, found = speaker.send("Runtime.getHeapUsage"), speaker.send("Memory.getDOMCounters")
        return {"bytes": heap["usedSize"], "nodes": found["nodes"], "listeners": found["jsEventListeners"]}

    def line(self, events: int, followed: int) -> dict[str, Any]:
        last = self.holds()
        grown = {name: round(last[name] / self.first[name], 3) for name in last}
        failures = sum(each > GROWTH for each in grown.values()) + (followed < events // 2)
        return {
            "name": self.name, "attempts": events, "failures": failures, "brought_up_to_date": followed,
            **{f"{name}_grown": each for name, each in grown.items()}, "bytes": last["bytes"],
        }  # fmt: skip


def open_wall(browser: Any, product: Running, reference: str, lead: Window) -> Screen:
    lead.page.goto(f"{product.url}/incidents/{reference}/displays/")
    lead.page.get_by_label("Where does it stand?").fill("Control room")
    lead.page.get_by_role("button", name="Make a code").click()
    code = lead.page.locator(".pairing-code").inner_text()
    wall = Window(browser, product, DESKTOP)
    wall.page.goto(f"{product.url}/display/")
    wall.page.get_by_label("Code of 8 characters").fill(code)
    wall.page.get_by_role("button", name="Show the incident").click()
    wall.page.get_by_text("Live", exact=True).wait_for()
    wall.page.clock.install()
    wall.page.reload()
    looks: list[int] = []  # counted here: the page's own performance entries stand still with its clock
    wall.page.on("requestfinished", lambda request: looks.append(1) if "/display/" in request.url else None)
    return Screen("wall", wall, lambda: len(looks))


def _further(screen: Screen, had: int) -> bool:
    return screen.follows() > had


def run(browser: Any, product: Running, events: int) -> list[dict[str, Any]]:
    body = {"title": "Eight hours", "systems": ["identity-platform"], "severity": 4}
    reference = call(product, "ashbourne", "POST", "/incidents/", body)["reference"]
    task = tasks(product, "dunmere", reference)[("dunmere", 1)]["id"]
    call(product, "dunmere", "POST", f"/tasks/{task}/acknowledge/", {})
    lead = Window(browser, product, DESKTOP)
    lead.page.goto(product.url + sign_in_path(product, "Priya Nair"))
    lead.page.locator("main form button").click()
    lead.page.wait_for_load_state()
    step_up_everybody(product)
    wall = open_wall(browser, product, reference, lead)
    lead.page.goto(f"{product.url}/incidents/{reference}/")
    refreshed = "Number(document.getElementById('board').dataset.jsRefreshed || 0)"
    board = Screen("board", lead, lambda: lead.say(refreshed))
    screens, began = (wall, board), {}
    for number in range(events + 1):
        if number == events // 10:
            for each in screens:
                each.first = each.holds()
                began[each.name] = each.follows()
        act, said = ("start", {}) if number % 2 == 0 else ("block", {"reason": f"Nobody may decide, {number}."})
        had = board.follows()
        call(product, "dunmere", "POST", f"/tasks/{task}/{act}/", said)
        wall.window.page.clock.run_for(EVERY_MS)
        wait_for(partial(_further, board, had), seconds=10, every=0.05)
    counted = events - events // 10
    return [each.line(counted, each.follows() - began[each.name]) for each in screens]


def main(events: int) -> int:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - as the tests do

    with (
        tempfile.TemporaryDirectory() as folder,
        a_product(Path(folder) / "var", "prove") as product,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM)
        lines = run(browser, product, events)
        browser.close()
    for each in lines:
        print(json.dumps(each), flush=True)
    return int(any(each["failures"] for each in lines))


if __name__ == "__main__":
    try:
        status = main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
    finally:
        servers.pytest_unconfigure(None)  # type: ignore[arg-type]
    sys.exit(status)
