"""A day before a mark on mail ends its organisation has work, and lines on two pages; so it has when it has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from partners import chores, mail_chores, work
from partners.models import MailDistrust, WorkItem
from portal import clock
from tests.notifications.stage import as_worker, ask

pytestmark = pytest.mark.django_db(transaction=True)
ACT = "/partners/mail/act/"


@pytest.fixture
def after(monkeypatch) -> Callable[..., None]:
    """`after(days=6, hours=1)`: the portal's clock stands there, and every organisation's chore was done."""
    start = clock.now()
    monkeypatch.setattr(chores, "_CHORES", {"mail_marks": mail_chores.CHORE})

    def until(**span: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(**span))
        with as_worker():
            chores.do_chores()

    return until


@pytest.fixture
def admin(client_of):
    return client_of("dunmere", "administrator", fresh=True)


def marked(admin, domain: str = "dunmere.example") -> None:
    """For seven days from now."""
    assert admin.post(ACT, {"domain": domain, "reason": "Phishing"}).status_code == 302


def items(inside, slug: str) -> list[tuple[str, str]]:
    with inside(slug):
        found = WorkItem.objects.filter(kind="mail_mark").order_by("raised_at")
        return [(each.title.partition(" on ")[2], each.state) for each in found]


def test_work_comes_a_day_before_once_and_again_when_it_has_ended(inside, admin, after):
    marked(admin)
    after(days=5, hours=23)
    assert items(inside, "dunmere") == []
    after(days=6, minutes=1)
    ((words, state),) = items(inside, "dunmere")
    assert re.fullmatch(r"mail of Dunmere \(dunmere\.example\) ends on \d+ \w+ \d{4}, \d\d:\d\d", words)
    assert state == "open"
    with inside("dunmere"):
        item = WorkItem.objects.get(kind="mail_mark")
        assert item.due_at == MailDistrust.objects.get().until
        work.settle(item, outcome="We let it end")
    after(days=6, hours=5)
    assert len(items(inside, "dunmere")) == 1, "what somebody settled does not come back"
    after(days=7, minutes=1)
    after(days=7, hours=5)
    assert items(inside, "dunmere")[1:] == [("mail of Dunmere (dunmere.example) has ended", "open")]
    for slug in ("ashbourne", "gravenhurst"):
        assert items(inside, slug) == []


def test_renewing_settles_the_warning_at_once_and_the_next_one_is_new(inside, admin, after):
    marked(admin)
    after(days=6, minutes=1)
    with inside("dunmere"):
        mark = MailDistrust.objects.get().pk
    assert admin.post(ACT, {"act": "renew", "mark": str(mark)}).status_code == 302
    assert [state for _, state in items(inside, "dunmere")] == ["cleared"]
    ask("DATABASE_URL", "UPDATE partners_maildistrust SET until = until + interval '6 days'")
    after(days=12, hours=1)
    assert [state for _, state in items(inside, "dunmere")] == ["cleared", "open"]
    assert admin.post(ACT, {"act": "lift", "mark": str(mark)}).status_code == 302
    assert [state for _, state in items(inside, "dunmere")] == ["cleared", "cleared"]
    after(days=14)
    assert len(items(inside, "dunmere")) == 2, "it was lifted: nothing has ended by itself"


def test_what_others_renewed_is_settled_by_the_clock(inside, admin, after):
    marked(admin)
    after(days=6, minutes=1)
    ask("DATABASE_URL", "UPDATE partners_maildistrust SET until = until + interval '6 days'")
    after(days=6, hours=2)
    assert [state for _, state in items(inside, "dunmere")] == ["cleared"]


def test_the_first_page_and_the_page_of_mail_say_so_to_whom_it_concerns(admin, client_of):
    marked(admin, "ashbourne.example")
    marked(admin)
    for path in ("/", "/partners/mail/"):
        assert "unless it is renewed." not in admin.get(path).content.decode()
    ask("DATABASE_URL", "UPDATE partners_maildistrust SET until = now() + interval '23 hours'")
    for path in ("/", "/partners/mail/"):
        page = admin.get(path).content.decode()
        assert "The mark on mail of Dunmere (dunmere.example) ends on" in page
        assert "The mark on mail of Ashbourne (ashbourne.example) ends on" in page
        for slug in ("ashbourne", "gravenhurst"):
            assert "The mark on mail of" not in client_of(slug).get(path).content.decode(), (slug, path)
    ask("DATABASE_URL", "UPDATE partners_maildistrust SET until = now() - interval '1 hour'")
    for path in ("/", "/partners/mail/"):
        page = admin.get(path).content.decode()
        assert re.search(r"The mark on mail of Dunmere \(dunmere\.example\) ended on \d+ \w+ \d\d:\d\d", page)
    ask("DATABASE_URL", "UPDATE partners_maildistrust SET until = now() - interval '25 hours'")
    assert "The mark on mail of" not in admin.get("/").content.decode()
