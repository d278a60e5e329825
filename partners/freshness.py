"""Whether the ways of duty are known to work: pure, but for the one query that reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from partners.models import ContactPoint

FRESH_FOR = timedelta(days=35)


class Fresh(StrEnum):
    YES = "yes"
    OVERDUE = "overdue"
    FAILED = "failed"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Freshness:
    """The worst of an organisation's ways of duty. `stale` are those that are not fresh; no way at all is never."""

    state: Fresh
    stale: tuple[ContactPoint, ...] = ()
    ways: int = 0


def is_sent_to(point: ContactPoint) -> bool:
    """Whether a transport carries messages to it; the others, and private numbers, are called by a person."""
    return point.kind in settings.SENT_WAYS and not point.is_private


def can_be_tested(point: ContactPoint) -> bool:
    """Whether a test can be sent to it: also to what comes beside, which no readiness counts."""
    return is_sent_to(point) or point.kind in settings.BESIDE_WAYS


def of_point(point: ContactPoint, now: datetime) -> Fresh:
    """What is known of one way."""
    if point.failed_at is not None and (point.tested_at is None or point.failed_at >= point.tested_at):
        return Fresh.FAILED
    if point.tested_at is None:
        return Fresh.NEVER
    return Fresh.YES if now - point.tested_at < FRESH_FOR else Fresh.OVERDUE


def duty_points(people: Collection[UUID]) -> list[ContactPoint]:
    """The ways by which duty is told: those of the desk and of everybody in the rota. Without any, every way counts.

    One query, in the open scope. `people` are those of the rota.
    """
    points = [point for point in ContactPoint.objects.filter(is_active=True).select_related("person")
              if is_sent_to(point) and (point.person is None or point.person.is_active)]  # fmt: skip
    return [point for point in points if point.person_id is None or point.person_id in people] or points


def freshness(points: Sequence[ContactPoint], now: datetime) -> Freshness:
    """The worst case of these ways."""
    states = {point: of_point(point, now) for point in points}
    stale = tuple(point for point, state in states.items() if state != Fresh.YES)
    for worst in (Fresh.FAILED, Fresh.NEVER, Fresh.OVERDUE):
        if worst in states.values():
            return Freshness(worst, stale, len(states))
    return Freshness(Fresh.YES if states else Fresh.NEVER, stale, len(states))


def fresh_enough(found: Freshness) -> bool:
    return found.state == Fresh.YES


def in_words(state: Fresh, point: ContactPoint) -> str:
    """A sentence on one way, for the list."""
    if not can_be_tested(point):
        return _("not sent to at present") if point.host else _("not sent to yet, for calling")
    days = {"tested": f"{point.tested_at:%-d %B %Y}" if point.tested_at else "",
            "failed": f"{point.failed_at:%-d %B %Y}" if point.failed_at else ""}  # fmt: skip
    return {
        Fresh.YES: _("worked on %(tested)s"),
        Fresh.OVERDUE: _("last worked on %(tested)s, too long ago"),
        Fresh.FAILED: _("no answer on %(failed)s"),
        Fresh.NEVER: _("not tested yet"),
    }[state] % days
