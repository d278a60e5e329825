"""The page of what organisations did by themselves: write it down in three taps, take it back within a minute."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, OwnAction
from incidents.own_actions.forms import OwnActionForm
from incidents.own_actions.page import choices_of, receipt_of, rows_of, touchables
from incidents.own_actions.writing import IsYourTask, take_back, write_action
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import actor_of, may_answer, signed_in
from portal import clock
from portal.pages import refuse


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def own_actions(request: HttpRequest, reference: str) -> HttpResponse:
    """What one's organisation did itself, and the form; whoever oversees reads those of all."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    me, status, like = visitor.organisation_id, 200, None
    if request.method == "POST" and not may_answer(visitor):
        return refuse(request, 403, _("Your role does not allow this."))
    choices: dict[str, Any] = {"common": choices_of(incident), "touchables": touchables(incident, me=me)}
    form = OwnActionForm(initial={"done_at": clock.now()}, **choices)
    if request.method == "POST":
        form, status = OwnActionForm(request.POST, **choices), 422
        if form.is_valid():
            try:
                write_action(incident, form.deed(), actor=actor_of(visitor), apart=form.cleaned_data["apart"])
            except IsYourTask as found:
                like, status = found.task, 409
            except (Invalid, NotYours, WrongMoment) as wrong:
                status = _failed(form, wrong)
            else:
                return redirect("incident-own-actions", reference=reference)
    context = {
        "incident": header(incident),
        "form": form,
        "like": like and {"title": like.title, "href": reverse("task-detail", args=[like.pk])},
        "may_write": may_answer(visitor) and incident.status != Incident.Status.CLOSED,
        "oversees": me in incident.overseers,
        "seen_by": incident.lead.name,
        "receipt": receipt_of(incident, person_id=visitor.person_id, seen_by=incident.lead.name),
        "rows": rows_of(incident, me=me),
    }
    return render(request, "incidents/own_actions.html", context, status=status)


def _failed(form: OwnActionForm, wrong: Exception) -> int:
    """Put on the form why it was refused; the status."""
    if isinstance(wrong, Invalid):
        for fault in wrong.faults:
            name = fault.pointer.strip("/")
            form.add_error(name if name in form.fields else None, fault.detail)
        return 422
    form.add_error(None, str(wrong))
    return 403 if isinstance(wrong, NotYours) else 409


@require_POST
@signed_in(may=may_answer)
def undo(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Take one's own back within a minute."""
    try:
        action = take_back(action_id, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except OwnAction.DoesNotExist:
        raise Http404 from None
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except WrongMoment as refused:
        return refuse(request, 409, str(refused))
    return redirect("incident-own-actions", reference=action.incident.reference)
