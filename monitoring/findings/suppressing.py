"""Findings that an organisation does not want to see, once the other side has agreed, for at most 90 days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid, WrongMoment
from monitoring.findings.deciding import LONGEST_WHY, organisations_by_id, systems_by_slug
from monitoring.findings.rules import BY_CODE
from monitoring.models import Finding, Suppression
from portal import clock

MOST_DAYS = 90
MOST_PLACES = 20  # that somebody is asked to agree to at once
SHOWN = 100


def suppressions_page(me: UUID) -> dict[str, Any]:
    """What one asked for, what waits for one's own yes, and what it kept back."""
    names, today, systems = organisations_by_id(), clock.now().date(), systems_by_slug()
    # Findings are read by their own organisation alone: the other side counts none.
    mine = Finding.objects.filter(suppression=OuterRef("pk")).order_by().values("suppression").annotate(n=Count("pk"))
    found = Suppression.objects.annotate(kept_back=Coalesce(Subquery(mine.values("n")), 0))
    rows = [_row(each, names, systems, me=me, today=today) for each in found[:SHOWN]]
    return {
        "waiting": [each for each in rows if each["asked_of_me"]],
        "rows": [each for each in rows if not each["asked_of_me"]],
    }


def _row(each: Any, names: Any, systems: Mapping[str, str], *, me: UUID, today: date) -> dict[str, Any]:
    if each.ended_at:
        state = _("ended")
    elif each.until < today:
        state = _("over")
    else:
        state = _("holds") if each.agreed_at else _("waits for the other side")
    return {
        "id": each.pk,
        "account": each.account,
        "places": [systems.get(place, place) for place in each.places],
        "rule": str(BY_CODE[each.rule].name) if each.rule in BY_CODE else "",
        "for": names[each.organisation_id].name,
        "other": names[each.other_id].name,
        "reason": each.reason,
        "until": each.until,
        "asked_by": each.asked_by_name,
        "agreed_by": each.agreed_by_name,
        "state": state,
        "kept_back": each.kept_back if me == each.organisation_id else None,
        "asked_of_me": me == each.other_id and not each.agreed_at and not each.ended_at and each.until >= today,
        "may_end": not each.ended_at and each.until >= today,
    }


def askable(finding: Finding) -> bool:
    """Whether the other side can be asked: one account, at one organisation, and few enough places to read."""
    one_side = finding.home_id is not None and (finding.side == "place" or len(finding.organisations) == 1)
    another = finding.organisations != [finding.home_id]
    return one_side and another and not finding.folded and len(finding.places) <= MOST_PLACES


def ask(finding: Finding, *, rule: str, reason: str, until: date, places: list[str]) -> None:
    """Ask the other side of a finding that such ones are not shown until that day, at `places`: all that it shows.

    Raises:
        WrongMoment: it shows other places by now.
        Invalid: it is not `askable`, no such rule ('' is every one), no reason or a long one, or a day further away
            than `MOST_DAYS`.
    """
    if rule and rule not in BY_CODE:  # never taken for every rule
        raise Invalid([Fault("/rule", _("There is no such rule."))])
    reason = reason.replace("\r\n", "\n")  # as a browser counts them
    if len(reason) > LONGEST_WHY:
        raise Invalid([Fault("/reason", _("Say why, in at most %(n)s letters.") % {"n": LONGEST_WHY})])
    values = [finding.pk, rule, reason, until, places]
    _call("SELECT sec.ask_suppression(%s, %s, %s, %s, %s)", values)


def agree(suppression_id: UUID) -> None:
    """Raises Invalid when it does not wait for one's own side."""
    _call("SELECT sec.agree_suppression(%s)", [suppression_id])


def end(suppression_id: UUID) -> None:
    """Raises Invalid when it has ended, or is none of one's own."""
    _call("SELECT sec.end_suppression(%s)", [suppression_id])


def _call(sql: str, values: list[Any]) -> None:
    try:
        with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
            cursor.execute(sql, values)
    except DatabaseError as refused:
        state = getattr(refused.__cause__, "sqlstate", "")
        if state == "55000":
            raise WrongMoment(_("Other places have come: look again.")) from None
        if state not in {"42501", "23514"}:
            raise
        words = _(
            "It needs a role that may approve, a passkey used just now, a finding of one account at one organisation,"
        )
        words += " " + _("a reason, and a day within 90 days.")
        raise Invalid([Fault("", words)]) from None
