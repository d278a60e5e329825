"""Pages of first sights: what waits for a decision, one finding, an account's trail."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from incidents.errors import Invalid, WrongMoment
from monitoring.findings.deciding import join, open_form_address, permission_form_address, settle
from monitoring.findings.pages import finding_page, trail_page, triage_page
from monitoring.models import Finding
from partners.acting import may_answer, may_approve, may_open, signed_in

State = Finding.State


def finding_or_404(finding_id: UUID) -> Finding:
    """One of one's own organisation; another's is not there."""
    finding = Finding.objects.select_related("incident").filter(pk=finding_id).first()
    if finding is None:
        raise Http404
    return finding


@require_safe
@signed_in
def first_sights(request: HttpRequest) -> HttpResponse:
    """What waits for a decision of one's own organisation, the heaviest first."""
    visitor = request.visitor  # type: ignore[attr-defined]
    context = triage_page() | {
        "may_open": may_open(visitor),
        "may_act": may_answer(visitor),
        "keep_days": settings.ACCESS_KEEP_DAYS,
    }
    return render(request, "monitoring/first_sights.html", context)


@require_safe
@signed_in
def first_sight(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    return _page(request, finding_or_404(finding_id))


def _page(
    request: HttpRequest, finding: Finding, *, trouble: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    context = finding_page(finding, may_open=may_open(visitor), may_act=may_answer(visitor)) | {
        "may_suppress": may_approve(visitor) and "during-isolation" not in finding.rules
    }
    return render(request, "monitoring/first_sight.html", context | {"trouble": trouble, "typed": typed}, status=status)


@require_safe
@signed_in(may=may_open)
def to_open(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """To the form of opening, filled in; one that is decided shows itself."""
    finding = finding_or_404(finding_id)
    if finding.state != State.WAITING:
        return redirect("first-sight", finding_id=finding.pk)
    return redirect(open_form_address(finding))


@require_POST
@signed_in(may=may_answer)
def decide(request: HttpRequest, finding_id: UUID, act: str) -> HttpResponse:
    """`join` an incident, call it `expect`ed, `dismiss` it with a reason."""
    finding = finding_or_404(finding_id)
    why = request.POST.get("because", "")
    try:
        if act == "join":
            incident = join(finding, request.POST.get("incident", ""))
            messages.success(request, _("It belongs to %(reference)s now.") % {"reference": incident.reference})
        elif act == "expect":
            settle(finding, State.EXPECTED)
            messages.success(request, _("Noted as expected. It is permitted once both sides approve a permission."))
            if may_open(request.visitor):  # type: ignore[attr-defined]
                return redirect(permission_form_address(finding))
        else:
            settle(finding, State.DISMISSED, why=why)
            messages.success(request, _("Dismissed: %(account)s.") % {"account": finding.shown})
            return redirect("first-sights")
    except Invalid as refused:
        return _page(request, finding, trouble=refused.faults[0].detail, typed=why, status=422)
    except WrongMoment as late:
        return _page(request, finding, trouble=str(late), typed=why, status=409)
    return redirect("first-sight", finding_id=finding.pk)


@require_safe
@signed_in
def account(request: HttpRequest, home: str, account: str) -> HttpResponse:
    """Everything that one's own organisation may see of an account."""
    page = trail_page(home, account)
    if page is None:
        raise Http404
    return render(request, "monitoring/account_trail.html", page | {"back": reverse("first-sights")})
