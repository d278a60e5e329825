"""One assessment: what it says, its evidence, who reads it; for its owner the forms that change these."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from partners import assurance
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_assurance import AssessmentForm, ShareForm
from partners.history import history_of
from partners.models import Assessment, AssessmentShare, Finding, Organisation
from partners.stepping_up import fresh
from partners.views_providers import finding_row, provider_or_404
from portal import clock
from portal.files import store
from portal.files.kinds import words_of
from portal.files.limits import LARGEST, MEBIBYTE, MOST, in_words
from portal.files.models import StoredFile
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]
HISTORY = {
    "kind": _("Kind"), "title": _("Title"), "scope": _("Scope"), "assessor": _("Who looked"), "done_on": _("Done on"),
    "summary": _("What came of it"), "retest_due_on": _("Retest by"),
}  # fmt: skip


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def assessment_add(request: HttpRequest, slug: str) -> HttpResponse:
    """A new assessment of a provider, one's own until it is shared."""
    provider = provider_or_404(slug)
    form = AssessmentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = assurance.write_assessment(form.cleaned_data, provider=provider)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept. Only your organisation reads it until you share it."))
            return redirect("assessment-detail", assessment_id=made)
    context = {"provider": {"name": provider.name, "slug": provider.slug}, "form": form}
    return render(request, "assurance/assessment_add.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in
def assessment_detail(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    assessment = assessment_or_404(assessment_id)
    if request.method != "POST":
        return render(request, "assurance/assessment.html", context_of(request, assessment))
    owner = assessment.organisation_id == request.visitor.organisation_id  # type: ignore[attr-defined]
    act = {"share": _share, "change": _change, "remove": _remove}.get(request.POST.get("act", ""))
    if not owner or not may_open(request.visitor):  # type: ignore[attr-defined]
        return refuse(request, 403, _("Only whoever owns the assessment changes it."))
    if act is None:
        return refuse(request, 422, _("Nothing was chosen."))
    return act(request, assessment)


def assessment_or_404(assessment_id: UUID) -> Assessment:
    found = Assessment.objects.filter(pk=assessment_id).select_related("organisation", "provider").first()
    if found is None:
        raise Http404
    return found


def _change(request: HttpRequest, assessment: Assessment) -> HttpResponse:
    form = AssessmentForm(request.POST)
    if form.is_valid():
        try:
            assurance.write_assessment(form.cleaned_data, provider=assessment.provider, assessment=assessment)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept."))
            return redirect("assessment-detail", assessment_id=assessment.pk)
    return render(request, "assurance/assessment.html", context_of(request, assessment, change=form), status=422)


@fresh
def _share(request: HttpRequest, assessment: Assessment) -> HttpResponse:
    form = ShareForm(request.POST, others=_not_yet(assessment))
    if not form.is_valid():
        return render(request, "assurance/assessment.html", context_of(request, assessment, share=form), status=422)
    try:
        count = assurance.share(assessment, [each.pk for each in form.chosen()])
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    said = ngettext("Shared with one organisation more.", "Shared with %(n)s organisations more.", count)
    messages.success(request, said % {"n": count})
    return redirect("assessment-detail", assessment_id=assessment.pk)


def _remove(request: HttpRequest, assessment: Assessment) -> HttpResponse:
    try:
        name = assurance.remove_evidence(assessment, UUID(request.POST.get("file", "")))
    except (NotAllowed, ValueError):
        return refuse(request, 409, _("This file is not here any more."))
    transaction.on_commit(lambda: store.remove(name), using="default", robust=True)
    messages.success(request, _("The file is removed. That it was here stays in the record."))
    return redirect("assessment-detail", assessment_id=assessment.pk)


def _not_yet(assessment: Assessment) -> list[Organisation]:
    readers = AssessmentShare.objects.filter(assessment=assessment).values("organisation_id")
    return list(Organisation.objects.exclude(pk=assessment.organisation_id).exclude(pk__in=readers))


def context_of(
    request: HttpRequest,
    assessment: Assessment,
    *,
    change: AssessmentForm | None = None,
    share: ShareForm | None = None,
    trouble: str = "",
) -> dict[str, Any]:
    """Context of `assurance/assessment.html`. Inside the viewer's scope."""
    visitor = request.visitor  # type: ignore[attr-defined]
    own, today = assessment.organisation_id == visitor.organisation_id, clock.now().date()
    findings = list(Finding.objects.filter(assessment=assessment).select_related("organisation"))
    open_count = sum(each.state != Finding.State.CLOSED for each in findings)
    retest, may_write = assessment.retest_due_on, own and may_open(visitor)
    facts = [
        (_("Provider"), assessment.provider.name, reverse("provider-detail", args=[assessment.provider.slug])),
        (_("Kind"), str(assessment.get_kind_display())),
        (_("Owned by"), _("your organisation") if own else assessment.organisation.name),
        (_("Who looked"), assessment.assessor or _("not recorded")),
        (_("Done on"), f"{assessment.done_on:%-d %B %Y}" if assessment.done_on else _("planned, not done yet")),
    ]
    shares = AssessmentShare.objects.filter(assessment=assessment).select_related("organisation") if own else []
    initial = {name: getattr(assessment, name) for name in AssessmentForm.base_fields}
    return {
        "assessment": {
            "id": assessment.pk,
            "title": assessment.title,
            "scope": assessment.scope,
            "summary": assessment.summary,
            "own": own,
            "retest": f"{retest:%-d %B %Y}" if retest else "",
            "retest_open": open_count,
            "retest_late": bool(retest and open_count and retest < today),
            "provider_slug": assessment.provider.slug,
        },
        "facts": facts,
        "findings": [finding_row(each, today) for each in findings],
        "files": _files(assessment),
        "shares": [{"name": each.organisation.name, "at": each.shared_at} for each in shares],
        "may_write": may_write,
        "change": (change or AssessmentForm(initial=initial)) if may_write else None,
        "share": (share or ShareForm(others=_not_yet(assessment))) if may_write else None,
        "trouble": trouble,
        "largest": LARGEST // MEBIBYTE,
        "most": MOST,
        "history": history_of(assessment.pk, me=visitor.organisation_id, fields=HISTORY, names={}) if own else None,
    }


def _files(assessment: Assessment) -> list[dict[str, Any]]:
    return [
        {
            "id": each.pk,
            "name": each.name,
            "kind": words_of(each.content_type),
            "size": in_words(each.size),
            "sha256": bytes(each.sha256).hex(),
            "at": each.uploaded_at,
        }
        for each in StoredFile.objects.filter(purpose="assessment", owner_id=assessment.pk, state="kept").defer(
            "storage_name"
        )
    ]
