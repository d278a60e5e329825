"""What providers can show for themselves: the list of them, and one page for each."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from partners.acting import may_open, signed_in
from partners.assurance import SEVERITIES, STATES, is_overdue, my_providers, providers
from partners.models import Assessment, Contract, Finding, Organisation, SharedSystem
from portal import clock
from portal.files.models import StoredFile

OPEN = ~Q(state=Finding.State.CLOSED)


def provider_or_404(slug: str) -> Organisation:
    provider = providers().filter(slug=slug).first()
    if provider is None:
        raise Http404
    return provider


@require_safe
@signed_in
def provider_list(request: HttpRequest) -> HttpResponse:
    today = clock.now().date()
    past = Count("pk", filter=Q(due_on__lt=today))
    findings = {
        pk: (count, overdue)
        for pk, count, overdue in Finding.objects.filter(OPEN)
        .values("provider_id")
        .annotate(count=Count("pk"), overdue=past)
        .values_list("provider_id", "count", "overdue")
    }
    systems = Counter(SharedSystem.objects.exclude(provider=None).values_list("provider_id", flat=True))
    rows = [
        {
            "name": each.name,
            "href": reverse("provider-detail", args=[each.slug]),
            "systems": systems.get(each.pk, 0),
            "findings": findings.get(each.pk, (0, 0))[0],
            "overdue": findings.get(each.pk, (0, 0))[1],
        }
        for each in providers()
    ]
    return render(request, "assurance/providers.html", {"providers": rows})


@require_safe
@signed_in
def provider_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about one provider that concerns the viewer: findings, assessments, and the contract."""
    provider, visitor = provider_or_404(slug), request.visitor  # type: ignore[attr-defined]
    me, today = visitor.organisation_id, clock.now().date()
    findings = list(Finding.objects.filter(provider=provider).select_related("organisation"))
    files = Counter(StoredFile.objects.filter(purpose="assessment", state="kept").values_list("owner_id", flat=True))
    still_open = sorted((each for each in findings if each.state != Finding.State.CLOSED), key=_worst_first)
    in_assessment = Counter(each.assessment_id for each in still_open)
    contracts = Contract.objects.filter(provider=provider).select_related("organisation")
    own_page, customer = me == provider.pk, provider.pk in my_providers()
    context = {
        "provider": {"name": provider.name, "slug": provider.slug, "own": own_page},
        "systems": [
            {"name": each.name, "href": reverse("system-detail", args=[each.slug])}
            for each in SharedSystem.objects.filter(provider=provider)
        ],
        "summary": summary_of(still_open),
        "overdue": sum(is_overdue(each, today) for each in still_open),
        "findings": [finding_row(each, today) for each in still_open],
        "closed": [finding_row(each, today) for each in findings if each.state == Finding.State.CLOSED],
        "assessments": [
            _assessment_row(each, me=me, today=today, files=files[each.pk], findings=in_assessment[each.pk])
            for each in Assessment.objects.filter(provider=provider).select_related("organisation")
        ],
        "contracts": [_contract_row(each, provider, today) for each in contracts],
        "my_contract_href": reverse("contract", args=[provider.slug, visitor.organisation_slug]) if customer else "",
        "may_write": may_open(visitor) and (own_page or customer),
    }
    return render(request, "assurance/provider.html", context)


def _worst_first(finding: Finding) -> tuple[Any, ...]:
    return SEVERITIES[finding.severity], finding.due_on, str(finding.pk)


def summary_of(findings: list[Finding]) -> str:
    """Open findings in one sentence, the worst first."""
    if not findings:
        return _("No open finding that you may see.")
    counts = Counter(each.severity for each in findings)
    listed = ", ".join(
        f"{counts[severity]} {str(Finding.Severity(severity).label).lower()}"
        for severity in SEVERITIES
        if counts[severity]
    )
    return _("Open findings: %(listed)s.") % {"listed": listed}


def finding_row(finding: Finding, today: date) -> dict[str, Any]:
    """One line of `assurance/_findings.html`. `organisation` must have been read with it."""
    return {
        "title": finding.title,
        "href": reverse("finding-detail", args=[finding.pk]),
        "severity": str(finding.get_severity_display()),
        "due": f"{finding.due_on:%-d %b %Y}",
        "overdue": is_overdue(finding, today),
        "state": str(STATES[Finding.State(finding.state)]),
        "retested": retested_words(finding),
        "by": finding.organisation.name,
    }


def retested_words(finding: Finding) -> str:
    if finding.retested_on is None:
        return _("not yet")
    return f"{finding.retested_on:%-d %b %Y}, {finding.retested_by}"


def _assessment_row(assessment: Assessment, *, me: Any, today: date, files: int, findings: int) -> dict[str, Any]:
    return {
        "title": assessment.title,
        "href": reverse("assessment-detail", args=[assessment.pk]),
        "kind": str(assessment.get_kind_display()),
        "done": f"{assessment.done_on:%-d %b %Y}" if assessment.done_on else _("planned"),
        "retest": f"{assessment.retest_due_on:%-d %b %Y}" if assessment.retest_due_on and findings else "",
        "retest_late": bool(findings and assessment.retest_due_on and assessment.retest_due_on < today),
        "by": _("yours") if assessment.organisation_id == me else assessment.organisation.name,
        "files": files,
        "findings": findings,
    }


def _contract_row(contract: Contract, provider: Organisation, today: date) -> dict[str, Any]:
    def day(value: date | None) -> dict[str, Any]:
        return {"words": f"{value:%-d %b %Y}" if value else _("not recorded"), "late": bool(value and value < today)}

    hours = contract.hours_to_notify
    return {
        "council": contract.organisation.name,
        "href": reverse("contract", args=[provider.slug, contract.organisation.slug]),
        "notify": ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours} if hours is not None else _("not agreed"),
        "insured": day(contract.insured_until),
        "ends": day(contract.valid_until),
        "version": contract.version,
    }
