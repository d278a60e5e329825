"""What falls due at providers, by the clock: findings past their day, and contracts and insurance that run out."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from partners import work
from partners.assurance import is_overdue
from partners.chores import Chore, register
from partners.contracts import SOON_DAYS
from partners.duty import instant_of
from partners.models import Contract, Finding

State = Finding.State


def look_at_assurance(now: datetime) -> None:
    """Inside one organisation's scope: its findings as a provider, and its contracts on either side."""
    today = now.date()
    for finding in Finding.objects.exclude(state=State.CLOSED).filter(due_on__lt=today):
        _past_due(finding, now)
    for contract in Contract.objects.select_related("organisation", "provider"):
        _runs_out(contract, "insurance", contract.insured_until, today)
        _runs_out(contract, "end", contract.valid_until, today)


def _past_due(finding: Finding, now: datetime) -> None:
    assert is_overdue(finding, now.date())
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.finding_overdue(%s, %s)", [finding.pk, now])  # once, to everybody who reads it
    if finding.state != State.RETEST_ASKED:  # else it is for others to test again
        work.raise_own(
            "finding",
            f"finding:{finding.pk}",
            _("Past due: %(title)s") % {"title": finding.title},
            detail=_("It had to be mended by %(day)s.") % {"day": f"{finding.due_on:%-d %B %Y}"},
            page=reverse("finding-detail", args=[finding.pk]),
            about=finding.pk,
            due=instant_of(finding.due_on, time(23, 59)),
        )


def _runs_out(contract: Contract, what: str, day: date | None, today: date) -> None:
    key = f"contract_{what}:{contract.pk}"
    if day is None or day > today + timedelta(days=SOON_DAYS):
        work.clear(key)
        return
    names = {
        "day": f"{day:%-d %B %Y}",
        "council": contract.organisation.name,
        "provider": contract.provider.name,
    }
    title = {
        "insurance": _("The insurance of %(provider)s for %(council)s runs out on %(day)s"),
        "end": _("The contract of %(council)s with %(provider)s ends on %(day)s"),
    }[what]
    work.raise_own(
        "contract",
        key,
        title % names,
        page=reverse("contract", args=[contract.provider.slug, contract.organisation.slug]),
        about=contract.pk,
        due=instant_of(day, time(23, 59)),
    )


register(Chore("assurance", look_at_assurance, timedelta(hours=12)))
