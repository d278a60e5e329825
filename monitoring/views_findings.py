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
from monitoring.findings.deciding import UNDECIDED, join, open_form_address, permission_form_address, settle
from monitoring.findings.homes import findings
from monitoring.findings.pages import account_of, finding_page, trail_page, triage_page
from monitoring.findings.suppressing import askable
from monitoring.models import Finding
from partners.acting import may_answer, may_approve, may_open, signed_in

State = Finding.State


def finding_or_404(finding_id: UUID) -> Finding:
    """One of one's own organisation; another's is not there."""
    finding = findings().filter(pk=finding_id).first()
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
    return finding_page_again(request, finding_or_404(finding_id))


def finding_page_again(
    request: HttpRequest, finding: Finding, *, trouble: str = "", typed: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    """The page of a finding as it is now, with what was typed: why it is nothing, or the `reason` to keep it back."""
    visitor = request.visitor  # type: ignore[attr-defined]
    context = finding_page(finding, may_open=may_open(visitor), may_act=may_answer(visitor)) | {
        "may_suppress": may_approve(visitor) and askable(finding) and "during-isolation" not in finding.rules
    }
    return render(
        request,
        "monitoring/first_sight.html",
        context | {"trouble": trouble, "typed": typed, "reason": reason},
        status=status,
    )


@require_safe
@signed_in(may=may_open)
def to_open(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """To the form of opening, filled in; one that is decided shows itself."""
    finding = finding_or_404(finding_id)
    if finding.state not in UNDECIDED:
        return redirect("first-sight", finding_id=finding.pk)
    return redirect(open_form_address(finding, request.GET.get("stand", "")))


@require_POST
@signed_in(may=may_answer)
def decide(request: HttpRequest, finding_id: UUID, act: str) -> HttpResponse:
    """`join` an incident, call it `expect`ed, `dismiss` it with a reason."""
    finding = finding_or_404(finding_id)
    why, shown = request.POST.get("because", ""), request.POST.get("stand", "")
    try:
        if act == "join":
            incident = join(finding, request.POST.get("incident", ""), shown=shown)
            messages.success(request, _("It belongs to %(reference)s now.") % {"reference": incident.reference})
        elif act == "expect":
            settle(finding, State.EXPECTED, shown=shown)
            messages.success(request, _("Noted as expected. It is permitted once both sides approve a permission."))
            form = permission_form_address(finding)
            if form and may_open(request.visitor):  # type: ignore[attr-defined]
                return redirect(form)
        else:
            settle(finding, State.DISMISSED, why=why, shown=shown)
            messages.success(request, _("Dismissed: %(account)s.") % {"account": account_of(finding)})
            return redirect("first-sights")
    except Invalid as refused:
        return finding_page_again(request, finding, trouble=refused.faults[0].detail, typed=why, status=422)
    except WrongMoment as late:
        return finding_page_again(request, finding, trouble=str(late), typed=why, status=409)
    return redirect("first-sight", finding_id=finding.pk)


@require_safe
@signed_in
def account(request: HttpRequest, home: str, account: str) -> HttpResponse:
    """Everything that one's own organisation may see of an account."""
    page = trail_page(home, account)
    if page is None:
        raise Http404
    return render(request, "monitoring/account_trail.html", page | {"back": reverse("first-sights")})
