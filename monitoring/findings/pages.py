"""Findings as their pages want them: plain rows, in words. Each function asks a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from incidents.models import Incident
from monitoring.findings.deciding import (
    UNDECIDED,
    joinable,
    organisations_by_id,
    permission_form_address,
    systems_by_slug,
)
from monitoring.findings.homes import findings, findings_of, home_of
from monitoring.findings.rules import A_LIST, AN_HOUR, BY_CODE, RULES, names_of, reasons_in_words
from monitoring.findings.seen import SIGHTS_SHOWN, Names, changes_shown, sight_rows, sights_shown
from monitoring.findings.standing import stand_of
from monitoring.models import AccessChange, Finding, Sight
from partners import permissions

WAITING_SHOWN, DECIDED_SHOWN = 100, 30
NOBODY = UUID(int=0)
State = Finding.State
KINDS = {
    "person": gettext_lazy("a person's account"),
    "service": gettext_lazy("a service account"),
    "machine": gettext_lazy("a machine's account"),
    "anonymous": gettext_lazy("nobody's account"),
    "unknown": gettext_lazy("kind not known"),
}


def triage_page() -> dict[str, Any]:
    """What waits, the heaviest first, and what was decided lately."""
    found = findings()
    waiting = list(found.filter(state=State.WAITING)[:WAITING_SHOWN])
    decided = list(
        found.exclude(state__in=[*UNDECIDED, State.SUPPRESSED])
        .filter(folded_into=None)
        .order_by("-decided_at", "-id")[:DECIDED_SHOWN]
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


def row_of(finding: Finding, names: Names, systems: Mapping[str, str], *, joins: bool = False) -> dict[str, Any]:
    """One line of the list. `joins`: an incident is under way on a system of it."""
    return {
        "id": finding.pk,
        "stand": stand_of(finding),
        "account": account_of(finding),
        "folded": finding.folded,
        "an_hour": AN_HOUR,
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
        "open_href": open_address(finding),
        "joins": joins,
        "state": str(finding.get_state_display()),
        "because": finding.because,
        "decided_at": finding.decided_at,
        "decided_by": finding.decided_by_name,
        "incident": finding.incident.reference if finding.incident else "",
    }


def open_address(finding: Finding) -> str:
    """To the form of opening, from a page that shows it as it is here."""
    return f"{reverse('first-sight-open', args=[finding.pk])}?stand={stand_of(finding)}"


def account_of(finding: Finding) -> str:
    """The account; of a list, how many findings stand in it."""
    return _("%(n)s findings in one list") % {"n": finding.folded} if finding.folded else finding.shown


def who_of(finding: Finding, names: Names) -> str:
    """`an account of Ashbourne at Coldharbour`, or the other way round for whoever it came to."""
    if finding.folded and finding.side == "home":
        reached = ", ".join(sorted(names[pk].name for pk in finding.organisations if pk in names))
        return _("Accounts of your own at %(reached)s") % {"reached": reached}
    if finding.folded and finding.home_id:
        return _("Accounts of %(home)s that came to you") % {"home": names[finding.home_id].name}
    whose = home_of(finding)
    home = names[whose].name if whose else _("an unknown organisation")
    reached = ", ".join(sorted(names[pk].name for pk in finding.organisations if pk in names))
    if whose in finding.organisations:
        return _("%(home)s, on its own side") % {"home": home}
    return _("%(home)s into %(reached)s") % {"home": home, "reached": reached}


def count_of(finding: Finding) -> str:
    parts = []
    if finding.sights and finding.rules == ["during-isolation"]:
        parts.append(ngettext("one place", "%(n)s places", finding.sights) % {"n": finding.sights})
    elif finding.sights:
        parts.append(ngettext("one first sight", "%(n)s first sights", finding.sights) % {"n": finding.sights})
    if finding.changes:
        parts.append(ngettext("one change", "%(n)s changes", finding.changes) % {"n": finding.changes})
    return _(" and ").join(parts)


def finding_page(finding: Finding, *, may_open: bool, may_act: bool) -> dict[str, Any]:
    """Everything of one finding: what was seen, why it weighs what it weighs, what can be decided."""
    names, systems = organisations_by_id(), systems_by_slug()
    waits = finding.state in UNDECIDED
    known = permissions.known()
    return {
        "finding": row_of(finding, names, systems),
        "waits": waits,
        "places": [systems.get(place, place) for place in finding.places],
        "places_shown": finding.places,
        "kind": str(KINDS[finding.account_kind]),
        "within": [row_of(each, names, systems) for each in _within(finding)],
        "list_href": reverse("first-sight", args=[finding.folded_into_id])
        if finding.folded_into_id and finding.state != State.WAITING
        else "",
        "trail": trail_address(finding, names),
        "reasons": [] if finding.folded else reasons_in_words(finding.reasons),
        "rules": [BY_CODE[rule.code] for rule in RULES if rule.code in finding.rules],
        "sights": sights_shown(finding.sight_ids, names, systems),
        "changes": changes_shown(finding.change_ids, names, systems),
        "permitted": permissions.said_of_accounts([finding.shown.casefold()], known) if finding.shown else [],
        "open_href": open_address(finding) if waits and may_open else "",
        "permission_href": permission_form_address(finding) if finding.state == State.EXPECTED and may_open else "",
        "incidents": joinable(finding) if waits else [],
        "may_act": may_act,
        "may_open": may_open,
        "trouble": "",
        "typed": "",
        "reason": "",
    }


def _within(finding: Finding) -> list[Finding]:
    """What stands in a list, the heaviest first."""
    return list(findings(finding.within.all())[:A_LIST]) if finding.folded else []


def trail_address(finding: Finding, names: Names) -> str:
    """Where everything of the account is; '' of one whose organisation nobody knows, and of a list."""
    whose = home_of(finding)
    if finding.folded or whose is None or whose not in names:
        return ""
    return reverse("first-sight-account", args=[names[whose].slug, finding.account])


def trail_page(home: str, account: str) -> dict[str, Any] | None:
    """Everything that the reader may see of one account of that organisation (its slug); None when that is nothing."""
    names, systems = organisations_by_id(), systems_by_slug()
    whose = next((each for each in names.values() if each.slug == home), None)
    # Of an organisation that is not there as much is asked as of one that is.
    pk = whose.pk if whose else NOBODY
    of = {"home_id": pk, "account": account}
    rows = list(Sight.objects.filter(**of).select_related("source").order_by("first_at", "id"))
    found = list(findings_of(pk, account).order_by("-last_at"))
    if whose is None or (not rows and not found):
        return None
    first: Sight | Finding = rows[0] if rows else found[0]
    changes = AccessChange.objects.filter(**of).values_list("pk", flat=True)
    return {
        "account": first.shown,
        "key": account,
        "home": whose.name,
        "sights": sight_rows(rows[:SIGHTS_SHOWN], names, systems),
        "left_out": max(0, len(rows) - SIGHTS_SHOWN),
        "changes": changes_shown(changes, names, systems),
        "findings": [row_of(each, names, systems) for each in found[:SIGHTS_SHOWN]],
        "permitted": permissions.said_of_accounts([first.shown.casefold()], permissions.known()),
    }
