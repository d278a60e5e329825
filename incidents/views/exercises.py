"""Pages of exercises: run one in one step, put one aside, and how one did."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import Invalid
from incidents.exercise_forms import ExerciseForm
from incidents.exercises import resume, start_exercise, suspend
from incidents.listing import open_page
from incidents.models import Incident, Inject
from incidents.scores import own_scores, score_page
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import OWN_TASKS, actor_of, may_answer, may_open, signed_in
from partners.approvals import NotAllowed
from portal.pages import refuse

FIELDS = {"systems": "system", "playbook": "playbook"}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def exercise_list(request: HttpRequest) -> HttpResponse:
    """What runs, one's own scores, and the form that begins one."""
    visitor = request.visitor  # type: ignore[attr-defined]
    leads = may_open(visitor)
    if request.method == "POST" and not leads:
        return refuse(request, 403)
    form = ExerciseForm(request.POST if request.method == "POST" else None) if leads else None
    status = 200
    if form is not None and request.method == "POST":
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            try:
                incident = start_exercise(
                    system=said["system"],
                    name=form.names[said["system"]],
                    playbook=said["playbook"],
                    injects=form.injects(),
                    severity=int(said["severity"]) if said["severity"] else None,
                    actor=actor_of(visitor),
                )
            except Invalid as refused:
                for fault in refused.faults:
                    form.add_error(FIELDS.get(fault.pointer.strip("/").split("/")[0]), fault.detail)
            else:
                messages.success(request, _("The exercise has begun. Every message says that it is one."))
                return redirect("incident-board", reference=incident.reference)
    context = {
        "form": form,
        "running": open_page(visitor.organisation_id, kind="exercise")[0],
        "scores": own_scores(visitor.organisation_id),
    }
    return render(request, "exercises/list.html", context, status=status)


@require_safe
@signed_in
def score(request: HttpRequest, reference: str) -> HttpResponse:
    """One's own score of an exercise that is over."""
    incident = _exercise_or_404(reference)
    shown = score_page(incident, me=request.visitor.organisation_id)  # type: ignore[attr-defined]
    if shown is None:
        raise Http404
    return render(request, "exercises/score.html", {"incident": header(incident), "score": shown})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(reach=OWN_TASKS)
def aside(request: HttpRequest, reference: str) -> HttpResponse:
    """Put it aside because something real has happened, or go on with it."""
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = _exercise_or_404(reference)
    leads = incident.lead_id == visitor.organisation_id and may_open(visitor)
    refused = ""
    if request.method == "POST":
        goes_on = request.POST.get("step") == "resume"
        try:
            resume(incident.pk) if goes_on else suspend(incident.pk)
        except NotAllowed as why:
            refused = str(why)
        else:
            messages.success(request, _("The exercise goes on.") if goes_on else _("The exercise is put aside."))
            return redirect("incident-board", reference=reference)
    context = {
        "incident": header(incident),
        "refused": refused,
        "may_put_aside": may_answer(visitor) and incident.suspended_at is None and not _over(incident),
        "may_go_on": leads and incident.suspended_at is not None and not _over(incident),
        "planned": list(Inject.objects.filter(incident=incident)) if leads else [],
    }
    return render(request, "exercises/aside.html", context, status=422 if refused else 200)


def _over(incident: Incident) -> bool:
    return incident.status == Incident.Status.CLOSED


def _exercise_or_404(reference: str) -> Incident:
    incident = incident_or_404(reference)
    if not incident.exercise:
        raise Http404
    return incident
