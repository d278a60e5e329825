"""The pages on personal data: an organisation's position with the notices, one notice, who has told whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import DataNotice, Incident, OutsideReport, SharedWith
from incidents.personal_data.forms import STATES, NoticeForm, PositionForm, ReportForm
from incidents.personal_data.notices import Notice, acknowledge, addressees_of, send_notice
from incidents.personal_data.page import data_page, told_page
from incidents.personal_data.reports import Report, share_report, write_report
from incidents.personal_data.saying import Said, say_position, share_position
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_judge_data, signed_in
from portal import clock
from portal.pages import refuse

REFUSED = (Invalid, NotYours, WrongMoment)


def _id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Http404 from None


def _failed(form: Form, wrong: Exception) -> int:
    """Put on the form why it was refused; the status."""
    if isinstance(wrong, Invalid):
        for fault in wrong.faults:
            name = fault.pointer.strip("/")
            form.add_error(name if name in form.fields else None, fault.detail)
        return 422
    form.add_error(None, str(wrong))
    return 403 if isinstance(wrong, NotYours) else 409


def _shared(request: HttpRequest, change: Any) -> HttpResponse | None:
    """Carry out a change of whom something is shared with; an answer when it is refused."""
    if request.POST.get("share") not in SharedWith.values:
        return refuse(request, 422, _("Choose whom to share it with."))
    try:
        change(request.POST["share"])
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        return refuse(request, 409, str(wrong))
    messages.success(request, _("Written down: from now on this is who reads it."))
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def data(request: HttpRequest, reference: str) -> HttpResponse:
    """How things stand at the reader's organisation, its notices, and what others share."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    judges = may_judge_data(visitor)
    if request.method == "POST" and not judges:
        return refuse(request, 403)
    if request.method == "POST" and "share" in request.POST:
        refused = _shared(request, lambda shared: share_position(incident, shared=shared))
        return refused or redirect("incident-data", reference=reference)
    shown = data_page(incident, me=visitor.organisation_id)
    form, status = PositionForm.of(shown["newest"]), 200
    if request.method == "POST":
        form, status = PositionForm(request.POST), 422
        if form.is_valid():
            try:
                new = say_position(incident, Said(**form.cleaned_data))
            except REFUSED as wrong:
                status = _failed(form, wrong)
            else:
                words = _("Written down. What was said before is kept.")
                messages.success(request, words if new else _("This was said already; nothing is different."))
                return redirect("incident-data", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "states": STATES,
        "may_judge": judges,
        "may_answer": may_answer(visitor),
        **shown,
    }
    return render(request, "incidents/data.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_judge_data)
def notice(request: HttpRequest, reference: str) -> HttpResponse:
    """Tell another participant of its data; `corrects`: the id of a notice that this one puts right."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    former = _former(incident, request.GET.get("corrects", ""), me=visitor.organisation_id)
    whom = addressees_of(incident, me=visitor.organisation_id)
    named = ("about", "known", "known_since", "reference")
    initial = {name: getattr(former, name) for name in named} if former else {}
    if former:
        whom = [each for each in whom if each[0] == former.addressee.slug]
        initial["addressee"] = former.addressee.slug
    form, status = NoticeForm(whom=whom, initial=initial), 200
    if request.method == "POST":
        form, status = NoticeForm(request.POST, whom=whom), 422
        if form.is_valid():
            try:
                send_notice(incident, Notice(**form.cleaned_data, corrects=former.pk if former else None))
            except REFUSED as wrong:
                status = _failed(form, wrong)
            else:
                told = _(
                    "Sent. They are told that there is something to read; nobody else is. When nobody there can be"
                    " reached, it says so here within a minute."
                )
                closed = _("It stands there. No message goes out any more: ring them.")
                messages.success(request, closed if incident.status == Incident.Status.CLOSED else told)
                return redirect("incident-data", reference=reference)
    context = {"incident": header(incident), "form": form, "former": former}
    return render(request, "incidents/data_notice.html", context, status=status)


def _former(incident: Incident, value: str, *, me: UUID) -> DataNotice | None:
    if not value:
        return None
    found = DataNotice.objects.filter(pk=_id(value), incident=incident, sender_id=me).select_related("addressee")
    former = found.first()
    if former is None:
        raise Http404
    return former


@require_POST
@signed_in(may=may_answer)
def notice_acknowledge(request: HttpRequest, notice_id: UUID) -> HttpResponse:
    found = DataNotice.objects.select_related("incident", "sender").filter(pk=notice_id).first()
    if found is None:
        raise Http404
    try:
        first = acknowledge(found)
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        return refuse(request, 409, str(wrong))
    said = _("Acknowledged: the sender reads it. Now assess what it means for your own organisation.")
    messages.success(request, said if first else _("A colleague has acknowledged it already."))
    return redirect("incident-data", reference=found.incident.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def told(request: HttpRequest, reference: str) -> HttpResponse:
    """Which bodies outside were told; `follows`: the id of an own entry that the next one follows."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    answers, judges = may_answer(visitor), may_judge_data(visitor)
    if request.method == "POST" and not answers:
        return refuse(request, 403)
    if request.method == "POST" and "share" in request.POST:
        report = _id(request.POST.get("report", ""))
        refused = _shared(request, lambda shared: share_report(report, shared=shared))
        return refused or redirect("incident-told", reference=reference)
    first = _first(incident, request.GET.get("follows", ""), me=visitor.organisation_id)
    initial: dict[str, Any] = {"told_at": clock.now(), "shared": ""}
    if first:
        initial |= {"body": first.body, "body_name": first.body_name, "follows": first.pk, "route": first.route}
        initial["reference"] = first.reference
    form, status = ReportForm(initial=initial), 200
    if request.method == "POST":
        form, status = ReportForm(request.POST), 422
        if form.is_valid():
            try:
                write_report(incident, Report(**form.cleaned_data))
            except REFUSED as wrong:
                status = _failed(form, wrong)
            else:
                messages.success(request, _("Written down."))
                return redirect("incident-told", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "follows": bool(first),
        "may_write": answers,
        "may_judge": judges,
        **told_page(incident, me=visitor.organisation_id),
    }
    return render(request, "incidents/told.html", context, status=status)


def _first(incident: Incident, value: str, *, me: UUID) -> OutsideReport | None:
    if not value:
        return None
    found = OutsideReport.objects.filter(pk=_id(value), incident=incident, organisation_id=me).first()
    if found is None:
        raise Http404
    return found
