"""Findings as their pages want them: plain rows, in words. Each function asks a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.models import Incident
from monitoring.findings.deciding import (
    joinable,
    organisations_by_id,
    permission_form_address,
)
from monitoring.findings.rules import BY_CODE, RULES, names_of, reasons_in_words
from monitoring.models import AccessChange, Finding, Sight
from partners import permissions
from partners.models import Organisation, SharedSystem

WAITING_SHOWN, DECIDED_SHOWN, SIGHTS_SHOWN = 100, 30, 100
State = Finding.State
KINDS = {
    "person": gettext_lazy("a person's account"),
    "service": gettext_lazy("a service account"),
    "machine": gettext_lazy("a machine's account"),
    "anonymous": gettext_lazy("nobody's account"),
    "unknown": gettext_lazy("kind not known"),
}
SIGHTS = {
    "success": gettext_lazy("signed in"),
    "failure": gettext_lazy("failed"),
    "admin": gettext_lazy("with administrative rights"),
    "lapsed": gettext_lazy("after its permission lapsed"),
}
Names = Mapping[UUID, Organisation]


def triage_page() -> dict[str, Any]:
    """What waits, the heaviest first, and what was decided lately."""
    found = Finding.objects.select_related("incident")
    waiting = list(found.filter(state=State.WAITING)[:WAITING_SHOWN])
    decided = list(
        found.exclude(state__in=[State.WAITING, State.SUPPRESSED]).order_by("-decided_at", "-id")[:DECIDED_SHOWN]
    )
    names, systems = organisations_by_id(), systems_by_slug()
    open_on = _open_on({system for each in waiting for system in each.systems})
    return {
        "waiting": [row_of(each, names, systems, joins=bool(open_on & set(each.systems))) for each in waiting],
        "more": max(0, Finding.objects.filter(state=State.WAITING).count() - len(waiting)),
        "decided": [row_of(each, names, systems) for each in decided],
    }


def _open_on(systems: set[UUID]) -> set[UUID]:
    under_way = Incident.objects.filter(exercise=False, systems__system_id__in=systems)
    return set(under_way.exclude(status=Incident.Status.CLOSED).values_list("systems__system_id", flat=True))


def systems_by_slug() -> dict[str, str]:
    """Names of the systems that the reader may see."""
    return dict(SharedSystem.objects.values_list("slug", "name"))


def row_of(finding: Finding, names: Names, systems: Mapping[str, str], *, joins: bool = False) -> dict[str, Any]:
    """One line of the list. `joins`: an incident is under way on a system of it."""
    return {
        "id": finding.pk,
        "account": finding.shown,
        "href": reverse("first-sight", args=[finding.pk]),
        "who": who_of(finding, names),
        "where": ", ".join(systems.get(place, place) for place in finding.places[:3]),
        "more_places": max(0, len(finding.places) - 3),
        "rules": names_of(finding.rules),
        "weight": finding.weight,
        "count": count_of(finding),
        "first_at": finding.first_at,
        "last_at": finding.last_at,
        "made_at": finding.made_at,
        "joins": joins,
        "state": str(finding.get_state_display()),
        "because": finding.because,
        "decided_at": finding.decided_at,
        "decided_by": finding.decided_by_name,
        "incident": finding.incident.reference if finding.incident else "",
    }


def who_of(finding: Finding, names: Names) -> str:
    """`an account of Ashbourne at Coldharbour`, or the other way round for whoever it came to."""
    home = names[finding.home_id].name if finding.home_id else _("an unknown organisation")
    reached = ", ".join(sorted(names[pk].name for pk in finding.organisations if pk in names))
    if finding.home_id in finding.organisations:
        return _("%(home)s, on its own side") % {"home": home}
    return _("%(home)s into %(reached)s") % {"home": home, "reached": reached}


def count_of(finding: Finding) -> str:
    parts = []
    if finding.sights:
        parts.append(ngettext("one first sight", "%(n)s first sights", finding.sights) % {"n": finding.sights})
    if finding.changes:
        parts.append(ngettext("one change", "%(n)s changes", finding.changes) % {"n": finding.changes})
    return _(" and ").join(parts)


def finding_page(finding: Finding, *, may_open: bool, may_act: bool) -> dict[str, Any]:
    """Everything of one finding: what was seen, why it weighs what it weighs, what can be decided."""
    names, systems = organisations_by_id(), systems_by_slug()
    waits = finding.state == State.WAITING
    known = permissions.known()
    return {
        "finding": row_of(finding, names, systems),
        "waits": waits,
        "kind": str(KINDS[finding.account_kind]),
        "trail": trail_address(finding, names),
        "reasons": reasons_in_words(finding.reasons),
        "rules": [BY_CODE[rule.code] for rule in RULES if rule.code in finding.rules],
        "sights": sights_shown(finding.sight_ids, names, systems),
        "changes": changes_shown(finding.change_ids, names, systems),
        "permitted": permissions.said_of_accounts([finding.shown.casefold()], known),
        "open_href": reverse("first-sight-open", args=[finding.pk]) if waits and may_open else "",
        "permission_href": permission_form_address(finding) if finding.state == State.EXPECTED and may_open else "",
        "incidents": joinable(finding) if waits else [],
        "may_act": may_act,
        "may_open": may_open,
        "trouble": "",
        "typed": "",
    }


def trail_address(finding: Finding, names: Names) -> str:
    """Where everything of the account is; '' of one whose organisation nobody knows."""
    if finding.home_id is None or finding.home_id not in names:
        return ""
    return reverse("first-sight-account", args=[names[finding.home_id].slug, finding.account])


def sights_shown(ids: Sequence[UUID], names: Names, systems: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = Sight.objects.filter(pk__in=ids).select_related("source").order_by("first_at", "id")[:SIGHTS_SHOWN]
    return [sight_row(each, names, systems) for each in rows]


def sight_row(sight: Sight, names: Names, systems: Mapping[str, str]) -> dict[str, Any]:
    return {
        "first_at": sight.first_at,
        "last_at": sight.last_at,
        "what": str(SIGHTS[sight.kind]),
        "where": systems.get(sight.place, sight.place),
        "resource": sight.resource,
        "organisation": names[sight.organisation_id].name,
        "days": len(sight.days),
        "permission": sight.permission_id,
        "permission_words": _permission_words(sight),
        "source": sight.source.name if sight.source else "",
        "told_by": names[sight.reporter_id].name,
        "learned": sight.learned,
    }


def _permission_words(sight: Sight) -> str:
    if sight.permission_id is None:
        return _("no permission covers it")
    return _("lapsed") if sight.kind == "lapsed" else _("covered by a permission in force")


def changes_shown(ids: Iterable[UUID], names: Names, systems: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = AccessChange.objects.filter(pk__in=ids).order_by("at", "id")[:SIGHTS_SHOWN]
    return [
        {
            "at": each.at,
            "what": each.action.replace("-", " "),
            "target": each.target,
            "where": systems.get(each.place, each.place),
            "organisation": names[each.organisation_id].name,
        }
        for each in rows
    ]


def trail_page(home: str, account: str) -> dict[str, Any] | None:
    """Everything that the reader may see of one account of that organisation (its slug); None when that is nothing."""
    of = {"home__slug": home, "account": account}
    rows = list(Sight.objects.filter(**of).select_related("source", "home").order_by("first_at", "id"))
    found = list(Finding.objects.filter(**of).select_related("incident", "home").order_by("-last_at"))
    if not rows and not found:
        return None
    names, systems = organisations_by_id(), systems_by_slug()
    first: Sight | Finding = rows[0] if rows else found[0]
    assert first.home is not None
    changes = AccessChange.objects.filter(**of).values_list("pk", flat=True)
    return {
        "account": first.shown,
        "key": account,
        "home": first.home.name,
        "sights": [sight_row(each, names, systems) for each in rows[:SIGHTS_SHOWN]],
        "left_out": max(0, len(rows) - SIGHTS_SHOWN),
        "changes": changes_shown(changes, names, systems),
        "findings": [row_of(each, names, systems) for each in found[:SIGHTS_SHOWN]],
        "permitted": permissions.said_of_accounts([first.shown.casefold()], permissions.known()),
    }
