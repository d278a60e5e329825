"""A council's mail is marked: its next message goes by text, that number fails, the call list has number and script.

The dialogue of an opening says so before anything is sent. The lead marks a participant's for all, with a second one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.browser.door import Door
from tests.browser.stage import call
from tests.running import Running, wait_for

pytestmark = pytest.mark.timeout(180)  # the first one also waits for the product
FAILS = "+447700900002"  # one of GOV.UK Notify's numbers for tests: it takes the message and reports that it failed
DESK = "+441632960135"
OTHERS = "organisation_id = %s AND kind IN ('sms', 'push')"


@pytest.fixture
def numbers(fresh_product: Running) -> Iterator[None]:
    """Ben Ashcroft is on duty at Dunmere and has its one number for texts; its desk has a telephone."""
    with psycopg.connect(fresh_product.database_url) as owner:
        dunmere, ben = owner.execute(
            "SELECT organisation_id, id FROM partners_person WHERE name = 'Ben Ashcroft'"
        ).fetchone()
        owner.execute(f"UPDATE partners_contactpoint SET is_active = false WHERE {OTHERS}", [dunmere])
        shift, added = uuid4(), [uuid4(), uuid4()]
        for point, person, kind, number in zip(added, (ben, None), ("sms", "phone"), (FAILS, DESK), strict=True):
            owner.execute(
                "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust,"
                ' trust_because, is_active, is_private, "order")'
                " VALUES (%s, %s, %s, %s, %s, 'Number', 'trusted', '', true, false, 0)",
                [point, dunmere, person, kind, number],
            )
        owner.execute(
            "INSERT INTO partners_dutyoverride (id, organisation_id, person_id, starts_at, ends_at, note, made_at)"
            " VALUES (%s, %s, %s, now() - interval '1 hour', now() + interval '1 day', '', now())",
            [shift, dunmere, ben],
        )
    yield
    with psycopg.connect(fresh_product.database_url) as owner:
        owner.execute("UPDATE partners_contactpoint SET is_active = false WHERE id = ANY (%s)", [added])
        again = f"UPDATE partners_contactpoint SET is_active = true WHERE {OTHERS} AND id <> ALL (%s)"
        owner.execute(again, [dunmere, added])
        owner.execute("DELETE FROM partners_dutyoverride WHERE id = %s", [shift])
        owner.execute("UPDATE partners_maildistrust SET lifted_at = now() WHERE lifted_at IS NULL")


@pytest.fixture
def door(fresh_product: Running, browser: Any) -> Iterator[Any]:
    opened: list[Door] = []

    def make(name: str) -> Door:
        opened.append(Door(browser, fresh_product))
        opened[-1].device()
        opened[-1].enrol(name)
        return opened[-1]

    yield make
    for each in opened:
        each.context.close()


@pytest.mark.usefixtures("numbers")
def test_a_marked_domain_means_a_text_then_a_call_and_the_opening_says_so_before(fresh_product, door) -> None:
    rhys, priya = door("Rhys Morgan"), door("Priya Nair")
    rhys.go("/partners/mail/")
    rhys.page.get_by_label("Whose mail").select_option("dunmere.example")
    rhys.page.get_by_label("Why?").fill("Somebody else sends invoices from our mailboxes.")
    rhys.press("Do not trust it for seven days")
    rhys.page.get_by_text("Marked for everybody, for seven days.").wait_for()
    faults = rhys.look("mail-distrust-marked")

    priya.go("/incidents/open/")
    priya.page.get_by_label("Identity platform").check()
    priya.press("Show who is reached")
    priya.page.get_by_role("button", name="Open and notify").wait_for()
    row = priya.page.get_by_role("row", name=re.compile("^Dunmere")).inner_text()
    assert "a message to one person, by text message" in row
    assert "its mail is marked as not trusted" in row
    said = "Dunmere’s mail is not used: it is marked as not trusted. Its people are told by text message instead."
    assert said in priya.words()
    assert "INC-" not in json.dumps(fresh_product.mail()), "nothing of an incident was sent before"
    faults += priya.look("open-preview-mail-distrusted")
    priya.page.get_by_label("Title").fill("Intruder on the identity platform")
    priya.press("Open and notify")
    priya.page.wait_for_url(re.compile(r"/incidents/INC-\w+/$"))
    reference = priya.page.url.rstrip("/").rpartition("/")[2]
    try:
        faults += _rings(fresh_product, priya, reference)
    finally:
        moves = {"to": "closed", "outcome": "resolved"}
        call(fresh_product, "ashbourne", "POST", f"/incidents/{reference}/moves/", moves)
    assert faults == []


def _rings(product: Running, priya: Door, reference: str) -> list[str]:
    """What became of it, as the lead sees it; the faults of the pages."""

    def sent() -> list[Any]:
        found = call(product, "ashbourne", "GET", f"/incidents/{reference}/deliveries/?limit=1000")["results"]
        return [each for each in found if each["organisation"] == "dunmere"]

    wait_for(lambda: any(each["way"] == "Text message" and each["state"] == "dead" for each in sent()), seconds=20)
    mails = [each for each in sent() if each["way"] == "E-mail"]
    assert {each["state"] for each in mails} == {"skipped"}
    assert any(each["because"] == "The mail of Dunmere is marked as not trusted." for each in mails)
    assert not any("@dunmere.example" in to for each in product.mail() if reference in str(each) for to in each["to"])

    def on_the_list() -> bool:
        priya.go(f"/incidents/{reference}/calls/")
        return priya.page.get_by_role("heading", name=re.compile("^Dunmere")).count() == 1

    wait_for(on_the_list, seconds=20)
    priya.go(f"/incidents/{reference}/")
    board = priya.words()
    assert "Mail of Dunmere (dunmere.example) is not to be trusted" in board
    row = priya.page.get_by_role("row", name=re.compile("^Dunmere")).first.inner_text()
    assert "Told " not in row, "the text message told nobody: it died"
    assert "Not told: Every message to them failed. Call the duty desk." in row
    faults = priya.look("board-mail-distrusted")
    priya.page.get_by_role("link", name=re.compile("^Call now.*Dunmere")).click()
    priya.press("Take this call")
    ring = priya.page.get_by_role("link", name=re.compile(r"^Call .*960 ?135"))
    assert ring.get_attribute("href") == f"tel:{DESK}"
    script = priya.words()
    assert reference in script
    assert "ring the number on your card" in script
    return faults + priya.look("call-mail-distrusted")


def test_the_lead_and_a_second_council_mark_a_participant_for_all_and_the_lead_sees_who_told_its_staff(
    fresh_product, door
) -> None:
    opening = {"title": "Intruder on the identity platform", "systems": ["identity-platform"]}
    reference = call(fresh_product, "ashbourne", "POST", "/incidents/", opening)["reference"]
    priya, gareth = door("Priya Nair"), door("Gareth Lowe")
    try:
        priya.go(f"/incidents/{reference}/organisations/eastwick/")
        priya.page.get_by_role("button", name="Mark its mail as not trusted").click()
        priya.page.wait_for_url(re.compile(f"/incidents/{reference}/mail/ask/"))
        assert priya.page.get_by_label("Whose mail").locator("option:checked").inner_text().startswith("Eastwick")
        priya.page.get_by_label("Why?").fill("Replies to old threads, with a file that nobody asked for.")
        priya.page.get_by_label("Brackenfield").check()
        priya.press("Ask for approval")
        priya.arrives("/approvals/")
        gareth.go("/approvals/")
        assert "For seven days no message of Bulkhead goes to an address in eastwick.example" in gareth.words()
        faults = gareth.look("approvals-mail")
        gareth.press("Approve, and do it now")
        gareth.page.get_by_text("Approved, and done").wait_for()
        gareth.go("/partners/mail/")
        gareth.page.locator("summary", has_text="Notice to your staff").click()
        faults += gareth.look("mail-notice")
        gareth.page.get_by_label("How many people did it go to?").fill("340")
        gareth.press("It was issued")
        gareth.page.get_by_text("It is written down that your staff was told.").wait_for()
        priya.go(f"/incidents/{reference}/")
        priya.page.get_by_role("link", name="More", exact=True).click()
        priya.page.get_by_role("link", name="Mail", exact=True).click()
        priya.arrives(f"/incidents/{reference}/mail/")
        assert priya.page.get_by_role("row", name="Brackenfield yes").count() == 1
        assert priya.page.get_by_role("row", name="Coldharbour no").count() == 1
        assert "340" not in priya.words()
        faults += priya.look("mail-in-incident-marked")
        priya.page.get_by_role("button", name="Renew or lift it, with a second organisation").click()
        priya.page.get_by_text("Two organisations marked it").wait_for()
        faults += priya.look("mail-change")
    finally:
        moves = {"to": "closed", "outcome": "resolved"}
        call(fresh_product, "ashbourne", "POST", f"/incidents/{reference}/moves/", moves)
        with psycopg.connect(fresh_product.database_url) as owner:
            owner.execute("UPDATE partners_maildistrust SET lifted_at = now() WHERE lifted_at IS NULL")
    assert faults == []
