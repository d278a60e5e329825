"""A window that looks at one page state and says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Error

from tests.pages import NOBODY, Stage, State
from tests.running import Running
from tests.servers import ROOT

SHOTS = ROOT / "var" / "screenshots" / "pages"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1400, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SMALLEST = {"width": 320, "height": 640}
TABLET = {"width": 768, "height": 1024}

# Waits until the socket stands, so that its errors are seen too, and the page has come to rest.
RESTED = """new Promise(done => {
  const end = Date.now() + 3000;
  (function look() {
    const wanted = document.querySelector("meta[name=live-url]");
    const follows = document.documentElement?.dataset.liveState === "live";
    const live = document.readyState === "complete" && (!wanted || follows);
    if (live || Date.now() > end) requestAnimationFrame(() => setTimeout(() => done(live), 30));
    else setTimeout(look, 25);
  })();
})"""
# Null while a page that was just asked for has no body yet: a button's press may still be on its way to the next page.
SEEN = """document.body && ({
  words: document.body.innerText,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  widest: [...document.querySelectorAll("main *")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width > 0 && box.right > document.documentElement.clientWidth + 1 && !each.closest(".matrix-scroll");
  }).slice(0, 3).map(each => each.outerHTML.slice(0, 120)),
  small: [...new Set([...document.querySelectorAll("body *")].filter(each =>
    [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()) && each.offsetParent !== null
      && parseFloat(getComputedStyle(each).fontSize) < 14).map(each => each.outerHTML.slice(0, 120)))].slice(0, 3),
})"""
AXE = """axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(
  each => `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(" | ")}`))"""


def axe_source() -> str:
    path = ROOT / "var" / "static" / "test" / "axe.min.js"
    assert path.is_file(), "the front end is not built: `make assets` builds it"
    return path.read_text()


class Window:
    """One signed-in (or anonymous) browser window of one shape."""

    def __init__(self, browser: Any, product: Running, shape: dict[str, Any], storage: Any = None) -> None:
        self.context = browser.new_context(**shape, storage_state=storage)
        self.page = self.context.new_page()
        self.product = product
        self.errors: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.speaker = self.context.new_cdp_session(self.page)

    def _hear(self, message: Any) -> None:
        refused = "status of 4" in message.text and message.location.get("url") == self.page.url
        if message.type in {"error", "warning"} and not refused:
            self.errors.append(f"console: {message.text} ({message.location.get('url')})")

    def say(self, script: str) -> Any:
        """Run a script over the debugger: the page's own policy forbids what Playwright's `evaluate` would do."""
        wanted = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self.speaker.send("Runtime.evaluate", wanted)
        assert "exceptionDetails" not in answer, json.dumps(answer["exceptionDetails"])[:1000]
        return answer["result"].get("value")

    def sign_in(self, path: str) -> Any:
        """Through the one-time link and its button; returns what the browser then keeps."""
        self.page.goto(self.product.url + path)
        self.press_on(self.page.locator("main form button"))  # a guest is led to another page than everybody else
        return self.context.storage_state()

    def press_on(self, element: Any) -> None:
        """Press it and, where that leads to another page, wait for all of that page.

        A form is sent after its click has been handled, so a click may come back while the old page still stands, is
        complete and says the same as the next one.
        """
        with self._navigations() as under_way:
            element.click()
            with suppress(Error):  # its page is gone already
                self.say("new Promise(done => setTimeout(() => setTimeout(done)))")
            end = monotonic() + 30
            while under_way() and monotonic() < end:
                self.page.wait_for_timeout(20)
        self.page.wait_for_load_state()

    @contextmanager
    def _navigations(self) -> Iterator[Callable[[], bool]]:
        """Whether this page has asked for another one that has not come yet."""
        asked, come = [], []

        def ask(request: Any) -> None:
            if request.is_navigation_request() and request.frame == self.page.main_frame:
                asked.extend([] if request.redirected_from else [request])

        def arrive(frame: Any) -> None:
            if frame == self.page.main_frame:
                come.append(frame)

        def fail(request: Any) -> None:
            come.extend([request] if request in asked else [])

        heard = {"request": ask, "framenavigated": arrive, "requestfailed": fail}
        for event, listener in heard.items():
            self.page.on(event, listener)
        try:
            yield lambda: len(come) < len(asked)
        finally:
            for event, listener in heard.items():
                self.page.remove_listener(event, listener)


@dataclass
class Looker:
    """Goes through states with one window a person and shape."""

    browser: Any
    product: Running
    stage: Stage
    storages: dict[str, Any]  # by person: cookies
    axe: str = field(default_factory=axe_source)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def window(self, who: str, shape: str) -> Window:
        if (who, shape) not in self.windows:
            sizes = {"desktop": DESKTOP, "phone": PHONE}
            storage = self.storages[who] if who != NOBODY else None
            self.windows[who, shape] = Window(self.browser, self.product, sizes[shape], storage)
        return self.windows[who, shape]

    def faults(self, state: State, shape: str) -> list[str]:
        """What is wrong with the state in this shape.

        A phone is looked at in its own width and in 320 pixels, a desktop also as narrow as a tablet.
        """
        window = self.window(state.who, shape)
        page = window.page
        window.errors.clear()
        response = page.goto(self.product.url + state.path(self.stage))
        found = [] if response.status == state.status else [f"status {response.status}"]
        if state.act:
            state.act(page)
        self._arrived(window, state)
        if not window.say(RESTED):
            found.append("not live after 3 s")
        found += self._seen(window, state)
        window.say(self.axe)
        found += window.say(AXE)
        self._shoot(page, f"{state.name}-{shape}")
        narrower, own = (SMALLEST, PHONE) if shape == "phone" else (TABLET, DESKTOP)
        page.set_viewport_size(narrower)
        found += [f"at {narrower['width']}: {fault}" for fault in self._seen(window, state)]
        page.set_viewport_size(own["viewport"])
        return [f"{state.name} ({shape}): {fault}" for fault in found + window.errors]

    def _seen(self, window: Window, state: State) -> list[str]:
        seen = self._arrived(window, state)
        found = [f"too small: {each}" for each in seen["small"]]
        if state.sees.lower() not in seen["words"].lower():
            found.append(f"“{state.sees}” is not to be seen")
        if seen["wide"] > 0:
            found.append(f"{seen['wide']} px too wide: {seen['widest']}")
        return found

    def _arrived(self, window: Window, state: State) -> Any:
        """What is on the page once it shows what the state is known by, or after three seconds without it."""
        end = monotonic() + 3
        seen = window.say(SEEN)
        while (seen is None or state.sees.lower() not in seen["words"].lower()) and monotonic() < end:
            window.page.wait_for_timeout(50)
            seen = window.say(SEEN)
        assert seen is not None, f"{state.name}: the page has no body after 3 s"
        return seen

    def _shoot(self, page: Any, name: str) -> None:
        path: Path = SHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(path), full_page=True)

    def close(self) -> None:
        for window in self.windows.values():
            window.context.close()
