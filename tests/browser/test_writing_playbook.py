"""A playbook written and published in a real browser: by keyboard alone, and without typing a brace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import DESKTOP, SHOTS, Window
from tests.browser.stage import call, sign_in_path
from tests.running import Running

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
MOST_TABS = 250
# What has the focus: its words, its label, and the list of the editor that it is in.
FOCUS = """() => {
  const at = document.activeElement, label = at.labels && at.labels[0], list = at.closest('section.outline__lane');
  return [at.tagName, (at.innerText || at.value || '').trim(), label ? label.innerText.trim() : '',
          list ? list.getAttribute('aria-label') : '']
}"""


class Keys:
    """Nothing but a keyboard."""

    def __init__(self, page: Any) -> None:
        self.page, self.typed = page, ""

    def to(self, *, words: str = "", label: str = "", within: str = "") -> None:
        """Tab until that has the focus."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            tag, said, named, lane = self.page.evaluate(FOCUS)
            right = said.startswith(words) if words else named.startswith(label)
            if right and tag != "BODY" and lane.endswith(within) and bool(lane) == bool(within):
                return
        raise AssertionError(f"no way by Tab to {words or label} {within}")

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, words: str) -> None:
        self.typed += words
        self.page.keyboard.type(words)

    def step(self, title: str, within: str = "") -> None:
        self.to(words="Add", within=within)
        self.enter()
        self.to(label="Title")
        self.type(title)
        self.to(label="Do this")
        self.type(f"{title}, and say so.")
        self.to(words="Save")
        self.enter()


@pytest.fixture
def keys(browser: Any, product: Running) -> Iterator[Keys]:
    window = Window(browser, product, DESKTOP)
    window.sign_in(sign_in_path(product, "Priya Nair"))
    yield Keys(window.page)
    window.context.close()


def test_six_steps_with_a_parallel_block_are_written_and_published_by_keyboard(keys: Keys, product: Running) -> None:
    keys.page.goto(f"{product.url}/playbooks/")
    keys.to(words="Write a playbook")
    keys.enter()
    keys.to(label="What is it called?")
    keys.type("Loss of the shared calendar")
    keys.enter()
    keys.step("Ring the duty officer")
    keys.to(label="Add here")
    keys.type("D")  # “Do these at the same time”
    keys.to(words="Add")
    keys.enter()
    keys.to(label="Title")
    keys.type("Hold and tell")
    keys.enter()
    keys.step("Stop the connector", within="List 1")
    keys.step("Tell the staff", within="List 2")
    keys.step("Tell the councillors", within="List 2")
    keys.step("Bring it back")
    keys.step("Write down what was learned")
    keys.page.screenshot(path=str(SHOTS / "draft-written.png"), full_page=True)
    keys.to(words="Publish")
    keys.enter()
    assert "Published." in keys.page.locator("body").inner_text()
    assert not re.search(r"[{}\[\]]", keys.typed)
    kept = call(product, "ashbourne", "GET", "/playbooks/loss-of-the-shared-calendar/")
    assert (kept["warnings"], kept["blockers"], kept["kept_by"]) == ([], [], "ashbourne")
    kinds = [step["type"] for step in kept["document"]["workflow"].values()]
    assert (kinds.count("action"), kinds.count("parallel")) == (6, 1)
