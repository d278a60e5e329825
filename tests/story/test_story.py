"""The story whole: a lead on a desktop, a partner with a phone and an API client, on the product as it really runs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from typing import Any

import pytest

from tests.running import Running, wait_for
from tests.servers import ROOT

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
SHOTS = ROOT / "var" / "screenshots"
DESKTOP = {"viewport": {"width": 1400, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


class Api:
    """One organisation's client: the standard library, its key, and what the server answered."""

    def __init__(self, product: Running, slug: str) -> None:
        self.base, self.key = f"{product.url}/api/v1", product.key(slug)

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def tasks(self, reference: str) -> list[dict[str, Any]]:
        return self("GET", f"/incidents/{reference}/tasks/?limit=100")[1]["results"]

    def stream(self, after: int = 0) -> list[dict[str, Any]]:
        return self("GET", f"/events/?after={after}&limit=1000")[1]["results"]


class Window:
    """A signed-in browser window that notes every load, so that a test can say that there was none."""

    def __init__(self, browser: Any, product: Running, person: str, shape: dict[str, Any]) -> None:
        self.page = browser.new_context(**shape).new_page()
        self.product = product
        self.loads = 0
        self.errors: list[str] = []
        self.page.on("load", lambda _page: self._loaded())
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(product.sign_in_url(person))
        self.page.locator("main form button").click()
        self.page.wait_for_url(f"{product.url}/")

    def _loaded(self) -> None:
        self.loads += 1

    def go(self, path: str) -> None:
        self.page.goto(self.product.url + path)
        self.is_live()

    def html(self, attribute: str) -> str | None:
        return self.page.locator("html").get_attribute(attribute)

    def is_live(self) -> None:
        wait_for(
            lambda: self.html("data-live-state") == "live", seconds=60
        )  # after refused tries the next one may be 30 s away

    def sees(self, selector: str, words: str, *, seconds: float = 10) -> None:
        """Without a reload, the element comes to say this."""
        loads = self.loads
        locator = self.page.locator(selector)
        wait_for(lambda: locator.count() and words in locator.first.inner_text(), seconds=seconds)
        assert self.loads == loads, "the page was loaded again"

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def story(fresh_product: Running, browser: Any) -> dict[str, Any]:
    """What the chapters hand on to one another; they run in the order of this file."""
    return {"product": fresh_product, "browser": browser, "ashbourne": Api(fresh_product, "ashbourne")}


def test_1_an_alert_opens_it_and_everybody_in_reach_is_told(story):
    ashbourne, product = story["ashbourne"], story["product"]
    alert = {
        "rule": "intruder-confirmed",
        "severity": "high",
        "title": "Intrusion on the shared identity platform",
        "assets": ["idp-prod"],
        "case": "SEN-20501",
    }
    status, answer = ashbourne("POST", "/alerts/generic/", alert)
    assert status == 200, answer
    assert [each["outcome"] for each in answer["results"]] == ["opened"]
    story["reference"] = reference = answer["results"][0]["incident"]
    (again,) = ashbourne("POST", "/alerts/generic/", alert)[1]["results"]
    assert again.pop("body_kept_until")
    assert again == {"outcome": "joined", "incident": reference}
    status, incident = ashbourne("GET", f"/incidents/{reference}/")
    assert status == 200
    assert {each["organisation"] for each in incident["participants"]} == {
        "ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "fernleigh", "northgate",
    }  # fmt: skip
    assert all(each["because"] for each in incident["participants"])
    assert incident["tasks"]["total"] >= 20
    told = wait_for(lambda: [each for each in product.mail() if reference in json.dumps(each)], seconds=20)
    wait_for(lambda: ashbourne("GET", f"/incidents/{reference}/deliveries/")[1]["results"], seconds=10)
    wait_for(lambda: len([m for m in product.mail() if reference in json.dumps(m)]) >= 7, seconds=20)
    assert told
    story["before"] = ashbourne.stream()[-1]["seq"]


def test_2_the_board_moves_when_the_phone_answers(story):
    reference = story["reference"]
    story["lead"] = lead = Window(story["browser"], story["product"], "Priya Nair", DESKTOP)
    story["phone"] = phone = Window(story["browser"], story["product"], "Ben Ashcroft", PHONE)
    lead.go(f"/incidents/{reference}/")
    assert "Dunmere" in lead.page.inner_text("main")
    phone.go("/my-tasks/")
    lead.sees("main", "has seen the notice")
    lead.shot("story-1-board-opened")
    phone.shot("story-1-phone")
    title = phone.page.locator("#my-tasks article h2").inner_text()
    story["title"] = title
    phone.page.locator("#my-tasks article form button").click()
    phone.sees("#my-tasks", "can see it")
    lead.sees("main", f"Dunmere accepted “{title}”")
    lead.sees("[data-key=row-dunmere]", "Accepted")
    lead.shot("story-2-board-accepted")
    phone.shot("story-2-phone-accepted")
    after = story["before"]
    kinds = [event["kind"] for event in story["ashbourne"].stream(after)]
    assert "task.acknowledged" in kinds


def test_3_done_and_checked_by_the_lead_and_by_nobody_else(story):
    reference, lead, phone = story["reference"], story["lead"], story["phone"]
    dunmere = Api(story["product"], "dunmere")
    task = next(each for each in dunmere.tasks(reference) if each["title"] == story["title"])
    assert dunmere("POST", f"/tasks/{task['id']}/start/")[0] == 200
    assert dunmere("POST", f"/tasks/{task['id']}/complete/", {"note": "Rang the lead."})[0] == 200
    assert dunmere("POST", f"/tasks/{task['id']}/verify/")[0] == 403
    lead.sees("main", f"Dunmere did “{task['title']}”")
    lead.page.goto(f"{story['product'].url}/tasks/{task['id']}/")
    lead.page.get_by_role("button", name="Checked: it is done").click()
    lead.page.get_by_text("Done, checked").first.wait_for()
    assert "Rang the lead." not in lead.page.content()
    phone.page.locator("details[data-key=answered] summary").click()
    phone.sees("details[data-key=answered]", "Done, checked")
    phone.shot("story-3-phone-checked")


def test_4_another_organisation_answers_only_for_itself_and_a_stranger_finds_nothing(story):
    reference = story["reference"]
    dunmere, brackenfield = Api(story["product"], "dunmere"), Api(story["product"], "brackenfield")
    foreign = dunmere.tasks(reference)[0]["id"]
    assert brackenfield("POST", f"/tasks/{foreign}/acknowledge/")[0] == 404
    stranger = Api(story["product"], "gravenhurst")
    absent = stranger("GET", "/incidents/INC-999999/")
    for path in ("", "participants/", "tasks/", "events/", "duties/", "deliveries/", "updates/"):
        assert stranger("GET", f"/incidents/{reference}/{path}")[0] == 404
    assert stranger("GET", f"/incidents/{reference}/") == absent
    # What it hears is that each organisation's quarter was counted, its own too; nothing of any incident.
    assert {(event["kind"], event["incident"], event["data"]["reason"]) for event in stranger.stream()} <= {
        ("estate.read", None, "concentration")
    }
    window = Window(story["browser"], story["product"], _person(story["product"], "gravenhurst"), DESKTOP)
    window.page.goto(f"{story['product'].url}/incidents/")
    assert reference not in window.page.content()
    assert window.page.goto(f"{story['product'].url}/incidents/{reference}/").status == 404
    window.shot("story-4-stranger")


def test_5_the_live_process_dies_and_nothing_is_missed(story):
    reference, lead, product = story["reference"], story["lead"], story["product"]
    lead.go(f"/incidents/{reference}/")
    polls = lead.html("data-live-polls")
    assert polls == "0", "the board polled although its socket stood"
    assert product.kill("uvicorn") == 1
    eastwick = Api(product, "eastwick")
    for task in eastwick.tasks(reference)[:3]:
        assert eastwick("POST", f"/tasks/{task['id']}/acknowledge/")[0] == 200
    lead.sees("[data-key=row-eastwick]", "Accepted", seconds=40)
    lead.is_live()
    wait_for(lambda: lead.html("data-live-seq") == str(story["ashbourne"].stream()[-1]["seq"]), seconds=20)
    lead.shot("story-5-board-after-restart")
    assert product.pids("uvicorn"), "the supervisor did not start the live process again"


def test_6_standing_down_tells_everybody_who_was_told_once(story):
    reference, lead, phone, product = story["reference"], story["lead"], story["phone"], story["product"]
    told = _recipients(product, reference)
    lead.page.goto(f"{product.url}/incidents/{reference}/close/")
    lead.page.get_by_label("Resolved").check()
    lead.shot("story-6-close")
    lead.page.get_by_role("button", name="Close and tell everybody").click()
    lead.page.wait_for_url(f"**/incidents/{reference}/")
    wait_for(lambda: reference not in phone.page.locator("#my-tasks").inner_text(), seconds=15)
    wait_for(lambda: sum(_recipients(product, reference).values()) >= 2 * sum(told.values()), seconds=20)
    now = _recipients(product, reference)
    assert now == Counter({address: 2 * count for address, count in told.items()})
    lead.shot("story-6-board-closed")
    assert lead.errors == []
    assert phone.errors == []


def _recipients(product: Running, reference: str) -> Counter[str]:
    """How many messages about this incident each address got; none holds more than the notice."""
    found: Counter[str] = Counter()
    for message in product.mail():
        if reference in json.dumps(message):
            to = message["to"] if isinstance(message["to"], list) else [message["to"]]
            found.update(to)
    return found


def _person(product: Running, slug: str) -> str:
    return next(each["name"] for each in product.demo["people"] if each["organisation"] == slug)
