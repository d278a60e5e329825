"""The call list: take a call, ring, say what came of it. Works on a telephone and without a script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.models import Incident, Participant
from incidents.views.finding import incident_or_404
from notifications import calls
from notifications.call_reading import ended, rows_of, steps_of, whom, why_empty
from notifications.call_script import call_back_words, script
from notifications.calls import SAID, Call, Outcome
from notifications.models import Delivery
from notifications.tool_opened import opener_of
from partners.acting import may_answer, signed_in
from partners.approvals import NotAllowed
from partners.models import Person
from partners.phone_numbers import spaced
from partners.stepping_up import fresh
from portal import clock
from portal.pages import refuse


@require_safe
@signed_in
def call_list(request: HttpRequest) -> HttpResponse:
    """Every call that the reader may make or know of."""
    return render(request, "notifications/calls.html", _list(request, None))


@require_safe
@signed_in
def incident_calls(request: HttpRequest, reference: str) -> HttpResponse:
    return render(request, "notifications/calls.html", _list(request, incident_or_404(reference)))


def _list(request: HttpRequest, incident: Incident | None) -> dict[str, Any]:
    visitor = request.visitor  # type: ignore[attr-defined]
    found = calls.waiting(incident.pk if incident else None)
    names = dict(Person.objects.values_list("pk", "name"))
    overseen = incident is None or visitor.organisation_id in incident.overseers
    return {
        "incident": _named(incident) if incident else None,
        "calls": rows_of(found, names, now=clock.now()),
        "ended": ended(incident, names),
        "may_ring": may_answer(visitor),
        "empty_why": "" if found else why_empty(incident, oversees=overseen),
        "refresh_url": reverse("incident-calls", args=[incident.reference]) if incident else reverse("call-list"),
        "follow": incident.reference if incident else "*",
    }


def _named(incident: Incident) -> dict[str, str]:
    return {
        "reference": incident.reference,
        "title": incident.title,
        "href": reverse("incident-board", args=[incident.reference]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def organisation(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """Where *Call now* leads: to the call that waits, or to the button that puts one on the list."""
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    side = Participant.objects.filter(incident=incident, slug=slug).values("organisation_id", "name").first()
    if side is None:
        raise Http404
    if request.method == "POST":
        if not may_answer(visitor):
            return refuse(request, 403, _("Your role does not allow this."))
        try:
            if not calls.ask(incident, side["organisation_id"]):
                messages.error(request, _("They have no number that can be rung, or a call to them waits already."))
        except NotAllowed as refused:
            return refuse(request, 409, str(refused))
    for each in calls.waiting(incident.pk):
        if each.organisation_id == side["organisation_id"]:
            return redirect("call-item", each.id)
    context = {
        "incident": _named(incident),
        "name": side["name"],
        "slug": slug,
        "may_ring": may_answer(visitor) and incident.status != Incident.Status.CLOSED,
    }
    return render(request, "notifications/call_ask.html", context)


@require_safe
@signed_in
def item(request: HttpRequest, call_id: UUID) -> HttpResponse:
    return _item(request, call_id)


@require_POST
@signed_in(may=may_answer)
def claim(request: HttpRequest, call_id: UUID) -> HttpResponse:
    _visible_or_404(call_id)
    try:
        calls.claim(call_id)
    except NotAllowed as refused:
        messages.error(request, str(refused))
    return redirect("call-item", call_id)


@require_POST
@signed_in(may=may_answer)
@fresh
def number(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Show a private number in the answer to the button, and nowhere else."""
    _visible_or_404(call_id)
    because = request.POST.get("because", "").strip()
    if not because or len(because) > 500 or "\0" in because:
        return refuse(request, 422, _("Say in a few words why you need the number."))
    return _item(request, call_id, because=because)


@require_POST
@signed_in(may=may_answer)
def settle(request: HttpRequest, call_id: UUID) -> HttpResponse:
    _visible_or_404(call_id)
    outcome, reported_by = request.POST.get("outcome", ""), request.POST.get("reported_by", "").strip()
    attempt, has_it = request.POST.get("attempt", ""), request.POST.get("has_it") == "on"
    trouble = ""
    if outcome not in SAID:
        trouble = _("Choose what came of the call.")
    elif has_it and outcome == Outcome.REACHED and not reported_by:
        trouble = _("Write whom you spoke with: they said that they have it.")
    elif len(reported_by) > 200 or "\0" in reported_by:
        trouble = _("Write a name of at most 200 letters.")
    if trouble:
        said = {"outcome": outcome, "reported_by": reported_by.replace("\0", "")[:200], "has_it": has_it}
        return _item(request, call_id, trouble=trouble, said=said)
    try:
        nth = int(attempt) if attempt.isdecimal() and len(attempt) < 6 else 0
        has_it = has_it and outcome == Outcome.REACHED
        state = calls.settle(call_id, nth, outcome, has_it=has_it, reported_by=reported_by)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _after(outcome, state))
    reference = Delivery.objects.values_list("incident_reference", flat=True).get(pk=call_id)
    return redirect("incident-calls", reference)


def _after(outcome: str, state: str) -> str:
    if outcome == Outcome.REACHED:
        return _("Written down: they were told by telephone. The incident's overseers can see it.")
    if state == Delivery.State.DEAD:
        return _("Written down. Their next number is put on the list within seconds, when there is one.")
    if outcome == Outcome.LET_GO:
        return _("Given back. Anybody can take it now.")
    return _("Written down. It stays on the list, to be tried again.")


def _visible_or_404(call_id: UUID) -> None:
    if not Delivery.objects.filter(pk=call_id, way="phone").exists():
        raise Http404


def _item(
    request: HttpRequest, call_id: UUID, *, because: str = "", trouble: str = "", said: dict[str, Any] | None = None
) -> HttpResponse:
    """One call: free, held by somebody else, held by the reader with number and script, or over."""
    visitor = request.visitor  # type: ignore[attr-defined]
    call = next((each for each in calls.waiting() if each.id == call_id), None)
    if call is None:
        return _over(request, call_id)
    names = dict(Person.objects.values_list("pk", "name"))
    (row,) = rows_of([call], names, now=clock.now())
    context: dict[str, Any] = {
        "call": row,
        "over": "",
        "may_ring": may_answer(visitor),
        "number": None,
        "script": None,
        "steps": [],
        "outcomes": [(each.value, str(each.label)) for each in SAID],
        "attempt": call.attempts,
        "trouble": trouble,
        "said": said or {"outcome": "", "reported_by": "", "has_it": False},
    }
    if call.mine:
        try:
            context |= _held(call, visitor.organisation_name, whom(call, names), because)
            context["steps"] = steps_of(call, visitor)
        except NotAllowed as refused:
            if because:
                return refuse(request, 409, str(refused))
            context["call"]["mine"] = False
    return render(request, "notifications/call.html", context, status=422 if trouble else 200)


def _held(call: Call, caller: str, ask_for: str, because: str) -> dict[str, Any]:
    found = calls.number_of(call.id, because=because)
    said = script(
        caller=caller,
        ask_for=ask_for,
        reference=call.reference,
        message=call.message,
        exercise=call.exercise,
        words=call_back_words(call.id, call.attempts),
        code=found.code,
        opener=opener_of(call.incident_id),
    )
    number = {"dial": found.number, "spoken": spaced(found.number) if found.number else "", "private": found.private}
    return {"number": number, "script": said}


def _over(request: HttpRequest, call_id: UUID) -> HttpResponse:
    found = Delivery.objects.filter(pk=call_id, way="phone").values("incident_reference", "state", "error").first()
    if found is None:
        raise Http404
    context = {
        "call": {"reference": found["incident_reference"], "mine": False},
        "over": str(Delivery.State(found["state"]).label),
        "because": found["error"],
    }
    return render(request, "notifications/call.html", context)
