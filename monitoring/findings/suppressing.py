"""Findings that an organisation does not want to see, once the other side has agreed, for at most 90 days."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid
from monitoring.findings.deciding import organisations_by_id
from monitoring.findings.rules import BY_CODE
from monitoring.models import Finding, Suppression
from portal import clock

MOST_DAYS = 90
SHOWN = 100


def suppressions_page(me: UUID) -> dict[str, Any]:
    """What one asked for, what waits for one's own yes, and what it kept back."""
    names, today = organisations_by_id(), clock.now().date()
    rows = [_row(each, names, me=me, today=today) for each in Suppression.objects.all()[:SHOWN]]
    return {
        "waiting": [each for each in rows if each["asked_of_me"]],
        "rows": [each for each in rows if not each["asked_of_me"]],
    }


def _row(each: Suppression, names: Any, *, me: UUID, today: date) -> dict[str, Any]:
    if each.ended_at:
        state = _("ended")
    elif each.until < today:
        state = _("over")
    else:
        state = _("holds") if each.agreed_at else _("waits for the other side")
    return {
        "id": each.pk,
        "account": each.account,
        "place": each.place,
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


def ask(finding: Finding, *, rule: str, reason: str, until: date) -> None:
    """Ask the other side of a finding that such ones are not shown until that day.

    Raises:
        Invalid: no other side, no reason, or a day further away than `MOST_DAYS`.
    """
    other = finding.home_id if finding.side == "place" else next(iter(finding.organisations), None)
    place = finding.places[0] if len(finding.places) == 1 else ""
    _call(
        "SELECT sec.ask_suppression(%s, %s, %s, %s, %s, %s)",
        [other, finding.shown, place, rule if rule in BY_CODE else "", reason, until],
    )


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
        if getattr(refused.__cause__, "sqlstate", "") not in {"42501", "23514"}:
            raise
        words = _("It needs a role that may approve, a passkey used just now, the other side of a finding of yours,")
        words += " " + _("a reason, and a day within 90 days.")
        raise Invalid([Fault("", words)]) from None
