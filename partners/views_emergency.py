"""Letting somebody of another organisation in by emergency enrolment: ring back, ask, read the code out once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners import emergency
from partners.acting import actor_of, may_approve, signed_in
from partners.approvals import NotAllowed
from partners.forms_people import CallForm, EmergencyForm
from partners.models import Approval, CallBack, Organisation
from partners.stepping_up import fresh
from portal import clock


@require_safe
@signed_in(may=may_approve)
def start(request: HttpRequest) -> HttpResponse:
    """Which organisation rings, and what one has asked for already."""
    visitor = request.visitor  # type: ignore[attr-defined]
    others = Organisation.objects.filter(status=Organisation.Status.CURRENT).exclude(pk=visitor.organisation_id)
    context = {
        "organisations": [{"name": each.name, "href": reverse("emergency-ask", args=[each.slug])} for each in others],
        "requests": [_asked(each) for each in emergency.requests_of(visitor)],
    }
    return render(request, "partners/emergency.html", context)


def _asked(approval: Approval) -> dict[str, Any]:
    lapsed = approval.state == Approval.State.WAITING and approval.expires_at <= clock.now()
    return {
        "id": str(approval.pk),
        "organisation": approval.about.name if approval.about else "",
        "name": approval.payload["name"],
        "at": approval.requested_at,
        "state": _("Lapsed") if lapsed else str(Approval.State(approval.state).label),
        "done": approval.state == Approval.State.CARRIED_OUT,
        "by": approval.decided_by_name,
        "waiting": approval.state == Approval.State.WAITING and not lapsed,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_approve)
@fresh
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Three steps on one page, in this order: the registered number, the call, the question to the second person."""
    visitor = request.visitor  # type: ignore[attr-defined]
    organisation = Organisation.objects.filter(slug=slug, status=Organisation.Status.CURRENT).first()
    if organisation is None or organisation.pk == visitor.organisation_id:
        raise Http404
    apart = [organisation.pk, visitor.organisation_id]
    others = Organisation.objects.filter(status=Organisation.Status.CURRENT).exclude(pk__in=apart)
    step = request.POST.get("step", "")
    call_form = CallForm(request.POST if step == "call" else None)
    ask_form = EmergencyForm(request.POST if step == "ask" else None, others=list(others))
    number, trouble = "", ""
    try:
        if step == "number":
            number = emergency.registered_number(organisation)
            trouble = "" if number else _("No number of theirs is registered. They cannot be let in this way.")
        elif step == "call" and call_form.is_valid():
            emergency.record_call(organisation, **call_form.cleaned_data)
            return redirect("emergency-ask", slug=slug)
        elif step == "ask" and ask_form.is_valid():
            call = emergency.call_that_counts(organisation, visitor)
            if call is not None:
                return redirect("emergency-request", approval_id=_ask(ask_form, organisation, call))
            trouble = _("Ring the registered number first, and write down what came of it.")
    except NotAllowed as refused:
        trouble = str(refused)
    counts = emergency.call_that_counts(organisation, visitor)
    context = {
        "organisation": {"name": organisation.name, "slug": slug},
        "number": number,
        "calls": _calls(organisation, visitor.person_id),
        "call": counts,
        "call_form": call_form,
        "ask_form": ask_form if counts is not None else None,
        "trouble": trouble,
    }
    status = 422 if trouble or call_form.errors or ask_form.errors else 200
    return render(request, "partners/emergency_ask.html", context, status=status)


def _ask(form: EmergencyForm, organisation: Organisation, call: CallBack) -> UUID:
    said = form.cleaned_data
    second = form.second_organisation()
    return emergency.ask(organisation, name=said["name"], reason=said["reason"], call=call, second=second)


def _calls(organisation: Organisation, person_id: UUID) -> list[dict[str, Any]]:
    own = CallBack.objects.filter(about=organisation, purpose=CallBack.Purpose.EMERGENCY, called_by=person_id)
    return [
        {"at": each.called_at, "outcome": str(each.get_outcome_display()), "with": each.spoke_with}
        for each in own.order_by("-called_at")[:5]
    ]


def _own_request(request: HttpRequest, approval_id: UUID) -> Approval:
    """What this very person asked for; anybody else's is not there."""
    mine = Approval.objects.filter(pk=approval_id, kind=emergency.KIND.name)
    approval = mine.filter(requested_by=request.visitor.person_id).select_related("about").first()  # type: ignore[attr-defined]
    if approval is None:
        raise Http404
    return approval


@require_safe
@signed_in(may=may_approve)
def asked(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """How far a request is, and the button for the code once it was approved."""
    return _request_page(request, _own_request(request, approval_id))


def _request_page(request: HttpRequest, approval: Approval, **more: str) -> HttpResponse:
    context = {"asked": _asked(approval), "effects": approval.effects, "code": "", "trouble": "", **more}
    return render(request, "partners/emergency_request.html", context, status=409 if context["trouble"] else 200)


@require_POST
@signed_in(may=may_approve)
@fresh
def code(request: HttpRequest, approval_id: UUID) -> HttpResponse:
    """The spoken code, in the answer to the button and never again."""
    approval = _own_request(request, approval_id)
    if approval.state != Approval.State.CARRIED_OUT:
        return _request_page(request, approval, trouble=_("It has not been approved yet."))
    spoken = emergency.offer_code(approval, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    if spoken is None:
        return _request_page(request, approval, trouble=_("The code was shown before, or the access has been ended."))
    return _request_page(request, approval, code=spoken)
