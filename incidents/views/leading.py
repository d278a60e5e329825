"""What the lead does: open, declare, widen, update, stand down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from incidents.closing import OPEN, close_incident
from incidents.composing import audience_of
from incidents.composing import preview_of as preview_of_update
from incidents.decisions.known import current_card
from incidents.errors import Invalid, WrongMoment
from incidents.forms import CloseForm, OpenForm, UpdateForm, WidenForm
from incidents.from_above import opened_because
from incidents.models import Incident, Participant, Task
from incidents.opening import open_incident, reach_of
from incidents.preview import preview_of
from incidents.suggesting import suggestions
from incidents.updates import send_update
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from incidents.widening import add_systems, declare
from incidents.words import organisations
from partners.acting import actor_of, may_open, signed_in
from partners.stepping_up import fresh
from portal import clock
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]
FIELD_OF = {
    "systems": "systems",
    "accounts": "accounts",
    "confirmed": "confirmed",
    "playbook": "playbook",
    "untold": "untold",
}


def _show_faults(form: Form, refused: Invalid) -> None:
    for fault in refused.faults:
        field = FIELD_OF.get(fault.pointer.split("/")[1] if "/" in fault.pointer else "")
        form.add_error(field if field in form.fields else None, fault.detail)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def open_form(request: HttpRequest) -> HttpResponse:
    """Three steps on one page: nothing is written or sent before the preview has been shown."""
    visitor = request.visitor  # type: ignore[attr-defined]
    actor = actor_of(visitor)
    step = request.POST.get("step", "")
    filled_in = request.method in {"GET", "HEAD"} and bool({"systems", "accounts"} & set(request.GET))
    if request.method == "POST" or filled_in:
        form = OpenForm(request.POST if request.method == "POST" else request.GET, visitor=visitor)
    else:
        said = {name: request.GET.get(name, "")[:200] for name in ("title", "summary", "because_of")}
        form = OpenForm(visitor=visitor, initial=said | {"exercise": request.GET.get("exercise") == "1"})
    preview = None
    status = 200
    valid = form.is_valid() and request.method == "POST"
    named = form.is_bound and not {"systems", "accounts", "confirmed"} & set(form.errors)
    try:
        if valid and step in {"open", "suspected"}:
            incident = open_incident(form.opening(suspected=step == "suspected"), actor=actor)
            opened_because(form.cleaned_data["because_of"], incident)
            return redirect("incident-board", reference=incident.reference)
        if named:
            opening = form.opening()
            reach = reach_of(opening, organisation_id=actor.organisation_id, by_key=False, reason="what-if")
            preview = preview_of(
                opening,
                reach,
                lead_id=actor.organisation_id,
                ticked=request.POST.getlist("untold"),
                why_untold=form.why_untold,
                checked="untold" in form.errors,
                decided_by=f"{visitor.name}, {visitor.organisation_name}",
            )
    except Invalid as refused:
        _show_faults(form, refused)
    if request.method == "POST" and (form.errors and step != "preview"):
        status = 422
    if getattr(request, "htmx", False):
        return render(request, "incidents/_open_preview.html", {"preview": preview})
    systems = [(system.slug, system.name, system.description) for system in form.known_systems]
    if (step == "preview" or filled_in) and preview is not None:
        form.errors.pop("title", None)  # a preview asks only what is attacked
    context = {"form": form, "systems": systems, "preview": preview}
    return render(request, "incidents/open.html", context, status=status)


@require_safe
@signed_in(may=may_open)
def suggest(request: HttpRequest) -> JsonResponse:
    """What can be named, by what was typed so far (`q`)."""
    return JsonResponse({"results": suggestions(request.GET.get("q", ""))})


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def close(request: HttpRequest, reference: str) -> HttpResponse:
    incident = _led(request, reference)
    open_tasks = Task.objects.filter(incident=incident, status__in=OPEN).count()
    sides = list(Participant.objects.filter(incident=incident).values_list("people_told", flat=True))
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        close_incident(
            incident_id=incident.pk,
            outcome=form.cleaned_data["outcome"],
            reason=form.cleaned_data["words"],
            actor=actor_of(request.visitor),  # type: ignore[attr-defined]
        )
        messages.success(request, _("Closed. Everybody who was told is being stood down."))
        return redirect("incident-board", reference=reference)
    told = sum(sides)
    effects = [
        ngettext("Tells one person in %(o)s that it is over.", "Tells %(n)s people in %(o)s that it is over.", told)
        % {"n": told, "o": organisations(len(sides))},
        _("The same ways are used as before, once."),
        ngettext("Calls off one open step.", "Calls off %(n)s open steps.", open_tasks) % {"n": open_tasks}
        if open_tasks
        else _("No step is open."),
    ]
    context = {"incident": header(incident), "form": form, "effects": effects, "open_tasks": open_tasks}
    return render(request, "incidents/close.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def update(request: HttpRequest, reference: str) -> HttpResponse:
    incident = _led(request, reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    form = UpdateForm(request.POST if request.method == "POST" else None)
    shown: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        text, minutes = form.cleaned_data["text"], form.cleaned_data["next_in"]
        next_at = now + timedelta(minutes=minutes) if minutes else None
        if request.POST.get("step") == "preview":
            shown = preview_of_update(
                incident,
                me=visitor.organisation_id,
                author_name=visitor.organisation_name,
                text=text,
                next_update_at=next_at,
                now=now,
            )
        else:
            try:
                send_update(
                    incident_id=incident.pk,
                    text=text,
                    actor=actor_of(visitor),
                    author_name=visitor.organisation_name,
                    next_update_at=next_at,
                )
            except WrongMoment as refused:
                return refuse(request, 409, str(refused))
            return redirect("incident-board", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "card": current_card(incident),
        "audience": audience_of(incident),
        "preview": shown,
    }
    return render(request, "incidents/update.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def widen(request: HttpRequest, reference: str) -> HttpResponse:
    incident = _led(request, reference)
    form = WidenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _incident, changed = add_systems(
                incident_id=incident.pk,
                systems=form.cleaned_data["systems"],
                actor=actor_of(request.visitor),  # type: ignore[attr-defined]
            )
        except WrongMoment as refused:
            return refuse(request, 409, str(refused))
        joined = organisations(len(changed["organisations"]))
        messages.success(request, _("Walked again: %(n)s joined.") % {"n": joined})
        return redirect("incident-board", reference=reference)
    let_in_href = reverse("incident-let-in", args=[reference])
    context = {"incident": header(incident), "form": form, "let_in_href": let_in_href}
    return render(request, "incidents/widen.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def declare_form(request: HttpRequest, reference: str) -> HttpResponse:
    incident = _led(request, reference)
    if request.method == "POST":
        try:
            declare(incident_id=incident.pk, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        except WrongMoment as refused:
            return refuse(request, 409, str(refused))
        return redirect("incident-board", reference=reference)
    return render(request, "incidents/declare.html", {"incident": header(incident)})


def _led(request: HttpRequest, reference: str) -> Incident:
    """The incident, for its lead; for whoever else may see it the page does not exist either."""
    incident = incident_or_404(reference)
    if incident.lead_id != request.visitor.organisation_id:  # type: ignore[attr-defined]
        raise Http404
    return incident
