"""What would have become of alerts if a rule stood among the others: nothing is written, and nothing is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import TextField
from django.db.models.functions import Cast, Length
from django.utils.translation import gettext as _

from incidents.errors import Invalid
from incidents.models import Incident
from monitoring.alerts import NOTHING_KNOWN, running_on
from monitoring.incoming import Incoming, sort_alerts
from monitoring.models import Alert, AlertRule
from monitoring.tools import TOOLS
from partners.models import SharedSystem

NEWEST = 50
LONGEST = 100_000  # letters of a kept alert that is tried


@dataclass(frozen=True, slots=True)
class Tried:
    """One alert: what it is called, the rule that decides, and what would become of it, in words."""

    title: str
    source: str
    rule: str
    words: str
    by_this: bool


def tried_on_kept(rule: AlertRule) -> list[Tried]:
    """The newest alerts of the organisation that are kept as they came, under its rules with this one among them."""
    kept = Alert.objects.filter(body_dropped_at=None)
    kept = kept.annotate(letters=Length(Cast("body", TextField()))).filter(letters__lte=LONGEST)
    rules = _with(rule)
    return [each for alert in kept[:NEWEST] for each in _tried([alert.body], alert.tool or "generic", rules, rule)]


def tried_on(sample: Mapping[str, Any], rule: AlertRule) -> list[Tried]:
    """The alerts of a pasted body, read as the rule's tool sends them.

    Raises:
        Invalid: it is none of that tool's.
    """
    tool = TOOLS[rule.tool or "generic"]
    return _tried(tool.split(sample), tool.slug, _with(rule), rule)


def _with(rule: AlertRule) -> list[AlertRule]:
    """The rules in use with this one in its place, saved or not."""
    others = [each for each in AlertRule.objects.filter(is_active=True) if each.pk != rule.pk]
    return sorted([*others, rule], key=lambda each: (each.position, each.name))


def _tried(alerts: Sequence[dict[str, Any]], slug: str, rules: Sequence[AlertRule], this: AlertRule) -> list[Tried]:
    tool = TOOLS[slug]
    try:
        found = sort_alerts(alerts, [each for each in rules if each.tool in {"", slug}], tool)
    except (Invalid, KeyError, TypeError):  # an alert kept before its tool was read by itself
        return []
    return [
        Tried(
            title=each.reported.title,
            source=each.source,
            rule=each.rule.name if each.rule else "",
            words=_fate(each),
            by_this=each.rule is this,
        )
        for each in found
    ]


def _fate(each: Incoming) -> str:
    if each.reading.resolved:
        return _("noted: the tool says that it is over")
    rule = each.rule
    if rule is None:
        return _("waits for a person: no rule fits")
    if rule.action == AlertRule.Action.SUPPRESS:
        return _("left out")
    if rule.action == AlertRule.Action.QUEUE:
        return _("waits for a person")
    running: Incident | None = running_on(each.starts)
    if running is not None:
        return _("joins %(reference)s, which is under way on the same systems") % {"reference": running.reference}
    if not each.starts:
        return _("waits for a person: %(why)s") % {"why": NOTHING_KNOWN}
    names = ", ".join(_names(each.starts))
    if rule.action == AlertRule.Action.SUSPECTED:
        return _("opens a suspected incident on %(systems)s") % {"systems": names}
    return _("opens an incident on %(systems)s") % {"systems": names}


def _names(starts: frozenset[UUID]) -> list[str]:
    return list(SharedSystem.objects.filter(pk__in=starts).order_by("name").values_list("name", flat=True))
