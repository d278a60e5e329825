"""Feeds: asked as their kind wants it, unchanged answers, broken ones, and the file that configures them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from monitoring.advisories.fetching import Asked, BadAnswer, fetch
from monitoring.advisories.polling import poll_due
from monitoring.advisories.settling import match_due
from monitoring.advisories.shown import OF_THE_OPERATOR
from monitoring.models import Advisory, AdvisoryFeed, Exposure
from portal.egress import Answer, NotConnected
from tests.monitoring.advisories.conftest import document
from tests.notifications.stage import as_worker

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
BASE = "https://feeds.example"


class Host:
    """The outside world: answers by path, and what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def __call__(self, method: str, url: str, *, headers: Any = None, **limits: Any) -> Answer:
        assert method == "GET"
        assert 0 < limits["most_bytes"] <= 32 * 1024 * 1024
        self.asked.append((url, dict(headers or {})))
        answer = self.answers[url.removeprefix(f"{BASE}/").partition("?")[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(200, {}, as_bytes(answer))


def as_bytes(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def asked(kind: str, path: str, **more: Any) -> Asked:
    return Asked(kind, f"{BASE}/{path}", more.get("etag", ""), more.get("last_modified", ""), more.get("good_at"))


def test_an_answer_is_asked_for_only_when_it_changed():
    host = Host(
        kev=Answer(200, {"etag": '"7"', "last-modified": "Mon, 02 Mar 2026 12:00:00 GMT"}, as_bytes(document("kev")))
    )
    found = fetch(asked("kev", "kev"), now=NOW, ask=host)
    assert (len(found.advisories), found.etag, found.unchanged) == (2, '"7"', False)
    host.answers["kev"] = Answer(304, {}, b"")
    again = fetch(asked("kev", "kev", etag=found.etag, last_modified=found.last_modified), now=NOW, ask=host)
    assert (again.unchanged, again.etag, again.advisories) == (True, '"7"', [])
    sent = host.asked[1][1]
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"7"', "Mon, 02 Mar 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(500, {}, b"<secret>"), "status 500"),
        (Answer(302, {"location": "https://evil.example"}, b""), "status 302"),
        (b"<html>secret</html>", "no JSON"),
        ({"catalogVersion": "1", "dateReleased": "2026-03-02T00:00:00Z", "count": 3, "vulnerabilities": []}, "/count"),
        ({"format": "NVD_CVE", "vulnerabilities": []}, "kev was expected"),
    ],
)
def test_a_bad_answer_has_a_reason_that_quotes_nothing(answer, why):
    with pytest.raises(BadAnswer, match=why) as bad:
        fetch(asked("kev", "kev"), now=NOW, ask=Host(kev=answer))
    assert "secret" not in bad.value.why


def test_nvd_is_read_page_by_page_since_the_last_good_answer():
    page = document("nvd")
    page["totalResults"] = 5
    first, second = dict(page), {**page, "vulnerabilities": page["vulnerabilities"][:2]}
    pages = [first, second]

    class Paged(Host):
        def __call__(self, method: str, url: str, **more: Any) -> Answer:
            self.answers = {"nvd": pages[len(self.asked)]}
            return super().__call__(method, url, **more)

    host = Paged()
    found = fetch(asked("nvd", "nvd", good_at=NOW - timedelta(days=2)), now=NOW, ask=host)
    assert len(found.advisories) == 5
    assert "lastModStartDate=2026-03-08T08%3A00%3A00.000%2B00%3A00" in host.asked[0][0]
    assert [url.rpartition("=")[2] for url, _headers in host.asked] == ["0", "3"]
    old = fetch(asked("nvd", "nvd", good_at=NOW - timedelta(days=300)), now=NOW, ask=Paged())
    assert old.reached == NOW - timedelta(days=300 - 119, hours=1)  # at most 120 days at a time


def test_a_list_of_documents_is_followed_on_its_own_host_and_each_is_held_against_its_hash():
    good, bad = as_bytes(document("csaf")), as_bytes(document("vex"))
    entries = [
        entry("good", "2026-03-09T00:00:00Z", f"{BASE}/good"),
        entry("bad", "2026-03-09T01:00:00Z", f"{BASE}/bad"),
        entry("elsewhere", "2026-03-09T02:00:00Z", "https://other.example/x"),
        entry("old", "2026-01-01T00:00:00Z", f"{BASE}/old"),
    ]
    host = Host(
        rolie={"feed": {"id": "x", "entry": entries}},
        good=good,
        bad=bad,
        **{"good.sha512": hashlib.sha512(good).hexdigest().encode() + b"  good", "bad.sha512": b"0000  bad"},
    )
    found = fetch(asked("csaf", "rolie", good_at=NOW - timedelta(days=3)), now=NOW, ask=host)
    assert [each.ident for each in found.advisories] == ["FSH-2026-004"]
    assert found.refused == ["bad: its hash is another one.", "elsewhere: it leads to another host than the feed's."]


def entry(ident: str, updated: str, src: str) -> dict[str, Any]:
    link = [{"rel": "hash", "href": f"{src}.sha512"}, {"rel": "self", "href": src}]
    return {"id": ident, "updated": updated, "content": {"type": "application/json", "src": src}, "link": link}


def shown() -> AdvisoryFeed:
    """As pages read it: its address is the operator's alone."""
    return AdvisoryFeed.objects.defer(*OF_THE_OPERATOR).get()


@pytest.mark.django_db(transaction=True)
def test_a_broken_feed_keeps_what_it_last_said_and_says_since_when(owner, inside):
    owner.execute(
        "INSERT INTO monitoring_advisoryfeed (id, slug, name, kind, url, every_minutes, is_active, due_at)"
        " VALUES (%s, 'kev', 'Catalogue', 'kev', %s, 60, true, now() - interval '1 minute')",
        [uuid4(), f"{BASE}/kev"],
    )
    host = Host(kev=document("kev"))
    with as_worker():
        assert poll_due(ask=host) == 1
        assert poll_due(ask=host) == 0  # not due again
        match_due()
    with inside("northgate"):
        assert Exposure.objects.get().certainty == "possible"
        good = shown()
        assert (good.failing_since, good.trouble) == (None, "")
    for trouble in (NotConnected("feeds.example:443 cannot be connected."), Answer(503, {}, b"")):
        host.answers["kev"] = trouble
        owner.execute("UPDATE monitoring_advisoryfeed SET due_at = now() - interval '1 minute'")
        with as_worker():
            assert poll_due(ask=host) == 0
    with inside("ashbourne"):
        broken = shown()
        assert broken.failing_since < broken.checked_at
        assert broken.trouble == "It answers with the status 503."
        assert broken.good_at == good.good_at
        assert Advisory.objects.count() == 2
    # Well again, and one entry is not in the catalogue any more.
    host.answers["kev"] = document("kev") | {"count": 1, "vulnerabilities": document("kev")["vulnerabilities"][1:]}
    owner.execute("UPDATE monitoring_advisoryfeed SET due_at = now() - interval '1 minute'")
    with as_worker():
        assert poll_due(ask=host) == 1
        match_due()
    with inside("northgate"):
        assert shown().failing_since is None
        assert Exposure.objects.get().retracted_because == "withdrawn by KEV"
