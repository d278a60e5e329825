"""The feeds that are due: claimed, asked outside any transaction, kept. A broken one keeps what it last said.

The queue is the table of feeds; whoever wakes the job only wakes it. Two that run at once ask different feeds.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from monitoring.advisories.fetching import Ask, Asked, BadAnswer, Fetched, fetch
from monitoring.advisories.normal import Refused, Source
from monitoring.advisories.storing import keep_as_feed
from monitoring.models import AdvisoryFeed
from portal import clock
from portal.egress import EgressError, request
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
AT_MOST = 10


def poll_due(*, ask: Ask = request) -> int:
    """Ask every feed that is due; how many gave a good answer."""
    good = 0
    for _turn in range(AT_MOST):
        if (feed := _claim()) is None:
            break
        good += poll(feed, ask=ask)
    return good


def _claim() -> AdvisoryFeed | None:
    now = clock.now()
    with queue_scope():
        due = Q(is_active=True, due_at__lte=now) & (Q(claimed_until=None) | Q(claimed_until__lt=now))
        feed = AdvisoryFeed.objects.filter(due).order_by("due_at", "id").select_for_update(skip_locked=True).first()
        if feed is not None:
            AdvisoryFeed.objects.filter(pk=feed.pk).update(claimed_until=now + LEASE)
    return feed


def poll(feed: AdvisoryFeed, *, ask: Ask = request) -> bool:
    """Ask one, keep what it says and write down how it went; whether the answer was good."""
    asked = Asked(feed.kind, feed.url, feed.etag, feed.last_modified, feed.good_at)
    now = clock.now()
    try:
        found = fetch(asked, now=now, ask=ask)
        with queue_scope():
            if found.advisories:
                keep_as_feed(found.advisories, feed_id=feed.pk, whole=feed.kind == Source.KEV)
            _well(feed, found, now)
        return True
    except EgressError as trouble:
        _badly(feed.pk, trouble.why, now)
    except (BadAnswer, Refused) as trouble:
        _badly(feed.pk, str(trouble), now)
    except Exception:  # one feed is no other's trouble
        log.exception("the feed %s could not be taken", feed.slug)
        _badly(feed.pk, _("What it answers could not be kept; the log says more."), now)
    return False


def _well(feed: AdvisoryFeed, found: Fetched, now: datetime) -> None:
    later = now + timedelta(minutes=feed.every_minutes)
    more = found.reached is not None
    said: dict[str, Any] = {
        "etag": found.etag,
        "last_modified": found.last_modified,
        "checked_at": now,
        "good_at": found.reached or now,
        "failing_since": None,
        "trouble": "; ".join(found.refused[:5])[:1000],
        "due_at": now if more else later,
        "claimed_until": None,
    }
    AdvisoryFeed.objects.filter(pk=feed.pk).update(**said)


def _badly(pk: UUID, why: str, now: datetime) -> None:
    """Since when it fails stays; the next try comes at its own pace."""
    with queue_scope():
        AdvisoryFeed.objects.filter(pk=pk).update(
            checked_at=now,
            failing_since=Coalesce(F("failing_since"), now),
            trouble=why[:1000],
            due_at=now + timedelta(minutes=15),
            claimed_until=None,
        )
