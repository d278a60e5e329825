"""Which addresses are asked, and other names of makers and products: a file of the operator's, loaded as the owner."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction

from monitoring.advisories.keys import folded
from monitoring.models import AdvisoryAlias, AdvisoryFeed
from monitoring.models.advisories import Kind
from portal import clock
from portal.documents import Problem, Refused, pointer, read_json

LEAST_MINUTES = 15


class FeedsRefused(Refused):
    """The file cannot be loaded; `problems` are JSON pointers with a sentence each."""


@transaction.atomic
def load_feeds(path: Path | str) -> Counter[str]:
    """Load `{"feeds": [{"slug", "name", "kind", "url", "every_minutes"}], "aliases": [{"name", "also"}]}`.

    Safe to repeat: a feed is found again by its slug; one that is not in the file any more is switched off, and what it
    said stays. Aliases are those of the file.

    Raises:
        FeedsRefused: with every problem found; nothing was written.
    """
    document = read_json(Path(path).read_bytes())
    feeds, aliases = _list(document, "feeds"), _list(document, "aliases")
    problems = [each for n, feed in enumerate(feeds) for each in _of_feed(feed, n)]
    for n, alias in enumerate(aliases):
        if not isinstance(alias, dict) or not all(isinstance(alias.get(k), str) and alias[k] for k in ("name", "also")):
            problems.append(Problem(pointer("aliases", n), "name and also are wanted."))
    if problems:
        raise FeedsRefused(problems)
    done: Counter[str] = Counter()
    for feed in feeds:
        wanted = {"name": feed["name"], "kind": feed["kind"], "url": feed["url"], "is_active": True}
        wanted["every_minutes"] = feed.get("every_minutes", 60)
        row = AdvisoryFeed.objects.filter(slug=feed["slug"]).first()
        if row is None:
            AdvisoryFeed.objects.create(slug=feed["slug"], **wanted)
            done["feeds added"] += 1
        elif any(getattr(row, name) != value for name, value in wanted.items()):
            moved = {"etag": "", "last_modified": ""} if row.url != feed["url"] else {}
            AdvisoryFeed.objects.filter(pk=row.pk).update(**wanted, **moved, due_at=clock.now())
            done["feeds changed"] += 1
    off = AdvisoryFeed.objects.filter(is_active=True).exclude(slug__in=[feed["slug"] for feed in feeds])
    done["feeds switched off"] += off.update(is_active=False)
    done["aliases"] += _aliases(aliases)
    return +done


def _aliases(aliases: list[dict[str, str]]) -> int:
    """How many changed. All systems are matched again then: their components have other names."""
    wanted = {(folded(each["name"]), each["also"].strip()) for each in aliases}
    has = set(AdvisoryAlias.objects.values_list("name", "also"))
    for name, also in has - wanted:
        AdvisoryAlias.objects.filter(name=name, also=also).delete()
    AdvisoryAlias.objects.bulk_create(AdvisoryAlias(name=name, also=also) for name, also in sorted(wanted - has))
    if has != wanted:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO monitoring_matchdue (system_id, due_at) SELECT s.id, now() FROM partners_sharedsystem s"
                " ON CONFLICT DO NOTHING"
            )
    return len(has ^ wanted)


def _list(document: Any, name: str) -> list[Any]:
    found = document.get(name, []) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise FeedsRefused([Problem(pointer(name), "A list is wanted.")])
    return found


def _of_feed(feed: Any, nth: int) -> list[Problem]:
    if not isinstance(feed, dict):
        return [Problem(pointer("feeds", nth), "An object is wanted.")]
    problems = [
        Problem(pointer("feeds", nth, name), "A text is wanted.")
        for name in ("slug", "name", "kind", "url")
        if not isinstance(feed.get(name), str) or not feed[name]
    ]
    if problems:
        return problems
    if feed["kind"] not in Kind.values:
        problems.append(Problem(pointer("feeds", nth, "kind"), f"One of {', '.join(Kind.values)} is wanted."))
    parts = urlsplit(feed["url"])
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        problems.append(Problem(pointer("feeds", nth, "url"), "An https address without a log-in is wanted."))
    minutes = feed.get("every_minutes", 60)
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not LEAST_MINUTES <= minutes <= 10080:
        problems.append(Problem(pointer("feeds", nth, "every_minutes"), "From 15 to 10080 minutes."))
    return problems
