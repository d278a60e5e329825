"""One story, by keyboard: a playbook is written, signed off by three organisations, practised, and scored.

Nothing is pressed with a mouse and no brace is typed. Each thing is come to with the Tab key, as somebody would who has
no mouse: what Tab does not reach fails the story.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.looking import DESKTOP, Window
from tests.browser.stage import sign_in_path, step_up_everybody
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
NAME = "Loss of the mail platform"
STEPS = {
    "Find a way to talk": "Ring the lead on the number on your card.",
    "Lock shared accounts": "Lock every account that two councils share.",
    "Stop mail to other councils": "Close the connectors to the other councils.",
    "Shut the trust": "Take away the trust between the directories.",
    "Say what still works": "List the services that run without mail.",
    "Agree the next look": "Set the time of the next call.",
}
TOGETHER = ("Lock shared accounts", "Stop mail to other councils"), ("Shut the trust",)
LEAD, MANAGER = "Priya Nair", "Alan Birtles"
SIGNERS = {"Ashbourne": "Eleanor Marsh", "Dunmere": "Grace Holloway", "Brackenfield": "Ruth Calder"}
RESERVED = "Not between 6 and 8 in the morning: the care rounds are planned by mail."


class Keys:
    """A window in which only keys are pressed."""

    def __init__(self, window: Window) -> None:
        self.page = window.page
        self.url = window.product.url

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def reach(self, what: Any) -> None:
        """Tab until it has focus; going on from wherever focus is, once round the page at most."""
        element = what.element_handle()
        for _ in range(400):
            if element.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {what}")

    def press(self, role: str, name: str | re.Pattern[str], *, within: Any = None) -> None:
        """Come to it and press Enter; wait for the page that follows."""
        self.reach((within or self.page).get_by_role(role, name=name, exact=isinstance(name, str)).first)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def type(self, label: str, text: str) -> None:
        assert not set(text) & set("{}")
        self.reach(self.page.get_by_label(re.compile(f"^{re.escape(label)}")).first)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, label: Any, option: str) -> None:
        """Of a list that is closed, by its first letters, as the browser does it."""
        self.reach(label)
        self.page.keyboard.type(option, delay=5)
        assert option in label.evaluate("list => list.selectedOptions[0].textContent")

    def tick(self, label: str) -> None:
        box = self.page.get_by_label(label, exact=True).first
        self.reach(box)
        if not box.is_checked():
            self.page.keyboard.press("Space")
        assert box.is_checked()

    def words(self) -> str:
        return str(self.page.locator("main").inner_text())


@pytest.fixture(scope="module")
def people(fresh_product: Running, browser: Any) -> Iterator[dict[str, Keys]]:
    found = {}
    windows = []
    for name in (LEAD, MANAGER, *SIGNERS.values()):
        window = Window(browser, fresh_product, DESKTOP)
        window.sign_in(sign_in_path(fresh_product, name))
        windows.append(window)
        found[name] = Keys(window)
    step_up_everybody(fresh_product)
    yield found
    for window in windows:
        window.context.close()


def add(keys: Keys, lane: Any, kind: str) -> None:
    """Add something at the end of one list of the draft."""
    keys.choose(lane.locator("> form.outline__add select"), kind)
    keys.reach(lane.locator("> form.outline__add button"))
    with keys.page.expect_navigation():
        keys.page.keyboard.press("Enter")


def write_step(keys: Keys, title: str) -> None:
    keys.type("Title", title)
    keys.type("Do this", STEPS[title])
    keys.type("How to undo it", "Turn it on again, after the lead has said so.")
    keys.press("button", "Save")


def test_a_playbook_of_six_steps_with_a_parallel_block_is_written(people: dict[str, Keys]) -> None:
    keys = people[LEAD]
    keys.go("/playbooks/drafts/new/")
    keys.type("What is it called?", NAME)
    keys.press("button", "Begin")
    keys.press("link", "Name and purpose")
    keys.tick("Stop harm")
    keys.press("button", "Save")
    main = keys.page.locator("main")
    add(keys, main, "A step")
    write_step(keys, "Find a way to talk")
    add(keys, main, "Do these at the same time")
    keys.type("Title", "Stop and protect")
    keys.press("button", "Save")
    for number, titles in enumerate(TOGETHER):
        for title in titles:
            add(keys, keys.page.locator("section.outline__lane").nth(number), "A step")
            write_step(keys, title)
    for title in ("Say what still works", "Agree the next look"):
        add(keys, main, "A step")
        write_step(keys, title)
    assert "Nothing is missing." in keys.words()
    keys.press("button", "Publish")
    page = keys.words()
    assert [title for title in STEPS if title not in page] == []
    assert keys.page.locator("main svg").count() == 1  # the workflow as a picture


def test_three_organisations_sign_it_off_one_with_a_reservation(people: dict[str, Keys]) -> None:
    for organisation, name in SIGNERS.items():
        keys = people[name]
        keys.go("/playbooks/")
        keys.press("link", re.compile(f"^{NAME}"))
        keys.press("button", re.compile("^Sign"))
        if organisation == "Dunmere":
            keys.type("Reservation to the whole", RESERVED)
        keys.press("button", "Sign off for your organisation")
    keys.go("/playbooks/")
    keys.press("link", re.compile(f"^{NAME}"))
    assert [organisation for organisation in SIGNERS if organisation not in keys.words()] == []
    assert RESERVED in keys.words()


def test_it_is_practised_and_each_reads_its_own_score(people: dict[str, Keys]) -> None:
    lead, keys = people[LEAD], people[MANAGER]
    lead.go("/exercises/")
    lead.choose(lead.page.get_by_label("What is attacked"), "Identity platform")
    lead.choose(lead.page.get_by_label("Plan"), NAME)
    lead.press("button", "Begin the exercise")
    reference = re.search(r"INC-\w+", lead.page.url + lead.words()).group()  # type: ignore[union-attr]

    def mine() -> bool:
        keys.go("/my-tasks/")
        return "Find a way to talk" in keys.words()

    wait_for(mine, seconds=20)
    for words, after in (("I have this", "Start"), ("Start", "Done"), ("Done", "Undo")):
        keys.reach(keys.page.get_by_role("button", name=words, exact=True).first)
        keys.page.keyboard.press("Enter")
        keys.page.get_by_role("button", name=after).first.wait_for()
    wait_for(lambda: (keys.go("/my-tasks/"), "Lock shared accounts" in keys.words())[1], seconds=20)
    lead.go(f"/incidents/{reference}/close/")
    lead.tick("Resolved")
    lead.press("button", "Close and tell everybody")
    for each in (lead, keys):
        each.go(f"/incidents/{reference}/score/")
        assert "You alone read your column." in each.words()
    done = keys.page.get_by_role("row", name=re.compile("^Steps done")).inner_text()
    assert re.search(r"\b1\b", done), done
    assert "Who took part" in lead.words()
    assert "Who took part" not in keys.words()
