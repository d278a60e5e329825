"""Pages of isolation: one's own organisation's four steps, the lead's page against a participant, and one step."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import isolating
from incidents.isolating_forms import IsolateForm, PressForm
from incidents.models import Incident, Participant
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners import isolation
from partners.acting import OWN_TASKS, may_administer, may_approve, signed_in
from partners.approvals import NotAllowed
from partners.models import Approval, Isolation
from partners.stepping_up import fresh
from portal import clock
from portal.pages import local_time, refuse

GET_OR_POST = ["GET", "HEAD", "POST"]
Step = Isolation.Step


@require_safe
@signed_in(may=may_administer, reach=OWN_TASKS)
def own(request: HttpRequest) -> HttpResponse:
    """The four steps for the reader's own organisation, and what it went through before."""
    visitor = request.visitor  # type: ignore[attr-defined]
    past = Isolation.objects.filter(organisation_id=visitor.organisation_id).exclude(lifted_at=None)[:20]
    context = {"steps": isolating.own_steps(visitor), "past": list(past), "name": visitor.organisation_name}
    return render(request, "isolation/own.html", context)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer, reach=OWN_TASKS)
@fresh
def press(request: HttpRequest, step: int) -> HttpResponse:
    """Take one of the first three steps for one's own organisation, after reading what it takes away."""
    visitor = request.visitor  # type: ignore[attr-defined]
    if step not in {Step.PROVIDER, Step.MAIL, Step.OWN_TASKS}:
        raise Http404
    form = PressForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            isolation.press(
                visitor.organisation_id, step, reason=form.cleaned_data["reason"], since=form.cleaned_data["since"]
            )
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, _("In force now. Another administrator can take it back within 15 minutes."))
            return redirect("isolation-own")
    elif form.errors:
        status = 422
    loses = isolation.effects_of_step(step, visitor.organisation_name)
    if step == Step.PROVIDER and visitor.born == "provider":
        loses.append(_("You came in that way yourself: you are signed out too."))
    context = {
        "step": Step(step),
        "name": visitor.organisation_name,
        "loses": loses,
        "keeps": isolating.keeps_running(visitor.organisation_id, step, own=True),
        "form": form,
    }
    return render(request, "isolation/press.html", context, status=status)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_approve)
@fresh
def isolate(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """Ask a second organisation to approve a step against a participant: the lead's page, the deputy's for the lead."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    side = Participant.objects.filter(incident=incident, slug=slug).first()
    if side is None or side.organisation_id == me or isolating.asks_for(incident, side.organisation_id) != me:
        raise Http404
    if incident.status == Incident.Status.CLOSED:
        return refuse(request, 409, _("The incident is closed."))
    taken = {each.step for each in isolation.in_force(side.organisation_id)}
    free = [(step.value, step.label) for step in Step if step not in taken]
    others = isolating.second_ones(incident, but={me, side.organisation_id})
    form = IsolateForm(request.POST if request.method == "POST" else None, steps=free, others=others)
    status = 200
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            isolation.ask_to_isolate(
                side.organisation_id,
                said["step"],
                incident=incident.pk,
                reason=said["reason"],
                second=UUID(said["second"]),
                since=said["since"],
            )
        except NotAllowed as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            name = dict(others)[said["second"]]
            messages.success(
                request, _("%(name)s is asked. Nothing has changed yet; it lapses in 30 minutes.") % {"name": name}
            )
            return redirect("approval-list")
    elif form.errors:
        status = 422
    context = {
        "incident": header(incident),
        "name": side.name,
        "steps": _steps(incident, side, free),
        "taken": [Step(each).label for each in sorted(taken)],
        "form": form,
        "slug": slug,
    }
    return render(request, "isolation/isolate.html", context, status=status)


def _steps(incident: Incident, side: Participant, free: list[tuple[int, str]]) -> list[dict[str, Any]]:
    after = isolating.who_leads_after(incident, side)
    return [
        {
            "number": number,
            "title": title,
            "loses": [
                *isolation.effects_of_step(number, side.name),
                *([after] if after and number in {Step.OWN_TASKS, Step.FULL} else []),
            ],
            "keeps": isolating.keeps_running(side.organisation_id, number, own=False, incident=incident),
        }
        for number, title in free
    ]


def isolation_or_404(isolation_id: UUID) -> Isolation:
    """A step that the reader may know of; absent and not theirs to see are the same 404."""
    found = Isolation.objects.select_related("organisation", "pressing_organisation", "lifting_organisation")
    step = found.filter(pk=isolation_id).first()
    if step is None:
        raise Http404
    return step


def asked_by(step: Isolation) -> Approval | None:
    """The approval that the step rests on, for the two organisations of it."""
    if step.approval_id is None:
        return None
    return Approval.objects.select_related("requesting_organisation").filter(pk=step.approval_id).first()


@require_safe
@signed_in(reach=OWN_TASKS)
def detail(request: HttpRequest, isolation_id: UUID) -> HttpResponse:
    """One step: what is in force, since when, by whom, why, and how it ends."""
    visitor = request.visitor  # type: ignore[attr-defined]
    step = isolation_or_404(isolation_id)
    own = step.organisation_id == visitor.organisation_id
    whole = visitor.reach == "all"
    in_force = step.lifted_at is None
    context = {
        "step": step,
        "asked": asked_by(step),
        "name": step.organisation.name,
        "title": Step(step.step).label,
        "in_force": in_force,
        "effects": isolation.effects_of_step(step.step, step.organisation.name),
        "may_undo": isolating.may_undo(step, visitor),
        "undo_until": step.started_at + isolating.UNDO_WITHIN,
        "may_lift": in_force and whole and may_approve(visitor) and (not own or isolating.target_may_lift(step)),
        "may_call": in_force and whole and may_approve(visitor) and not own,
        "calls": isolating.appeals_of(step.organisation_id) if whole else [],
        "incident_href": whole and step.incident_reference,
    }
    return render(request, "isolation/detail.html", context)


@require_POST
@signed_in(may=may_administer, reach=OWN_TASKS)
@fresh
def undo(request: HttpRequest, isolation_id: UUID) -> HttpResponse:
    step = isolation_or_404(isolation_id)
    try:
        isolation.undo(step)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _("Taken back at %(time)s.") % {"time": local_time(clock.now())})
    return redirect("isolation-own")
