"""Exposures, feeds and decisions as pages and API want them: plain rows, in words, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from monitoring.advisories.deciding import DONE
from monitoring.advisories.opening import incidents_because_of, label_of, open_form_address
from monitoring.models import AdvisoryFeed, Exposure, ExposureDecision, ExposureSource
from portal import clock

MOST = 200
SEVERITY = {
    "critical": lazy("critical"),
    "high": lazy("high"),
    "medium": lazy("medium"),
    "low": lazy("low"),
    "": lazy("severity unknown"),
}
CERTAINTY = {
    "confirmed": lazy("Confirmed"),
    "ask": lazy("Version unknown: ask"),
    "possible": lazy("Possible"),
}
CERTAINTY_CSS = {"confirmed": "label--solid", "ask": "", "possible": "label--dashed"}
VERDICT = {
    "affected": lazy("this version is affected"),
    "version_unknown": lazy("this product; the version is not known"),
    "possible": lazy("possibly"),
    "outside": lazy("outside its ranges"),
    "not_affected": lazy("not affected"),
    "fixed": lazy("mended"),
    "withdrawn": lazy("withdrawn"),
    "rejected": lazy("rejected"),
    "silent": lazy("says nothing of it any more"),
}
OF_THE_OPERATOR = ("url", "etag", "last_modified", "due_at", "claimed_until")  # of a feed: pages may not read them
AT_REST = {ExposureDecision.Choice.ACCEPT, ExposureDecision.Choice.MITIGATE, ExposureDecision.Choice.NOT_US}


def visible() -> QuerySet[Exposure]:
    return Exposure.objects.select_related("system", "system__owner", "system__provider")


def last_decisions(exposures: Iterable[Exposure]) -> dict[UUID, ExposureDecision]:
    rows = ExposureDecision.objects.filter(exposure__in=[each.pk for each in exposures]).select_related("organisation")
    return {row.exposure_id: row for row in rows.order_by("at", "id")}


def rests(decision: ExposureDecision | None, today: date) -> bool:
    """Whether a decision takes it off the list of what is open: accepted or mitigated until a day, or not ours."""
    return (
        decision is not None
        and decision.choice in AT_REST
        and (decision.until_on is None or decision.until_on >= today)
    )


def list_page(show: str) -> dict[str, Any]:
    """What `monitoring/exposures.html` wants. `show`: open, decided or retracted."""
    today = clock.now().date()
    is_open = show != "retracted"
    rows = list(visible().filter(state="open" if is_open else "retracted")[: MOST + 1])
    decisions = last_decisions(rows)
    sources: dict[UUID, list[str]] = {}
    found = ExposureSource.objects.filter(exposure__in=[row.pk for row in rows]).exclude(verdict="silent")
    for exposure_id, source in found.values_list("exposure_id", "advisory__source"):
        if source.upper() not in sources.setdefault(exposure_id, []):
            sources[exposure_id].append(source.upper())
    others = _joined(rows)
    rows = [row for row in rows if row.pk in others]
    if is_open:
        rows = [row for row in rows if rests(decisions.get(row.pk), today) == (show == "decided")]
    return {
        "show": show,
        "items": [
            _item(row, decisions.get(row.pk), sources.get(row.pk, []), today, others=others[row.pk])
            for row in rows[:MOST]
        ],
        "more": len(rows) > MOST,
        "failing": AdvisoryFeed.objects.filter(is_active=True, failing_since__isnull=False).count(),
    }


def _joined(rows: Iterable[Exposure]) -> dict[UUID, int]:
    """The rows to show, with how many more systems each stands for: of an organisation behind many systems one row."""
    first: dict[tuple[Any, ...], UUID] = {}
    others: dict[UUID, int] = {}
    for row in rows:
        key = (row.pk,) if row.component_id else (row.label, row.about, row.confined_to_id)
        stands = first.setdefault(key, row.pk)
        others[stands] = others.get(stands, -1) + 1
    return others


def _item(
    row: Exposure, decision: ExposureDecision | None, sources: Sequence[str], today: date, *, others: int = 0
) -> dict[str, Any]:
    more = ngettext("%(name)s and one more system", "%(name)s and %(n)s more systems", others)
    due = due_of(row, decision)
    return {
        "id": row.pk,
        "label": label_of(row),
        "title": row.title,
        "system": more % {"name": row.system.name, "n": others} if others else row.system.name,
        "about": about_of(row),
        "tags": tags_of(row),
        "certainty": CERTAINTY[row.certainty],
        "certainty_css": CERTAINTY_CSS[row.certainty],
        "shared": shared_words(row),
        "sources": ", ".join(sorted(sources)),
        "due": f"{due:%-d %b %Y}",
        "late": row.state == "open" and due < today and not rests(decision, today),
        "decision": decision_words(decision),
        "responsible": decision.responsible if decision and decision.responsible else "",
        "because": row.retracted_because,
    }


def about_of(row: Exposure) -> str:
    if row.component_id is None:
        return _("%(name)s, behind the system") % {"name": row.about or _("an organisation")}
    return (
        f"{row.about} {row.installed}".strip()
        if row.installed
        else _("%(name)s, version unknown") % {"name": row.about}
    )


def tags_of(row: Exposure) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if row.exploited:
        found.append({"words": _("exploited"), "css": "label--solid"})
    if row.ransomware:
        found.append({"words": _("used for ransom"), "css": "label--solid"})
    return [*found, {"words": SEVERITY[row.severity], "css": ""}]


def shared_words(row: Exposure) -> str:
    if not row.shared_by:
        return _("no organisation on it")
    return ngettext("one organisation on it", "%(n)s organisations on it", row.shared_by) % {"n": row.shared_by}


def due_of(row: Exposure, decision: ExposureDecision | None) -> date:
    return decision.until_on if decision and decision.until_on else row.due_on


def decision_words(decision: ExposureDecision | None) -> str:
    return str(DONE[ExposureDecision.Choice(decision.choice)]) if decision else _("not decided")


def detail_page(row: Exposure, *, me: UUID) -> dict[str, Any]:
    """What `monitoring/exposure.html` wants beside its form."""
    today = clock.now().date()
    decisions = list(ExposureDecision.objects.filter(exposure=row).select_related("organisation"))
    last = decisions[0] if decisions else None
    system = row.system
    provider = system.provider
    runs = [each.name for each in (system.owner, system.provider) if each is not None]
    return {
        "exposure": _item(row, last, [], today) | {"state": row.state, "action": row.action},
        "confined": row.confined_to_id is not None,
        "facts": [
            (_("System"), system.name),
            (_("What of it"), about_of(row)),
            (_("Read by"), _("your organisation alone") if row.confined_to_id else " · ".join(runs)),
            (_("Stands on it"), shared_words(row)),
            (_("Found"), f"{row.found_at:%-d %b %Y}"),
            (_("Who sees to it"), last.responsible if last and last.responsible else _("nobody is named yet")),
            (_("By when"), f"{due_of(row, last):%-d %b %Y}" + ("" if last and last.until_on else _(" (proposed)"))),
            (_("Decided"), decision_words(last)),
        ],
        "sources": [_source(each) for each in _said_of(row)],
        "decisions": [
            {
                "at": each.at,
                "who": f"{each.person_name}, {each.organisation.name}",
                "what": decision_words(each),
                "until": f"{each.until_on:%-d %b %Y}" if each.until_on else "",
                "responsible": each.responsible,
                "reason": each.reason,
            }
            for each in decisions
        ],
        "open_href": open_form_address(row),
        "incidents": incidents_because_of(row),
        "reassess": {"name": provider.name, "href": reverse("assessment-add", args=[provider.slug])}
        if provider
        else None,
        "is_provider": provider is not None and provider.pk == me,
    }


def _said_of(row: Exposure) -> QuerySet[ExposureSource]:
    found = ExposureSource.objects.filter(exposure=row).select_related("advisory__feed")
    return found.defer("advisory__issues", *(f"advisory__feed__{each}" for each in OF_THE_OPERATOR))


def _source(each: ExposureSource) -> dict[str, Any]:
    advisory = each.advisory
    return {
        "kind": advisory.get_source_display(),
        "ident": advisory.ident,
        "title": advisory.title,
        "url": advisory.url,
        "by": advisory.feed.name if advisory.feed else _("a file"),
        "version": each.record_version,
        "verdict": VERDICT[each.verdict],
        "rule": each.rule,
        "installed": each.installed or "–",
        "at": each.said_at,
    }


def feeds_shown() -> list[dict[str, Any]]:
    """The table of feeds. Of an address its host alone: a path may hold a key."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT feed_id, host FROM sec.feed_hosts()")
        hosts = dict(cursor.fetchall())
    return [
        {
            "name": feed.name,
            "kind": feed.get_kind_display(),
            "host": hosts.get(feed.pk, ""),  # it may have been added since
            "every": ngettext("every minute", "every %(n)s minutes", feed.every_minutes) % {"n": feed.every_minutes},
            "good_at": feed.good_at,
            "failing_since": feed.failing_since,
            "trouble": feed.trouble,
            "active": feed.is_active,
        }
        for feed in AdvisoryFeed.objects.defer(*OF_THE_OPERATOR)
    ]
