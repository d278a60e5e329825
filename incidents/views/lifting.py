"""The way back: an appeal by call-back to the registered number, and asking a second organisation to lift a step."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents import isolating
from incidents.isolating_forms import CallForm, SecondForm
from incidents.views.isolating import GET_OR_POST, isolation_or_404
from partners import isolation
from partners.acting import may_approve, signed_in
from partners.approvals import NotAllowed
from partners.models import Isolation
from partners.stepping_up import fresh
from portal.pages import refuse


@require_http_methods(GET_OR_POST)
@signed_in(may=may_approve)
@fresh
def lift(request: HttpRequest, isolation_id: UUID) -> HttpResponse:
    """Ask a second organisation to end a step."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    step = isolation_or_404(isolation_id)
    if step.lifted_at is not None:
        return refuse(request, 409, _("This step has ended already."))
    if step.organisation_id == me and not isolating.target_may_lift(step):
        raise Http404
    others = isolating.others_who_know(step, me=me)
    form = SecondForm(request.POST if request.method == "POST" else None, others=others)
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            isolation.ask_to_lift(step, reason=said["reason"], second=UUID(said["second"]))
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            name = dict(others)[said["second"]]
            messages.success(
                request, _("%(name)s is asked. The step stays in force until it approves.") % {"name": name}
            )
            return redirect("approval-list")
    context = {
        "step": step,
        "name": step.organisation.name,
        "title": Isolation.Step(step.step).label,
        "effects": isolation.effects_of_lifting({"isolation": step.pk}),
        "calls": isolating.appeals_of(step.organisation_id),
        "form": form,
    }
    return render(request, "isolation/lift.html", context, status=status)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_approve)
@fresh
def call_back(request: HttpRequest, isolation_id: UUID) -> HttpResponse:
    """Call an isolated organisation back and write down what came of it. Showing the number is recorded for both."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    step = isolation_or_404(isolation_id)
    if step.organisation_id == me:
        raise Http404
    form = CallForm(request.POST if request.method == "POST" else None)
    status = 422 if form.errors else 200
    try:
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            isolation.record_appeal(
                step.organisation_id, outcome=said["outcome"], with_whom=said["spoke_with"], note=said["note"]
            )
            messages.success(request, _("Written down. Everybody who knows of the isolation can read it."))
            return redirect("isolation-detail", isolation_id=isolation_id)
        number = isolation.registered_number(step.organisation_id)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    context = {"step": step, "name": step.organisation.name, "number": number, "form": form}
    return render(request, "isolation/call_back.html", context, status=status)
