"""Pages of planned cuts: the list, planning one, one with its answers, and what its planner or the lead decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, PlannedCut
from incidents.planned_cuts.choosing import choices_for
from incidents.planned_cuts.forms import AnswerForm, PlanForm, StepForm
from incidents.planned_cuts.page import cut_page
from incidents.planned_cuts.planning import affected_by, answer_cut, decide_cut, end_cut, plan_cut, protects
from incidents.planned_cuts.shown import cuts_in, line_of
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_open, signed_in
from portal import clock
from portal.pages import local_time, refuse

SAID = {
    "decided": lazy("Decided, in your name. Everybody who is asked hears of it."),
    "done": lazy("Written down: it is done."),
    "called_off": lazy("Called off. Everybody who was asked hears of it."),
}


@require_safe
@signed_in
def cuts(request: HttpRequest, reference: str) -> HttpResponse:
    """Every planned cut that the reader may know of: none, where it is not concerned."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    lines = [line_of(cut, sides, incident, me=me) for cut, sides in cuts_in(incident)]
    context = {
        "incident": header(incident),
        "cuts": [each for each in lines if each["open"]],
        "over": [each for each in lines if not each["open"]],
        "may_plan": may_open(visitor) and incident.status != Incident.Status.CLOSED,
    }
    return render(request, "incidents/cuts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    return _plan(request, incident_or_404(reference), None)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def change(request: HttpRequest, reference: str, cut_id: UUID) -> HttpResponse:
    """Another time or extent: a new revision, which asks again."""
    incident = incident_or_404(reference)
    cut = _cut_or_404(incident, cut_id)
    if request.visitor.organisation_id not in (cut.planner_id, incident.lead_id):  # type: ignore[attr-defined]
        raise PermissionDenied(_("Its planner or the lead changes a planned cut."))
    return _plan(request, incident, cut)


def _plan(request: HttpRequest, incident: Incident, former: PlannedCut | None) -> HttpResponse:
    """One page: nothing is written or sent before it was shown what stops for whom."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    choices = choices_for(incident, me=me)
    if not choices:
        raise PermissionDenied(_("Your organisation runs no end of a link: lead and provider plan cuts for others."))
    initial = _as_planned(former, choices) if former else {"what": request.GET.get("cut", ""), "starts_at": clock.now()}
    data = request.POST if request.method == "POST" else None
    form = PlanForm(data, choices=choices, initial=initial, changes=former is not None)
    planning = request.POST.get("step") == "plan"
    reached, gain = None, None
    try:
        if form.choice is not None and "what" not in form.errors:
            reached = affected_by(incident, form.choice)
            gain = protects(incident, form.choice) if me in incident.overseers else None
        if planning and form.is_valid() and reached is not None:
            if form.cleaned_data["shown"] == _names(reached):
                made = plan_cut(incident, form.plan(), former=former)
                messages.success(
                    request, _("Planned. Everybody whom it stops something for is asked; silence is no yes.")
                )
                return redirect("incident-cut", reference=incident.reference, cut_id=made.pk)
            form.add_error(None, _("Look at whom it concerns, then plan it."))
    except Invalid as wrong:
        for fault in wrong.faults:
            name = fault.pointer.strip("/")
            form.add_error(name if name in form.fields else None, fault.detail)
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    except WrongMoment as wrong:
        form.add_error(None, str(wrong))
    if form.is_bound and not planning:  # a preview asks only what is cut; what is still empty is no mistake yet
        for name in [each for each in form.errors if each != "what" and not form[each].data]:
            form.errors.pop(name)
    context = {
        "incident": header(incident),
        "form": form,
        "former": former,
        "reached": reached,
        "gain": gain.words.partition("; ")[0] if gain else "",
        "shown": _names(reached) if reached is not None else "",
        "outside": [each.name for each in reached or () if not each.takes_part],
    }
    return render(request, "incidents/cut_plan.html", context, status=422 if form.is_bound and form.errors else 200)


def _names(reached: Any) -> str:
    return "-" + " ".join(sorted(f"{each.slug}:{int(each.takes_part)}" for each in reached))


def _as_planned(cut: PlannedCut, choices: Any) -> dict[str, Any]:
    same = ((set(each.links), set(each.systems), each.key) for each in choices)
    key = next((key for links, systems, key in same if (links, systems) == (set(cut.links), set(cut.systems))), "")
    return {"what": key, "how": cut.how, "ask": cut.ask, "starts_at": cut.starts_at, "ends_at": cut.ends_at}


def _cut_or_404(incident: Incident, cut_id: UUID) -> PlannedCut:
    rows = PlannedCut.objects.select_related("planner", "decided_for")
    cut = rows.filter(pk=cut_id, incident=incident).first()
    if cut is None:
        raise Http404
    return cut


@require_safe
@signed_in
def detail(request: HttpRequest, reference: str, cut_id: UUID) -> HttpResponse:
    incident = incident_or_404(reference)
    return _page(request, incident, _cut_or_404(incident, cut_id))


def _page(
    request: HttpRequest, incident: Incident, cut: PlannedCut, *, form: Form | None = None, status: int = 200
) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    shown = cut_page(cut, incident, me=visitor.organisation_id, manages=may_open(visitor), answers=may_answer(visitor))
    step = form["step"].value() if isinstance(form, StepForm) else ""
    steps = {
        each: form if each == step else StepForm(auto_id=f"{each}_%s") for each in ("decided", "done", "called_off")
    }
    steps["decided"].fields["words"].required = shown["needs_why"]  # type: ignore[union-attr]
    steps["called_off"].fields["words"].required = True  # type: ignore[union-attr]
    context = {
        "incident": header(incident),
        "cut": shown,
        "answer_form": form if isinstance(form, AnswerForm) else AnswerForm(),
        "steps": steps,
        "wrong": form,
    }
    return render(request, "incidents/cut.html", context, status=status)


@require_POST
@signed_in(may=may_answer)
def answer(request: HttpRequest, reference: str, cut_id: UUID) -> HttpResponse:
    incident = incident_or_404(reference)
    cut, form = _cut_or_404(incident, cut_id), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, incident, cut, form=form, status=422)
    try:
        changed = answer_cut(cut, **form.cleaned_data)
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except WrongMoment as refused:
        form.add_error(None, str(refused))
        return _page(request, incident, _cut_or_404(incident, cut_id), form=form, status=409)
    if changed:
        said = {"at": local_time(clock.now(), "%H:%M:%S"), "name": cut.planner.name}
        messages.success(request, _("Written down at %(at)s. %(name)s, lead and provider can see it.") % said)
    return redirect("incident-cut", reference=reference, cut_id=cut_id)


@require_POST
@signed_in(may=may_open)
def step(request: HttpRequest, reference: str, cut_id: UUID) -> HttpResponse:
    """It goes ahead, by name; is done; or is called off."""
    incident = incident_or_404(reference)
    cut = _cut_or_404(incident, cut_id)
    form = StepForm(request.POST, auto_id=f"{request.POST.get('step', '')}_%s")
    if not form.is_valid():
        return _page(request, incident, cut, form=form, status=422)
    said = form.cleaned_data
    try:
        if said["step"] == "decided":
            changed = decide_cut(cut, why=said["words"], seen=said["seen"], objected=said["objected"])
        else:
            changed = end_cut(cut, how=said["step"], words=said["words"], seen=said["seen"])
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except WrongMoment as refused:
        form.add_error("words" if "say why" in str(refused).lower() else None, str(refused))
        return _page(request, incident, _cut_or_404(incident, cut_id), form=form, status=409)
    if changed:
        messages.success(request, SAID[said["step"]])
    return redirect("incident-cut", reference=reference, cut_id=cut_id)
