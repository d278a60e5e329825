"""Break-glass accounts: made by administrators, enrolled by link, and nobody uses one unnoticed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from notifications.messages import compose
from notifications.models import Delivery
from partners import break_glass_chores, chores
from portal import clock
from portal.mail_sink import Mailbox
from tests.notifications.conftest import mail, stage
from tests.notifications.processes import Processes, seconds_since_beat
from tests.notifications.stage import Stage, as_worker
from tests.partners.door import enrol, sign_in
from tests.partners.raw import owner
from tests.partners.soft_passkey import SoftPasskey
from tests.running import wait_for

__all__ = ["mail", "stage"]  # fixtures


def text(response: Any) -> str:
    return response.content.decode()


def made(administrator: Client, name: str = "Safe, ground floor") -> str:
    """The address of a new account's page."""
    answer = administrator.post("/people/break-glass/", {"name": name})
    assert answer.status_code == 302, text(answer)
    return answer["Location"]


def with_passkey(administrator: Client, account: str) -> tuple[Client, SoftPasskey]:
    link = re.search(r"/sign-in/link/[\w-]+/", text(administrator.post(f"{account}link/")))
    assert link is not None
    browser = Client()
    assert browser.post(link.group()).status_code == 302
    return browser, enrol(browser)


def on_the_list(slug: str) -> list[tuple[str, str]]:
    return owner(
        "SELECT w.title, w.state FROM partners_workitem w JOIN partners_organisation o ON o.id = w.organisation_id"
        " WHERE w.kind = 'break_glass' AND o.slug = %s ORDER BY w.raised_at, w.title",
        [slug],
    )


def told(kind: str) -> list[Any]:
    return owner("SELECT audience, data, actor_person_id FROM ledger_event WHERE kind = %s ORDER BY pos", [kind])


@pytest.mark.django_db
class TestPage:
    def test_two_accounts_and_no_third(self, client_of):
        administrator = client_of("eastwick", "administrator", fresh=True)
        page = text(administrator.get("/people/break-glass/"))
        assert "2 accounts are missing" in page
        made(administrator, "Safe, ground floor")
        made(administrator, "Safe, archive")
        page = text(administrator.get("/people/break-glass/"))
        assert "is missing" not in page
        assert page.count("has not been drilled within 90 days") == 2
        third = administrator.post("/people/break-glass/", {"name": "Third"})
        assert third.status_code == 422

    def test_it_stays_an_administrator_without_a_password(self, client_of):
        administrator = client_of("eastwick", "administrator", fresh=True)
        account = made(administrator)
        form = text(administrator.get(f"{account}change/"))
        assert 'name="role"' not in form
        assert "break-glass account" in text(administrator.get("/people/"))

    def test_whoever_is_signed_in_with_none_says_no_drill(self, client_of):
        answer = client_of("eastwick", "administrator", fresh=True).post("/people/break-glass/drill/")
        assert answer.status_code == 403
        assert "A drill is said with the break-glass account itself" in text(answer)


def test_the_messages_say_what_to_do_and_name_nobody():
    said = {each: compose(message=each, reference="", code="", exercise=False) for each in Delivery.Message}
    used = said[Delivery.Message.BREAK_GLASS]
    assert used.body.startswith("A break-glass account of your organisation was used. Ring your duty desk.")
    drill = said[Delivery.Message.BREAK_GLASS_DRILL]
    assert drill.subject.startswith("DRILL: ")
    assert drill.body.startswith("DRILL: ")


@pytest.mark.django_db(transaction=True)
def test_a_drill_that_nobody_makes_comes_on_the_list_and_goes_when_it_was_made(client_of, monkeypatch):
    monkeypatch.setattr(chores, "_CHORES", {})
    chores.register(chores.Chore("break-glass", break_glass_chores.look_at_drills, timedelta(hours=12)))
    account = made(client_of("dunmere", "administrator", fresh=True)).split("/")[2]
    drilled = datetime(2026, 9, 1, 12, tzinfo=UTC)

    def after(days: int) -> list[tuple[str, str]]:
        monkeypatch.setattr(clock, "now", lambda: drilled + timedelta(days=days))
        with as_worker():
            chores.do_chores()
        return on_the_list("dunmere")

    drill, warning = (
        "Drill the break-glass account Safe, ground floor",
        "Nobody has used Safe, ground floor",
    )
    assert after(0) == [(drill, "open")], "a new one is drilled when it is made"
    owner("UPDATE partners_person SET drilled_at = %s WHERE id = %s", [drilled, account])
    assert after(1) == [(drill, "cleared")]
    assert after(82) == [(drill, "cleared")]
    assert after(84) == after(99) == [(drill, "cleared"), (drill, "open")]
    assert after(101) == [(drill, "cleared"), (drill, "open"), (f"{warning} for more than 100 days", "open")]
    owner("UPDATE partners_person SET drilled_at = %s WHERE id = %s", [drilled + timedelta(days=102), account])
    assert {state for _, state in after(103)} == {"cleared"}
    assert {state for _, state in after(300)} == {"cleared", "open"}
    owner("UPDATE partners_person SET is_active = false WHERE id = %s", [account])
    assert {state for _, state in after(301)} == {"cleared"}, "an account that was ended needs no drill"
    assert on_the_list("gravenhurst") == []


@pytest.mark.django_db(transaction=True)
def test_a_use_is_recorded_and_ends_after_eight_hours_and_a_drill_dates_it(client_of, cast):
    administrator = client_of("dunmere", "administrator", fresh=True)
    account = made(administrator)
    person = account.split("/")[2]
    enrolling, passkey = with_passkey(administrator, account)
    assert len(told("break_glass.used")) == 1, "enrolling is using, too"
    assert "nothing else" in text(enrolling.get("/account/"))
    for path in ("password/", "app/", "recovery-codes/"):
        assert enrolling.get(f"/account/{path}").status_code == 302, path

    browser, said = sign_in(passkey)
    assert said.status_code == 200
    audience, data, actor = told("break_glass.used")[-1]
    ((liaison,),) = owner("SELECT sec.liaison(%s)", [cast.id("dunmere")])
    assert set(audience) == {cast.id("dunmere"), liaison}
    assert liaison != cast.id("dunmere")
    assert data == {"organisation": "dunmere"}
    assert str(actor) == person
    ((born, hours),) = owner(
        "SELECT born, extract(epoch FROM ends_at - started_at) / 3600 FROM partners_personsession"
        " WHERE person_id = %s ORDER BY started_at DESC LIMIT 1",
        [person],
    )
    assert (born, float(hours)) == ("break_glass", 8.0)
    assert browser.get("/people/add/").status_code == 200, "it administers"

    page = text(browser.get("/people/break-glass/"))
    assert "You are signed in with Safe, ground floor" in page
    assert browser.post("/people/break-glass/drill/").status_code == 302
    assert len(told("break_glass.drilled")) == 1
    page = text(browser.get("/people/break-glass/"))
    assert "has not been drilled" not in page

    owner("UPDATE partners_person SET drilled_at = now() - interval '91 days' WHERE id = %s", [person])
    assert "has not been drilled within 90 days" in text(administrator.get("/people/break-glass/"))
    assert administrator.post(f"/people/{person}/drill/").status_code == 302
    assert "announced until" in text(administrator.get("/people/break-glass/"))
    sign_in(passkey)
    assert len(told("break_glass.used")) == 2, "the announced one counts as a drill"
    assert len(told("break_glass.drilled")) == 2
    assert "has not been drilled" not in text(administrator.get("/people/break-glass/"))
    sign_in(passkey)
    assert len(told("break_glass.used")) == 3, "one use is one drill"


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(60)
def test_its_use_reaches_the_mailboxes_that_ride_on_nothing_shared(
    stage: Stage, mail: Mailbox, client_of, cast, tmp_path: Path
):
    """Over the running scheduler and worker, once; a distrusted mailbox is passed over."""
    administrator = client_of("dunmere", "administrator", fresh=True)
    account = made(administrator)
    owner(
        "UPDATE partners_contactpoint SET trust = 'compromised', trust_because = 'read by others'"
        " WHERE organisation_id = %s AND address LIKE 'duty@%%'",
        [cast.id("dunmere")],
    )
    with Processes(tmp_path / "log", lease_seconds=10) as processes:
        processes.start("scheduler")
        processes.start("worker")
        wait_for(lambda: seconds_since_beat(stage, "worker") < 2, seconds=30)
        browser, _passkey = with_passkey(administrator, account)
        wait_for(lambda: owner("SELECT count(*) FROM notifications_delivery WHERE state = 'accepted'")[0][0] >= 4)
        assert browser.post("/people/break-glass/drill/").status_code == 302
        wait_for(lambda: any("DRILL" in message["subject"] for message in mail.messages()))
        wait_for(lambda: not owner("SELECT 1 FROM notifications_planning WHERE state IN ('pending', 'claimed')"))
        wait_for(lambda: not owner("SELECT 1 FROM notifications_delivery WHERE state IN ('pending', 'claimed')"))

    def got(words: str) -> set[str]:
        return {message["to"][0] for message in mail.messages() if words in message["text"]}

    # Not the desk, whose mailbox is not trusted; Rhys Morgan has no contact.
    assert got("your organisation was used. Ring your duty desk.") == {"alan.birtles@dunmere.example"}
    northgate = {f"{who}@northgate.example" for who in ("duty", "dana.kowalski", "helen.strand")}
    assert got("that you look after was used. Ring it") == northgate
    assert got("DRILL: ") == northgate | {"alan.birtles@dunmere.example"}
    assert "dunmere" not in " ".join(message["text"] + message["subject"] for message in mail.messages()).lower()
    page = text(client_of("dunmere", "administrator").get("/deliveries/"))
    assert "Break-glass account used: Dunmere" in page
    assert "Break-glass account of a partner used: Dunmere" in text(client_of("northgate").get("/deliveries/"))
