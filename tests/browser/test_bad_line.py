"""My tasks when the line breaks: a copy is shown and says so, answers are kept, sent once each, and never by another.

The network of the browser is really switched off, for pages and for the service worker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from incidents.cacao.extension import EXTENSION
from tests.browser.looking import PHONE, SHOTS, Window
from tests.browser.stage import call, sign_in_path, tasks
from tests.incidents.playbooks import DEMO
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
STOPS = "Agree a way to talk without the provider"  # of a copy that says that it stops services
WHO, COLLEAGUE = "Grace Holloway", "Ben Ashcroft"
STORED = """Promise.all([caches.keys(), indexedDB.databases()]).then(([pages, answers]) =>
    [...pages.filter(name => name.startsWith("bulkhead-tasks-")), ...answers.map(each => each.name)])"""
KEPT = "caches.keys().then(names => names.filter(name => name.startsWith('bulkhead-tasks-')).length)"
# The card as it is fetched when what stands before it has gone: nothing of the former one is left.
MADE_ANEW = """() => {
    const card = document.querySelector("#my-tasks [data-action-scope]");
    document.getElementById("typed-name").closest("form").remove();
    card.replaceWith(card.cloneNode(true));
    document.dispatchEvent(new CustomEvent("bulkhead:refreshed"));
}"""
COPY = """caches.keys().then(async names => {
    const copy = await caches.open(names.find(name => name.startsWith("bulkhead-tasks-")));
    return (await Promise.all((await copy.matchAll()).map(each => each.text()))).join("");
})"""
EVENTS = """
SELECT count(*) FROM ledger_event WHERE kind = 'task.acknowledged' AND text::jsonb #>> '{data,task}' = %s
"""


class Phone:
    """A signed-in phone, whose line can be cut."""

    def __init__(self, browser: Any, product: Running, who: str) -> None:
        self.window = Window(browser, product, PHONE)
        self.page, self.product = self.window.page, product
        self.window.sign_in(sign_in_path(product, who))

    def cut(self, off: bool = True) -> None:
        self.window.context.set_offline(off)

    def my_tasks(self) -> str:
        self.page.goto(f"{self.product.url}/my-tasks/")
        return str(self.page.locator("main").inner_text())

    def kept(self) -> None:
        """My tasks was opened with a line, and the copy is there."""
        self.my_tasks()
        wait_for(lambda: self.window.say(KEPT) == 1)
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")


@pytest.fixture
def phone(browser: Any, product: Running) -> Iterator[Phone]:
    phone = Phone(browser, product, WHO)
    yield phone
    phone.window.context.close()


@pytest.fixture
def reference(product: Running) -> str:
    opening = {"title": "Intruder on the shared directory", "systems": ["identity-platform"]}
    return str(call(product, "ashbourne", "POST", "/incidents/", opening)["reference"])


def recorded(product: Running, task_id: str) -> int:
    with psycopg.connect(product.database_url) as owner:
        found = owner.execute(EVENTS, [task_id]).fetchone()
        assert found
        return int(found[0])


def first(product: Running, reference: str) -> dict[str, Any]:
    own = [task for (slug, _), task in tasks(product, "dunmere", reference).items() if slug == "dunmere"]
    return min(own, key=lambda task: task["step"])


def test_a_copy_is_shown_and_an_answer_is_kept_and_sent_once(phone: Phone, product: Running, reference: str):
    phone.kept()
    task = first(product, reference)
    phone.cut()
    words = phone.my_tasks()
    assert "not live" in words
    assert reference in words
    assert task["title"] in words
    assert "Lead Ashbourne" in " ".join(words.split())
    everything = phone.page.content()
    others = ("Brackenfield", "Coldharbour", "Eastwick", "Fernleigh", "Gravenhurst")
    assert [name for name in others if name in everything] == [], "nothing of others is kept"
    card = phone.page.locator(f"[data-kept-task='{task['id']}']")
    card.get_by_role("button", name="I have this").click()
    phone.page.locator("#unsent li[data-state=kept]").wait_for()
    phone.page.screenshot(path=str(SHOTS / "my-tasks-kept-phone.png"), full_page=True)
    assert "not sent yet" in phone.page.locator("#unsent").inner_text()
    assert (first(product, reference)["status"], recorded(product, task["id"])) == ("waiting", 0)
    phone.my_tasks()  # opened anew without a line: the answer is still there, and is not offered again
    phone.page.locator("#unsent li[data-state=kept]").wait_for()
    assert "not sent yet" in phone.page.locator("#unsent").inner_text()
    card.get_by_role("button", name="I have this").wait_for(state="hidden")
    phone.cut(False)
    phone.page.wait_for_url("**/my-tasks/")
    phone.page.locator("#my-tasks").wait_for()  # the live page again
    wait_for(lambda: first(product, reference)["status"] == "acknowledged")
    phone.my_tasks()
    assert recorded(product, task["id"]) == 1


def test_a_tap_that_does_not_reach_the_portal_is_kept_and_sent_with_the_line(
    phone: Phone, product: Running, reference: str
):
    phone.kept()
    task = first(product, reference)
    phone.cut()
    phone.page.locator("#my-tasks article form button").click()
    kept = phone.page.locator("#unsent li[data-state=kept]")
    kept.wait_for()
    assert task["title"] in kept.inner_text()
    phone.cut(False)
    phone.page.locator("#unsent li[data-state=sent]").wait_for()
    assert "Ashbourne can see it" in phone.page.locator("#unsent").inner_text()
    assert (first(product, reference)["status"], recorded(product, task["id"])) == ("acknowledged", 1)


def test_what_the_portal_does_not_take_is_shown_with_what_was_said(phone: Phone, product: Running, reference: str):
    phone.kept()
    task = first(product, reference)
    phone.cut()
    phone.my_tasks()
    card = phone.page.locator(f"[data-kept-task='{task['id']}']")
    card.get_by_text("Not us", exact=True).first.click()
    card.get_by_label("Why not?").fill("We left that platform in May.")
    card.get_by_role("button", name="Not us").click()
    phone.page.locator("#unsent li[data-state=kept]").wait_for()
    call(product, "ashbourne", "POST", f"/incidents/{reference}/moves/", {"to": "closed", "outcome": "false_alarm"})
    phone.cut(False)
    phone.page.locator("#my-tasks").wait_for()  # the live page, which says it again
    refused = phone.page.locator("#unsent li[data-state=refused]")
    refused.wait_for()
    assert "was not taken" in refused.inner_text()
    assert "We left that platform in May." in refused.inner_text()
    refused.get_by_role("button").click()
    refused.wait_for(state="detached")


def test_nothing_that_a_colleague_did_meanwhile_is_overridden(phone: Phone, product: Running, reference: str):
    phone.kept()
    task = first(product, reference)
    unsent = phone.page.locator("#unsent")
    phone.cut()
    phone.my_tasks()
    card = phone.page.locator(f"[data-kept-task='{task['id']}']")
    card.get_by_role("button", name="I have this").click()
    unsent.locator("li[data-state=kept]").wait_for()
    said = {"reason": "Not our platform any more.", "as": "not_affected"}
    call(product, "dunmere", "POST", f"/tasks/{task['id']}/decline/", said)
    phone.cut(False)
    phone.page.locator("#my-tasks").wait_for()  # the live page, which says it again
    unsent.locator("li[data-state=refused]").wait_for()
    assert call(product, "dunmere", "GET", f"/tasks/{task['id']}/")["status"] == "not_affected"
    unsent.get_by_role("button").click()
    # A tap that had arrived and whose answer was lost is no conflict: the task is as it was to be.
    phone.kept()
    following = phone.page.locator("#my-tasks article form[data-task]").get_attribute("data-task")
    phone.cut()
    phone.page.locator("#my-tasks article form button").click()
    unsent.locator("li[data-state=kept]").wait_for()
    call(product, "dunmere", "POST", f"/tasks/{following}/acknowledge/", {})
    phone.cut(False)
    unsent.locator("li[data-state=sent]").wait_for()
    assert recorded(product, following) == 1


def test_it_is_one_persons_and_goes_with_the_session(phone: Phone, product: Running, reference: str):
    phone.kept()
    # Somebody else signs in on the same browser: nothing of the former is there, and no answer of theirs is sent.
    phone.page.goto(product.url + sign_in_path(product, COLLEAGUE))
    phone.page.locator("main form button").click()
    phone.page.wait_for_url(f"{product.url}/")
    wait_for(lambda: phone.window.say(KEPT) == 0)
    phone.kept()
    # The session ends without a word: the next look finds it out.
    phone.window.context.clear_cookies()
    phone.my_tasks()
    wait_for(lambda: phone.window.say(KEPT) == 0)
    phone.window.sign_in(sign_in_path(product, WHO))
    phone.kept()
    phone.cut()
    phone.my_tasks()
    phone.page.get_by_role("button", name="I have this").first.click()
    phone.page.locator("#unsent li[data-state=kept]").wait_for()
    phone.window.context.set_offline(False)
    phone.page.goto(f"{product.url}/sign-out/")
    phone.page.locator("main form button").click()
    phone.page.wait_for_url(f"{product.url}/")
    assert phone.window.say(STORED) == []


def written(product: Running, reference: str) -> list[str]:
    return [
        each["title"] for each in call(product, "dunmere", "GET", f"/incidents/{reference}/own-actions/")["results"]
    ]


def test_what_was_done_without_being_asked_is_kept_and_written_down_once(
    phone: Phone, product: Running, reference: str
):
    phone.kept()
    task = first(product, reference)
    unsent = phone.page.locator("#unsent")
    phone.cut()
    phone.my_tasks()
    phone.page.get_by_text("We did something ourselves", exact=True).first.click()
    phone.page.get_by_role("button", name="Write it down").click()  # nothing chosen: nothing kept
    assert unsent.locator("li").count() == 0
    phone.page.get_by_label("Something else", exact=True).check()
    phone.page.get_by_label("Something else, in your words").fill("Shut the gate of the depot")
    phone.page.get_by_role("button", name="Write it down").click()
    unsent.locator("li[data-state=kept]").wait_for()
    phone.page.screenshot(path=str(SHOTS / "own-action-kept-phone.png"), full_page=True)
    assert written(product, reference) == []
    phone.cut(False)
    wait_for(lambda: written(product, reference) == ["Shut the gate of the depot"])
    # The same on the live page, whose line breaks; what reads like an open task is asked about before it is taken.
    phone.page.goto(f"{product.url}/incidents/{reference}/own-actions/")
    phone.page.get_by_label("Something else", exact=True).check()
    phone.page.get_by_label("Something else, in your words").fill(task["title"])
    phone.cut()
    phone.page.get_by_role("button", name="Write it down").click()
    unsent.locator("li[data-state=kept]").wait_for()
    phone.cut(False)
    unsent.get_by_role("button", name="It is something else: send it").click()
    wait_for(lambda: sorted(written(product, reference)) == sorted(["Shut the gate of the depot", task["title"]]))
    phone.my_tasks()
    assert len(written(product, reference)) == 2


def test_done_of_a_step_that_stops_a_service_asks_for_its_name_before_it_is_kept(browser: Any, product: Running):
    document = json.loads((DEMO.parent / "provider-compromise.json").read_bytes())
    document |= {"id": f"playbook--{uuid4()}", "name": f"Stop first {uuid4().hex[:6]}"}
    step = next(each for each in document["workflow"].values() if each.get("name") == STOPS)
    step["step_extensions"][EXTENSION]["typed_confirmation"] = True
    playbook = call(product, "ashbourne", "POST", "/playbooks/", document)["slug"]
    opening = {"title": "Supplier", "systems": ["telecare-alarms"], "playbook": playbook}
    reference = str(call(product, "ashbourne", "POST", "/incidents/", opening)["reference"])
    task = next(
        each for (slug, _), each in tasks(product, "brackenfield", reference).items()
        if slug == "brackenfield" and each["title"] == STOPS
    )  # fmt: skip
    for act in ("acknowledge", "start"):
        call(product, "brackenfield", "POST", f"/tasks/{task['id']}/{act}/", {})
    phone = Phone(browser, product, "Oliver Tate")
    try:
        phone.kept()
        phone.cut()
        # On the live page, at the tap.
        phone.page.locator(f"#my-tasks form[data-task='{task['id']}'] button").click()
        name = phone.page.get_by_label("Name of the service")
        name.wait_for()
        assert "Telecare" in phone.page.locator("#my-tasks").inner_text()
        assert phone.page.locator("#unsent li").count() == 0
        # The line is back and what is shown is fetched anew: the question stays, with what was typed.
        name.fill("the al")
        name.blur()
        phone.cut(False)
        shown = phone.page.locator("[data-refresh-url]:has(#my-tasks), #my-tasks[data-refresh-url]").first

        def fetched_anew() -> None:
            before = int(shown.get_attribute("data-js-refreshed") or 0)
            phone.page.evaluate("document.dispatchEvent(new CustomEvent('bulkhead:resync'))")
            wait_for(lambda: int(shown.get_attribute("data-js-refreshed") or 0) > before)

        fetched_anew()
        assert name.input_value() == "the al"
        phone.page.evaluate(MADE_ANEW)
        assert name.input_value() == "the al"
        # A colleague has said meanwhile that it is blocked: nothing asks about what is no longer to be done.
        blocked = {"reason": "The people who ring are not warned yet."}
        call(product, "brackenfield", "POST", f"/tasks/{task['id']}/block/", blocked)
        fetched_anew()
        wait_for(lambda: name.count() == 0)
        call(product, "brackenfield", "POST", f"/tasks/{task['id']}/start/", {})
        phone.kept()
        tag = phone.page.locator(f"#my-tasks form[data-task='{task['id']}']").first.get_attribute("data-tag")
        as_now = f'data-kept-task="{task["id"]}" data-tag="{tag}"'
        wait_for(lambda: as_now in unescape(phone.window.say(COPY)))
        phone.cut()
        # On the copy.
        phone.my_tasks()
        card = phone.page.locator(f"[data-kept-task='{task['id']}']")
        if not card.get_by_label("Name of the service").is_visible():
            card.locator("summary").first.click()
        card.get_by_label("Name of the service").fill("the alarms")
        card.get_by_role("button", name="Done").click()
        assert phone.page.locator("#unsent li").count() == 0
        card.get_by_label("Name of the service").fill(" TELECARE ")
        card.get_by_role("button", name="Done").click()
        phone.page.locator("#unsent li[data-state=kept]").wait_for()
        phone.cut(False)
        wait_for(lambda: call(product, "brackenfield", "GET", f"/tasks/{task['id']}/")["status"] == "done")
    finally:
        phone.window.context.close()
