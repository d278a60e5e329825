"""A finding: raised, answered by the provider, tested again by somebody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners import assurance
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_assurance import FindingForm, MoveForm
from partners.models import Assessment, Finding, FindingMove
from partners.stepping_up import fresh
from partners.views_assessments import GET_OR_POST
from partners.views_providers import provider_or_404, retested_words
from portal import clock
from portal.pages import refuse

What = FindingMove.What


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def finding_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Raise a finding at a provider; it is told at once."""
    provider = provider_or_404(slug)
    assessments = list(Assessment.objects.filter(provider=provider))
    initial = {"assessment": request.GET.get("assessment", "")}
    form = FindingForm(request.POST if request.method == "POST" else None, assessments=assessments, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = {name: value for name, value in form.cleaned_data.items() if name != "assessment"}
        chosen = form.assessments.get(form.cleaned_data["assessment"])
        try:
            made = assurance.raise_finding(said, provider=provider, assessment_id=chosen.pk if chosen else None)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Raised. %(name)s has it as work.") % {"name": provider.name})
            return redirect("finding-detail", finding_id=made)
    context = {"provider": {"name": provider.name, "slug": provider.slug}, "form": form}
    return render(request, "assurance/finding_add.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in
def finding_detail(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    finding = Finding.objects.filter(pk=finding_id).select_related("organisation", "provider", "assessment").first()
    if finding is None:
        raise Http404
    if request.method != "POST":
        return render(request, "assurance/finding.html", _context(request, finding))
    if not may_open(request.visitor):  # type: ignore[attr-defined]
        return refuse(request, 403, _("Your role does not allow this. Ask your administrator or incident manager."))
    return _move(request, finding)


@fresh
def _move(request: HttpRequest, finding: Finding) -> HttpResponse:
    form = MoveForm(request.POST)
    if not form.is_valid():
        if "act" in form.errors:
            return refuse(request, 422, _("Nothing was chosen."))
        return render(request, "assurance/finding.html", _context(request, finding, form), status=422)
    said = form.cleaned_data
    try:
        state = assurance.move(
            finding, said["act"], words=said["words"], day=said["day"], vouched_by=said["vouched_by"]
        )
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(
        request, _("Written down. The finding is now: %(state)s.") % {"state": assurance.STATES[Finding.State(state)]}
    )
    return redirect("finding-detail", finding_id=finding.pk)


def _context(request: HttpRequest, finding: Finding, form: MoveForm | None = None) -> dict[str, Any]:
    visitor = request.visitor  # type: ignore[attr-defined]
    assessment = finding.assessment if finding.assessment_id else None
    facts: list[tuple[str, ...]] = [
        (_("Provider"), finding.provider.name, reverse("provider-detail", args=[finding.provider.slug])),
        (_("Severity"), str(finding.get_severity_display())),
        (_("State"), str(assurance.STATES[Finding.State(finding.state)])),
        (_("Raised by"), finding.organisation.name),
        (_("Planned for"), f"{finding.planned_for:%-d %B %Y}" if finding.planned_for else _("no day named")),
        (_("Tested again"), retested_words(finding)),
    ]
    if assessment is not None:
        facts.insert(1, (_("From"), assessment.title, reverse("assessment-detail", args=[assessment.pk])))
    acts = assurance.acts_on(finding, me=visitor.organisation_id) if may_open(visitor) else []
    return {
        "finding": {
            "id": finding.pk,
            "title": finding.title,
            "detail": finding.detail,
            "due": f"{finding.due_on:%-d %B %Y}",
            "overdue": assurance.is_overdue(finding, clock.now().date()),
            "closed": finding.state == Finding.State.CLOSED,
            "provider": {"name": finding.provider.name, "slug": finding.provider.slug},
            "mine": finding.provider_id == visitor.organisation_id,
        },
        "facts": facts,
        # What was typed stays in the form that it was typed in.
        "forms": [
            {
                "act": act,
                "form": form
                if form is not None and form.data.get("act") == act
                else MoveForm(act=act, auto_id=f"{act}-%s"),
            }
            for act in acts
        ],
        "sent": form,
        "moves": [
            {
                "at": each.at,
                "who": each.organisation.name,
                "what": str(each.get_what_display()),
                "text": each.text,
                "day": f"{each.on_day:%-d %B %Y}" if each.on_day else "",
                "by": each.vouched_by,
            }
            for each in FindingMove.objects.filter(finding=finding).select_related("organisation").order_by("-at")
        ],
        "raised_at": finding.raised_at,
    }
