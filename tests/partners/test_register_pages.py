"""What reads well on the pages of the register: pages of fifty systems, days in words, one stop at a sentence's end."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from partners import views_systems
from partners.history import history_of
from partners.models import Change, SharedSystem

pytestmark = pytest.mark.django_db


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a class="tap" href="/systems/([^/]+)/"', page)


def test_systems_come_in_pages_in_the_order_of_their_names_and_each_once(client_of, monkeypatch):
    browser = client_of("northgate")
    everything = names(browser.get("/systems/").content.decode())
    monkeypatch.setattr(views_systems, "PAGE", 3)
    seen, address = [], "/systems/"
    while address:
        page = browser.get(address).content.decode()
        seen += names(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert seen == everything
    assert len(seen) > 3


def test_a_place_that_is_not_ones_own_to_see_begins_at_the_start(client_of, monkeypatch):
    monkeypatch.setattr(views_systems, "PAGE", 2)
    browser = client_of("gravenhurst")
    start = names(browser.get("/systems/").content.decode())
    for after in ("finance-ledger", "never-made", "x" * 300):
        assert names(browser.get("/systems/", {"after": after}).content.decode()) == start, after


def test_days_in_a_history_are_written_for_people(monkeypatch):
    at = {"lapsed_at": "2026-11-26T02:24:51.990467+00:00", "expires_on": "2026-09-30", "note": "2026-13-45"}
    change = Change(object_id=uuid4(), what=Change.What.CHANGED, before={}, after=at, kind="permission")
    monkeypatch.setattr(Change.objects, "filter", lambda **_: _Found([change]))
    ((shown),) = history_of(change.object_id, me=uuid4(), fields={}, names={})
    assert {each["name"]: each["now"] for each in shown["fields"]} == {
        "Lapsed at": "26 November 2026, 02:24",
        "Expires on": "30 September 2026",
        "Note": "2026-13-45",
    }


class _Found(list):
    def select_related(self, *_names):
        return self


def test_a_refused_move_of_a_link_ends_with_one_stop(client_of):
    with_links = client_of("northgate", fresh=True)
    link = re.search(r'href="(/partners/links/[0-9a-f-]{36}/)"', with_links.get("/partners/links/").content.decode())[1]
    answer = with_links.post(f"{link}moves/", {"end": "source", "act": "agreed"})
    assert answer.status_code == 409
    assert ".." not in answer.content.decode()


def test_a_system_without_a_provider_is_run_by_its_owner(client_of):
    page = client_of("dunmere").get(reverse("system-detail", args=["finance-ledger"])).content.decode()
    assert "somebody outside" not in page


def test_the_register_says_in_use_where_live_is_the_stream(client_of):
    form = client_of("northgate", fresh=True).get("/systems/identity-platform/change/").content.decode()
    assert re.search(r">\s*In use\s*</label>", form)
    assert dict(SharedSystem.Status.choices)["live"] == "Live", "files and the API keep their words"
