"""The decision log and the card of what is known. A question of the playbook's has its own page (`deciding`)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.decisions.forms import WHOSE, DecisionForm, KnownForm
from incidents.decisions.known import card_shown, say_known
from incidents.decisions.page import log_page
from incidents.decisions.writing import share_decision, write_decision
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, KnownCard, LogEntry
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_judge_data, may_open, signed_in
from portal import clock
from portal.pages import refuse
from portal.tenancy.door import Visitor

REFUSED = (Invalid, NotYours, WrongMoment)
MOST_CARDS = 200


def failed(form: Form, wrong: Exception) -> int:
    """Put on the form why it was refused; the status."""
    if isinstance(wrong, Invalid):
        for fault in wrong.faults:
            name = fault.pointer.strip("/")
            form.add_error(name if name in form.fields else None, fault.detail)
        return 422
    form.add_error(None, str(wrong))
    return 403 if isinstance(wrong, NotYours) else 409


@require_http_methods(["GET", "HEAD"])
@signed_in
def log(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    context = {
        "incident": header(incident),
        "may_write": may_answer(visitor),
        **log_page(
            incident,
            me=me,
            may_write=may_answer(visitor),
            may_lead=may_open(visitor) and me == incident.lead_id,
            may_judge=may_judge_data(visitor),
        ),
    }
    return render(request, "incidents/decisions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_answer)
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a decision down; `revises`: the id of the newest revision of an own one that this one follows."""
    incident = incident_or_404(reference)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    leads = may_open(visitor) and visitor.organisation_id == incident.lead_id
    former = _former(incident, request.GET.get("revises", ""), visitor, leads=leads)
    said: dict[str, Any] = {"leads": leads, "judges": may_judge_data(visitor), "revises": former, "now": clock.now()}
    form, status = DecisionForm(**said, name=visitor.name), 200
    if request.method == "POST":
        form, status = DecisionForm(request.POST, **said), 422
        if form.is_valid():
            try:
                write_decision(incident, form.taken())
            except REFUSED as wrong:
                status = failed(form, wrong)
            else:
                messages.success(request, _("Written down. It is never changed; a revision is a new line."))
                return redirect("incident-decisions", reference=reference)
    context = {"incident": header(incident), "form": form, "former": former, "whose": WHOSE}
    return render(request, "incidents/decision_write.html", context, status=status)


def _former(incident: Incident, value: str, visitor: Visitor, *, leads: bool) -> LogEntry | None:
    if not value:
        return None
    try:
        found = LogEntry.objects.filter(pk=UUID(value), incident=incident).first()
    except ValueError:
        raise Http404 from None
    if found is None or not (leads if found.as_lead else found.organisation_id == visitor.organisation_id):
        raise Http404
    return found


@require_POST
@signed_in(may=may_judge_data)
def share(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    found = LogEntry.objects.select_related("incident").filter(pk=entry_id).first()
    if found is None:
        raise Http404
    if request.POST.get("share") not in LogEntry.Shared.values:
        return refuse(request, 422, _("Choose whom to share it with."))
    try:
        share_decision(entry_id, shared=request.POST["share"])
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        return refuse(request, 409, str(wrong))
    messages.success(request, _("Written down: from now on this is who reads it."))
    return redirect("incident-decisions", reference=found.incident.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def known(request: HttpRequest, reference: str) -> HttpResponse:
    """What is known, believed and not known, as the lead says it, and as it stood before."""
    incident = incident_or_404(reference)
    visitor: Visitor = request.visitor  # type: ignore[attr-defined]
    leads = may_open(visitor) and visitor.organisation_id == incident.lead_id
    if request.method == "POST" and not leads:
        return refuse(request, 403)
    cards = list(KnownCard.objects.filter(incident=incident).order_by("-number")[:MOST_CARDS])
    form, status = KnownForm.of(cards[0] if cards else None), 200
    if request.method == "POST":
        form, status = KnownForm(request.POST), 422
        if form.is_valid():
            try:
                new = say_known(incident, form.said())
            except REFUSED as wrong:
                status = failed(form, wrong)
            else:
                words = _("Everybody who takes part reads it now. What was said before is kept.")
                messages.success(request, words if new else _("This was said already; nothing is different."))
                return redirect("incident-known", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "card": card_shown(cards[0]) if cards else None,
        "earlier": [card_shown(each) for each in cards[1:]],
        "may_say": leads and incident.status != Incident.Status.CLOSED,
    }
    return render(request, "incidents/known.html", context, status=status)
