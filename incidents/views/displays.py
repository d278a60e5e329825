"""Wall screens: the page that makes and ends them, the page that pairs a screen, and what the screen shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.displays import displays_of, make_display, revoke_display, spend_code, wall_document, wall_of
from incidents.models import Incident, WallDisplay
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.displays import start_display
from partners.limits import Limit, TooOften, address_of, count
from partners.stepping_up import fresh
from portal.pages import refuse
from portal.tenancy.requests import door_view

GET_OR_POST = ["GET", "HEAD", "POST"]
CODES = Limit("codes of wall screens from an address", 10)
ALL_CODES = Limit("codes of wall screens", 300)
LOOKS = frozenset({"dark", "light"})


class MakeForm(forms.Form):
    """Where the screen stands. The organisation's own words, never on the screen."""

    label = forms.CharField(max_length=100, error_messages={"required": lazy("Say where the screen stands.")})


class PairForm(forms.Form):
    """The code, as it was read out."""

    code = forms.CharField(max_length=30, error_messages={"required": lazy("Type the code.")})


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def displays(request: HttpRequest, reference: str) -> HttpResponse:
    """One's own screens of this incident. A new one's code is in this answer and nowhere else."""
    incident = incident_or_404(reference)
    form = MakeForm(request.POST if request.method == "POST" else None)
    code = ""
    if request.method == "POST" and form.is_valid():
        try:
            code = make_display(incident, label=form.cleaned_data["label"])
        except NotAllowed as refused:
            return refuse(request, 409, str(refused))
        form = MakeForm()
    context = {
        "incident": header(incident),
        "closed": incident.status == Incident.Status.CLOSED,
        "form": form,
        "code": code,
        "displays": displays_of(incident),
    }
    return render(request, "incidents/displays.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in(may=may_open)
@fresh
def revoke(request: HttpRequest, reference: str, display_id: UUID) -> HttpResponse:
    incident = incident_or_404(reference)
    display = WallDisplay.objects.filter(pk=display_id, incident=incident).defer("code_digest").first()
    if display is None:
        raise Http404
    try:
        revoke_display(display)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _("Ended. The screen goes dark at its next refresh, within ten seconds."))
    return redirect("incident-displays", reference=reference)


@door_view
@csrf_protect
@require_http_methods(GET_OR_POST)
def pair(request: HttpRequest) -> HttpResponse:
    """Typed at the wall computer. A wrong code costs a try; which of wrong, used and old it was is not said."""
    form = PairForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            count(CODES, address_of(request))
            count(ALL_CODES, "")
        except TooOften as slow:
            response = refuse(request, 429, _("Too many codes from here. Wait a few minutes, then make a new one."))
            response["Retry-After"] = str(slow.seconds)
            return response
        paired = spend_code(form.cleaned_data["code"])
        if paired is not None:
            start_display(request, paired)
            return redirect("display-wall")
        form.add_error("code", _("This code pairs no screen. It works once, within ten minutes: make a new one."))
    return render(request, "display/pair.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def wall(request: HttpRequest) -> HttpResponse:
    return _wall(request, "display/wall.html")


@require_safe
def wall_fragment(request: HttpRequest) -> HttpResponse:
    """The part that the screen fetches again every ten seconds."""
    return _wall(request, "display/_wall.html")


def _wall(request: HttpRequest, template: str) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    document = wall_document() if visitor is not None and visitor.kind == "display" else None
    if document is None:
        return HttpResponse(render_to_string("display/ended.html", {}), status=401)
    look = request.GET.get("look", "")
    context: dict[str, Any] = {"wall": wall_of(document), "look": look if look in LOOKS else ""}
    return HttpResponse(render_to_string(template, context))
