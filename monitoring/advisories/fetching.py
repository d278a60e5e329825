"""What a feed's address answers: one document, a page after another (NVD), or a list of documents (ROLIE of CSAF).

Every call goes out through `portal.egress`: public addresses alone, TLS checked, no redirect followed, sizes and times
bounded. Nothing here touches the database. Sources: RFC 9110, 13.1 (conditional requests); NVD "CVE API 2.0" (paging,
`lastModStartDate`, at most 120 days apart); CSAF 2.0, 7.1.15 (ROLIE) and 7.1.18 (hashes).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from monitoring.advisories.fields import instant, items, part, text
from monitoring.advisories.normal import Advisory, Refused, Source
from monitoring.advisories.reading import read_document
from portal.egress import Answer, request
from portal.egress.calls import FEED_BYTES

TOTAL_SECONDS = 60.0
DOCUMENT_BYTES = 4 * 1024 * 1024
MOST_DOCUMENTS = 40  # of one list at a time; the rest comes the next time
MOST_PAGES = 20
PAGE = 2000
FIRST_DAYS, MOST_DAYS = 8, 119
Ask = Callable[..., Answer]


class BadAnswer(Exception):
    """The feed did not answer as it should; `why` is for people and quotes nothing of the answer."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Fetched:
    """`unchanged`: the feed says that nothing is new. `reached` is how far a list was read; null is all of it.

    `refused` are documents of a list that could not be read, each with its reason: the others count.
    """

    advisories: list[Advisory] = field(default_factory=list)
    unchanged: bool = False
    etag: str = ""
    last_modified: str = ""
    reached: datetime | None = None
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a feed's row says of the next question."""

    kind: str
    url: str
    etag: str
    last_modified: str
    good_at: datetime | None


def fetch(feed: Asked, *, now: datetime, ask: Ask = request) -> Fetched:
    """Ask once, as the feed's kind wants it.

    Raises:
        portal.egress.EgressError: nobody answered whole.
        BadAnswer: with another status, or with what cannot be read.
    """
    try:
        if feed.kind == Source.NVD:
            return _paged(feed, now=now, ask=ask)
        return _single(feed, ask=ask)
    except Refused as refused:
        raise BadAnswer(f"What it answers cannot be read: {refused.problems[0]}") from refused


def _single(feed: Asked, *, ask: Ask) -> Fetched:
    headers = {"Accept": "application/json"}
    if feed.etag:
        headers["If-None-Match"] = feed.etag
    if feed.last_modified:
        headers["If-Modified-Since"] = feed.last_modified
    answer = ask("GET", feed.url, headers=headers, total_seconds=TOTAL_SECONDS, most_bytes=FEED_BYTES)
    if answer.status == 304:
        return Fetched(unchanged=True, etag=feed.etag, last_modified=feed.last_modified)
    _expect_200(answer)
    found = Fetched(etag=_short(answer.headers.get("etag")), last_modified=_short(answer.headers.get("last-modified")))
    if feed.kind == Source.CSAF and (entries := _rolie(answer.body)) is not None:
        _follow(entries, found, feed, ask=ask)
    else:
        found.advisories = read_document(answer.body, wanted=feed.kind)
    return found


def _expect_200(answer: Answer) -> None:
    if answer.status != 200:
        raise BadAnswer(f"It answers with the status {answer.status}.")


def _short(value: str | None) -> str:
    return value if value and len(value) <= 200 and value.isprintable() else ""


def _rolie(body: bytes) -> list[Mapping[str, Any]] | None:
    """The entries of a ROLIE feed, or None when the answer is something else."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("feed"), dict):
        return None
    return items(document["feed"], "entry", "/feed", wanted=True)


def _follow(entries: Sequence[Mapping[str, Any]], found: Fetched, feed: Asked, *, ask: Ask) -> None:
    """Fetch what was changed since the last good answer, the oldest first, of the feed's own host alone."""
    dated = sorted(
        (
            (updated, entry)
            for n, entry in enumerate(entries)
            if (updated := instant(entry, "updated", f"/feed/entry/{n}"))
        ),
        key=lambda pair: pair[0],
    )
    fresh = [pair for pair in dated if feed.good_at is None or pair[0] > feed.good_at - timedelta(hours=1)]
    for updated, entry in fresh[:MOST_DOCUMENTS]:
        try:
            found.advisories += read_document(_document(entry, feed.url, ask=ask), wanted=Source.CSAF)
        except Refused as refused:
            found.refused.append(f"{text(entry, 'id', '/feed/entry', default='?', longest=100)}: {refused.problems[0]}")
        if len(fresh) > MOST_DOCUMENTS:
            found.reached = updated
    if found.reached is not None:  # the same list must come again
        found.etag = found.last_modified = ""


def _document(entry: Mapping[str, Any], of: str, *, ask: Ask) -> bytes:
    url = text(part(entry, "content", "/feed/entry"), "src", "/feed/entry/content", longest=2000)
    _own_host(url, of)
    answer = ask("GET", url, total_seconds=TOTAL_SECONDS, most_bytes=DOCUMENT_BYTES)
    _expect_200(answer)
    hashes = [link for link in items(entry, "link", "/feed/entry") if link.get("rel") == "hash"]
    for link in sorted(hashes, key=lambda each: not str(each.get("href")).endswith(".sha512"))[:1]:
        where = text(link, "href", "/feed/entry/link", longest=2000)
        _own_host(where, of)
        said = ask("GET", where, total_seconds=TOTAL_SECONDS, most_bytes=4096)
        _expect_200(said)
        algorithm = "sha512" if where.endswith(".sha512") else "sha256"
        if said.body.split()[:1] != [hashlib.new(algorithm, answer.body).hexdigest().encode()]:
            raise Refused("its hash is another one.")
    return answer.body


def _own_host(url: str, of: str) -> None:
    if urlsplit(url)[:2] != urlsplit(of)[:2]:
        raise Refused("it leads to another host than the feed's.")


def _paged(feed: Asked, *, now: datetime, ask: Ask) -> Fetched:
    """What NVD changed since the last good answer; the first time what it changed in the last days."""
    since = (feed.good_at or now - timedelta(days=FIRST_DAYS)) - timedelta(hours=1)
    until = min(now, since + timedelta(days=MOST_DAYS))
    found, start, total = Fetched(reached=until if until < now else None), 0, 1
    while start < total and start < MOST_PAGES * PAGE:
        query = {
            "lastModStartDate": since.isoformat(timespec="milliseconds"),
            "lastModEndDate": until.isoformat(timespec="milliseconds"),
            "resultsPerPage": PAGE,
            "startIndex": start,
        }
        joint = "&" if urlsplit(feed.url).query else "?"
        url = f"{feed.url}{joint}{urlencode(query)}"
        answer = ask("GET", url, total_seconds=TOTAL_SECONDS, most_bytes=FEED_BYTES)
        _expect_200(answer)
        page = read_document(answer.body, wanted=Source.NVD)
        found.advisories += page
        total = _total(answer.body)
        if not page:
            break
        start += len(page)
    if start < total:
        raise BadAnswer(f"It has {total} records for us, more than {MOST_PAGES * PAGE}: load them from files first.")
    return found


def _total(body: bytes) -> int:
    total = json.loads(body).get("totalResults")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise Refused("/totalResults: a number is wanted.")
    return total
