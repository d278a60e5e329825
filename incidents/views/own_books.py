"""One's own books: situation reports, and the cost diary, which nobody else ever sees."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Cost, SituationReport
from incidents.own_books.costs import as_csv, put_cost, strike_cost
from incidents.own_books.forms import CostForm, SituationForm
from incidents.own_books.page import costs_page, situation_page
from incidents.own_books.situation import LETTERS, share_situation, write_situation
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, signed_in
from portal import clock
from portal.pages import refuse

REFUSED = (Invalid, NotYours, WrongMoment)


def _failed(form: Form, wrong: Exception, names: dict[str, str]) -> int:
    """Put on the form why it was refused; the status."""
    if isinstance(wrong, Invalid):
        for fault in wrong.faults:
            name = fault.pointer.strip("/")
            name = names.get(name, name)
            form.add_error(name if name in form.fields else None, fault.detail)
        return 422
    form.add_error(None, str(wrong))
    return 403 if isinstance(wrong, NotYours) else 409


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def situation(request: HttpRequest, reference: str) -> HttpResponse:
    """M/ETHANE: the next report, and those so far, each as text to copy."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    writes = may_answer(visitor)
    if request.method == "POST" and not writes:
        return refuse(request, 403)
    shown = situation_page(incident, me=visitor.organisation_id)
    form, status = SituationForm.of(shown["newest"]), 200
    if request.method == "POST":
        form, status = SituationForm(request.POST), 422
        if form.is_valid():
            try:
                write_situation(incident, form.cleaned_data, shared=form.cleaned_data["shared"])
            except REFUSED as wrong:
                status = _failed(form, wrong, {})
            else:
                messages.success(request, _("Written down. The reports before it are kept."))
                return redirect("incident-situation", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "letters": LETTERS[1:],
        "may_write": writes and incident.suspended_at is None,
        **shown,
    }
    return render(request, "incidents/situation.html", context, status=status)


@require_POST
@signed_in(may=may_answer)
def share(request: HttpRequest, report_id: UUID) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    found = SituationReport.objects.select_related("incident")
    report = found.filter(pk=report_id, organisation_id=visitor.organisation_id).first()
    if report is None:
        raise Http404
    if request.POST.get("share") not in SituationReport.Shared.values:
        return refuse(request, 422, _("Choose whom to share it with."))
    try:
        share_situation(report, shared=request.POST["share"])
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        return refuse(request, 409, str(wrong))
    messages.success(request, _("Written down: from now on this is who reads it."))
    return redirect("incident-situation", reference=report.incident.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def costs(request: HttpRequest, reference: str) -> HttpResponse:
    """The cost diary of the reader's organisation, and of nobody else."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    writes = may_answer(visitor)
    if request.method == "POST" and not writes:
        return refuse(request, 403)
    form, status = CostForm(initial={"on": clock.now().date()}), 200
    if request.method == "POST":
        form, status = CostForm(request.POST), 422
        if form.is_valid():
            try:
                put_cost(incident, form.line())
            except REFUSED as wrong:
                status = _failed(form, wrong, {"pence": "pounds"})
            else:
                messages.success(request, _("Written down. Only your own organisation reads it."))
                return redirect("incident-costs", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "may_write": writes and incident.suspended_at is None,
        **costs_page(incident),
    }
    return render(request, "incidents/costs.html", context, status=status)


@require_POST
@signed_in(may=may_answer)
def strike(request: HttpRequest, cost_id: UUID) -> HttpResponse:
    cost = Cost.objects.select_related("incident").filter(pk=cost_id).first()
    if cost is None:
        raise Http404
    try:
        strike_cost(cost, because=request.POST.get("because", ""))
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        return refuse(request, 422, str(wrong))
    messages.success(request, _("Struck: it does not count any more. It stays in the diary."))
    return redirect("incident-costs", reference=cost.incident.reference)


@require_safe
@signed_in
def costs_file(request: HttpRequest, reference: str) -> HttpResponse:
    """The diary as CSV."""
    incident = incident_or_404(reference)
    answer = HttpResponse(as_csv(Cost.objects.filter(incident=incident)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{incident.reference}-costs.csv"'
    return answer
