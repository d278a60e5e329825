"""The page of a decision: the lead chooses how the plan goes on and says why; the overseers read it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.forms import DecideForm
from incidents.models import Decision
from incidents.running.deciding import answers_about, choose, question, words_of
from incidents.views.boards import header
from partners.acting import actor_of, may_open, signed_in
from partners.models import Organisation
from portal.pages import refuse


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def decision_detail(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    decision = Decision.objects.select_related("incident").filter(pk=decision_id).first()
    if decision is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    leads = visitor.organisation_id == decision.incident.lead_id and may_open(visitor)
    choices = [(choice, words_of(decision, choice)) for choice in decision.choices]
    form = DecideForm(request.POST if request.method == "POST" else None, choices=choices)
    if request.method == "POST":
        if not leads:
            return refuse(request, 403)
        if form.is_valid():
            try:
                said = form.cleaned_data
                choose(decision_id=decision.pk, actor=actor_of(visitor), chosen=said["chosen"], why=said["why"])
            except (NotYours, WrongMoment) as refused:
                return refuse(request, 409, str(refused))
            except Invalid as refused:
                return refuse(request, 422, " ".join(fault.detail for fault in refused.faults))
            messages.success(request, _("Decided. The plan goes on within a few seconds."))
            return redirect("decision", decision_id=decision_id)
    by = Organisation.objects.filter(pk__in=[decision.chosen_by_organisation_id or decision.incident.lead_id]).first()
    context = {
        "incident": header(decision.incident),
        "decision": decision,
        "question": question(decision),
        "chosen": words_of(decision, decision.chosen) if decision.chosen is not None else "",
        "chosen_by": by.name if by else "",
        "answers": answers_about(decision),
        "form": form,
        "may_decide": leads
        and decision.chosen is None
        and decision.withdrawn_at is None
        and decision.incident.status != "closed",
    }
    return render(request, "incidents/decision.html", context, status=422 if form.errors else 200)
