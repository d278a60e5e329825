"""The offline pack, and what is said of a former member who cannot be reached: built by chores, for one's own alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from incidents import offline_pack
from partners import chores, former_contacts
from partners.models import ContactPoint, OfflinePack, WorkItem
from portal import clock
from tests.notifications.stage import as_worker, ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def only(monkeypatch):
    """Run one chore for everybody, at a time that a test sets."""
    at = [datetime.now(UTC)]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    monkeypatch.setattr(chores, "_CHORES", {})

    def run(name: str, do: Any, *, later: timedelta = timedelta(0)) -> None:
        at[0] += later
        chores.register(chores.Chore(name, do, timedelta(minutes=1)))
        with as_worker():
            assert chores.do_chores() == 8

    return run


def test_the_pack_stands_by_itself_and_holds_nothing_of_others(only, inside, client_of):
    only("pack", offline_pack.build)
    client = client_of("dunmere", fresh=True)
    assert "Up to date" in client.get("/partners/contacts/papers/").content.decode()
    answer = client.post("/partners/contacts/papers/pack/")
    assert answer["Content-Disposition"].startswith("attachment")
    page = answer.content.decode()
    for word in ("Dunmere IT duty desk", "Finance ledger", "Ben Ashcroft", "ends 23", "Cut your link", "File services"):
        assert word in page
    assert not re.search(r"7700\s*900\s*123", page)
    for word in ("Gravenhurst", "Zofia", "Callum", "Fernleigh", "Tom Whitlock"):
        assert word not in page
    assert re.findall(r"<(?:script|img|link|iframe)|url\(|src=|@import", page) == []
    assert re.findall(r'href="(?!#)', page) == []
    assert client_of("dunmere").post("/partners/contacts/papers/pack/").status_code == 403
    assert client_of("fernleigh", "observer", fresh=True).post("/partners/contacts/papers/pack/").status_code == 403
    assert ask("DATABASE_URL", "SELECT count(*) FROM ledger_event WHERE kind = 'register.taken'") == [(1,)]


def test_it_is_built_again_only_when_something_changed(only, inside, client_of):
    only("pack", offline_pack.build)
    with inside("dunmere"):
        first = OfflinePack.objects.only("organisation_id", "built_at", "checked_at").get()
    only("pack", offline_pack.build, later=timedelta(hours=1))
    with inside("dunmere"):
        again = OfflinePack.objects.only("organisation_id", "built_at", "checked_at").get()
        assert again.built_at == first.built_at
        assert again.checked_at > first.checked_at
    point = ask("DATABASE_URL", "SELECT id FROM partners_contactpoint WHERE address = 'sunita.rao@dunmere.example'")
    client = client_of("dunmere", fresh=True)
    assert client.post(f"/partners/contacts/{point[0][0]}/retire/").status_code == 302
    only("pack", offline_pack.build, later=timedelta(hours=1))
    with inside("dunmere"):
        assert OfflinePack.objects.only("organisation_id", "built_at").get().built_at > first.built_at
    with inside("gravenhurst"):
        connections["default"].cursor().execute("SELECT 1")
        assert OfflinePack.objects.only("organisation_id").count() == 1


def test_who_runs_a_system_hears_of_a_former_member_without_a_tested_duty_contact(only, inside):
    only("former", former_contacts.look)
    with inside("northgate"):
        items = list(WorkItem.objects.filter(kind="former_unreachable"))
        assert items
        assert all("@" not in item.title + item.detail for item in items)
    for slug in ("ashbourne", "dunmere", "gravenhurst", "fernleigh"):
        with inside(slug):
            assert not WorkItem.objects.filter(kind="former_unreachable").exists(), slug
    ask("DATABASE_URL", "UPDATE partners_contactpoint SET tested_at = now() WHERE address = 'duty@fernleigh.example'")
    only("former", former_contacts.look, later=timedelta(minutes=5))
    with inside("northgate"):
        assert not WorkItem.objects.filter(kind="former_unreachable", state="open").exists()
        assert not ContactPoint.objects.filter(label__contains="Fernleigh").exists()
