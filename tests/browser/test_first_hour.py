"""The first hour with three roles, in real browsers.

A lead goes blind and hands over, a provider plans a cut that a council objects to, a former member answers by link, and
a colleague without an account by telephone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.browser.looking import DESKTOP, PHONE, SHOTS, Window
from tests.browser.stage import call, sign_in_path, step_up_everybody, tasks
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the product starts in it
CUT = "group NG-ADM"


@pytest.fixture
def windows(browser: Any, fresh_product: Running) -> Iterator[Any]:
    opened: list[Window] = []

    def window(who: str = "", shape: dict[str, Any] = DESKTOP) -> Window:
        made = Window(browser, fresh_product, shape)
        if who:
            made.sign_in(sign_in_path(fresh_product, who))
            step_up_everybody(fresh_product)
        opened.append(made)
        return made

    yield window
    for each in opened:
        each.context.close()


def shot(window: Window, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    window.page.screenshot(path=str(SHOTS / f"first-hour-{name}.png"), full_page=True)


def link_in_mail(product: Running, reference: str, to: str) -> str:
    """The one-time page of the message that this address had about the incident."""

    def found() -> str:
        for each in product.mail():
            if to in each["to"] and reference in each["subject"]:
                links = re.findall(r"http://\S+/answer/\S+", each["text"])
                return links[0] if links else ""
        return ""

    return wait_for(found, seconds=20)


def answers(product: Running, reference: str) -> tuple[int, bool]:
    """How many answers to messages about the incident there are, and whether Fernleigh counts as having answered."""
    with psycopg.connect(product.database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM notifications_answer a JOIN notifications_delivery d ON d.id = a.delivery_id"
            " WHERE d.incident_id = p.incident_id), p.acknowledged_at IS NOT NULL FROM incidents_participant p"
            " JOIN incidents_incident i ON i.id = p.incident_id WHERE i.reference = %s AND p.slug = 'fernleigh'",
            [reference],
        ).fetchone()
    assert row is not None
    return row


def test_the_first_hour_of_a_lead_a_provider_and_those_who_are_told(fresh_product: Running, windows: Any):
    product = fresh_product
    opening = {"title": "Shared identity platform breached", "systems": ["identity-platform"], "severity": 2}
    reference = call(product, "ashbourne", "POST", "/incidents/", opening)["reference"]
    board, cuts = f"{product.url}/incidents/{reference}/", f"{product.url}/incidents/{reference}/cuts/"
    lead = windows("Priya Nair")
    lead.page.goto(board)

    # A former member has no app at hand: the link in the message takes its answer, and asks for no name.
    former = windows("", PHONE)
    former.page.goto(link_in_mail(product, reference, "martin.keel@fernleigh.example"))
    shot(former, "link-phone")
    time.sleep(1)  # a mail gateway opens links in browsers too, with scripts, and waits: nothing has been answered
    assert answers(product, reference) == (0, False)
    former.page.locator("main input[type=radio]").first.check()
    former.page.get_by_role("button", name="Send").click()
    former.page.get_by_role("heading", name=re.compile("Answered at")).wait_for()
    wait_for(lambda: answers(product, reference) == (1, True))
    wait_for(lambda: "by link" in lead.page.locator("[data-key=row-fernleigh]").inner_text())

    # A colleague at Coldharbour has no account: the lead rings, and writes down who said what.
    first = tasks(product, "ashbourne", reference)[("coldharbour", 1)]
    lead.page.goto(f"{product.url}/tasks/{first['id']}/")
    form = lead.page.locator(f"form[action='/tasks/{first['id']}/reported/']")
    if not form.is_visible():
        lead.page.locator("details", has=form).locator("summary").click()
    form.get_by_label("Who said it?").fill("Tess Marlow")
    form.get_by_label("In which role?").fill("night porter")
    form.get_by_label("Which number did you ring?").fill("01632 960130")
    form.locator("input[type=radio], option").first.wait_for(state="attached")
    choices = form.locator("input[type=radio]")
    if choices.count():
        choices.first.check()
    form.get_by_role("button", name="Write it down in their name").click()
    lead.page.get_by_role("heading", name="Told by telephone").wait_for()
    shot(lead, "by-telephone-desktop")

    # Ashbourne goes blind, and Dunmere takes the lead on a phone.
    heir = windows("Alan Birtles", PHONE)
    lead.page.goto(f"{board}hand-over/")
    lead.page.get_by_label("Dunmere", exact=True).check()
    lead.page.get_by_label("Why?").fill("We see nothing any more: our screens are off")
    lead.page.get_by_role("button", name="Offer the lead").click()
    lead.page.get_by_text("is asked to take the lead from us").wait_for()
    heir.page.goto(f"{product.url}/my-tasks/")
    heir.page.get_by_role("link", name="Take the lead, or decline").click()
    heir.page.get_by_role("button", name="Take the lead").click()
    heir.page.get_by_text(f"You lead {reference} now").wait_for()

    # The provider plans a cut, and each whom it stops something for is asked.
    provider = windows("Dana Kowalski")
    provider.page.goto(f"{cuts}new/?cut=group:NG-ADM")
    begins = (datetime.now(ZoneInfo("Europe/London")) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    provider.page.get_by_label("From", exact=True).fill(begins)
    provider.page.get_by_label("What is done, and by whom").fill("Marek takes the group off file services.")
    provider.page.get_by_label("Whom can they ask?").fill("Marek Dvorak, 01632 960190")
    provider.page.get_by_role("button", name="Show what stops").click()
    shot(provider, "cut-preview-desktop")
    provider.page.get_by_role("button", name="Plan it and ask them").click()
    provider.page.get_by_role("heading", name=re.compile(CUT)).first.wait_for()
    cut = provider.page.url

    council = windows("Maeve Donnelly", PHONE)
    council.page.goto(cut)
    council.page.locator("details", has=council.page.get_by_label("Why?")).locator("summary").first.click()
    council.page.get_by_label("Why?").first.fill("The night's restores run until four")
    shot(council, "cut-objects-phone")
    council.page.get_by_role("button", name="Object").click()
    council.page.get_by_text("The night's restores run until four").first.wait_for()

    # It goes ahead by a name, with a reason, in spite of the objection and of those who are silent.
    heir.page.goto(cut)
    heir.page.get_by_text("The night's restores run until four").first.wait_for()
    heir.page.get_by_label("Why does it go ahead all the same?").fill("The backups hang on the same group")
    heir.page.get_by_role("button", name="Go ahead").click()
    heir.page.get_by_text("The backups hang on the same group").first.wait_for()
    council.page.reload()
    council.page.get_by_text("Alan Birtles").first.wait_for()
    shot(council, "cut-decided-phone")

    # Whoever takes no part sees none of it.
    stranger = windows("Callum Reid")
    for path in (board, cuts, cut):
        assert stranger.page.goto(path).status == 404
    stranger.page.goto(f"{product.url}/incidents/")
    assert reference not in stranger.page.locator("body").inner_text()
    for each in (lead, heir, provider, council, former):
        assert each.errors == []
