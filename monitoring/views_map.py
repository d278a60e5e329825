"""Pages beside first sights: who reached whom by days, how well rules do, and what is kept back by agreement."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.errors import Invalid, WrongMoment
from monitoring.findings import suppressing
from monitoring.findings.map import MOST_WEEKS, SPANS, map_page, quality_page
from monitoring.views_findings import finding_or_404, finding_page_again
from partners.acting import may_approve, signed_in
from partners.stepping_up import fresh


@require_safe
@signed_in
def crossings(request: HttpRequest) -> HttpResponse:
    """The heat map, and the same as a table."""
    span = _whole(request.GET.get("days"), 30)
    context = map_page(
        weeks_back=min(_whole(request.GET.get("weeks"), 0), MOST_WEEKS), span=span if span in SPANS else 30
    )
    return render(request, "monitoring/map.html", context)


def _whole(text: Any, otherwise: int) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < 5 else otherwise


@require_safe
@signed_in
def quality(request: HttpRequest) -> HttpResponse:
    return render(request, "monitoring/quality.html", quality_page())


@require_safe
@signed_in
def suppressions(request: HttpRequest) -> HttpResponse:
    return _suppressions(request)


def _suppressions(request: HttpRequest, trouble: str = "") -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    context = suppressing.suppressions_page(visitor.organisation_id) | {
        "may_act": may_approve(visitor),
        "trouble": trouble,
    }
    return render(request, "monitoring/suppressions.html", context, status=422 if trouble else 200)


@require_POST
@signed_in(may=may_approve)
@fresh
def suppress(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """Ask the other side of a finding that such ones are not shown until a day."""
    finding = finding_or_404(finding_id)
    said = request.POST
    try:
        until = date.fromisoformat(said.get("until", ""))
    except ValueError:
        return _suppressions(request, _("Choose a day within 90 days."))
    try:
        suppressing.ask(
            finding,
            rule=said.get("rule", ""),
            reason=said.get("reason", ""),
            until=until,
            places=said.getlist("place"),
        )
    except WrongMoment as late:
        again = finding_or_404(finding_id)
        return finding_page_again(request, again, trouble=str(late), reason=said.get("reason", ""), status=409)
    except Invalid as refused:
        return _suppressions(request, refused.faults[0].detail)
    messages.success(request, _("Asked. Nothing is kept back before the other side has agreed."))
    return redirect("access-suppressions")


@require_POST
@signed_in(may=may_approve)
@fresh
def settle_suppression(request: HttpRequest, suppression_id: UUID, act: str) -> HttpResponse:
    """Agree to what the other side asked, or end one."""
    try:
        (suppressing.agree if act == "agree" else suppressing.end)(suppression_id)
    except Invalid as refused:
        return _suppressions(request, refused.faults[0].detail)
    return redirect("access-suppressions")
