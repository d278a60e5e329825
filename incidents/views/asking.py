"""The pages of *ask for an update*: the lead asks one participant, whoever was asked answers in words."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import asking
from incidents.forms import AnswerUpdateForm, AskForm
from incidents.models import Participant, UpdateRequest
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_open, signed_in
from partners.approvals import NotAllowed
from portal.pages import refuse


@require_POST
@signed_in(may=may_open)
def ask(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    incident = incident_or_404(reference)
    if not Participant.objects.filter(incident=incident, slug=slug).exists():
        raise Http404
    form = AskForm(request.POST)
    if not form.is_valid():
        return refuse(request, 422, " ".join(map(str, form.errors["question"])))
    try:
        asking.ask(incident, slug=slug, words=form.cleaned_data["question"])
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _("Asked. They read it on their page, and are told that there is something to read."))
    return redirect("incident-participant", reference=reference, slug=slug)


@require_POST
@signed_in(may=may_open)
def ask_now(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """One press on the board: the usual question, and back to the board with what was done, or why not."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    side = Participant.objects.filter(incident=incident, slug=slug).values("name").first()
    if side is None or visitor.organisation_id not in {incident.lead_id, incident.deputy_lead_id}:
        raise Http404
    try:
        asking.ask(incident, slug=slug, words=asking.usual_question())
    except NotAllowed as refused:
        messages.error(request, _("Not done. %(why)s") % {"why": refused})
    else:
        messages.success(
            request, _("%(name)s is asked how things stand, and told that there is something to read.") % side
        )
    return redirect("incident-board", reference=incident.reference)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """One question: whoever was asked answers it here, the overseers read it."""
    found = UpdateRequest.objects.select_related("incident", "asked_by", "organisation").filter(pk=request_id).first()
    if found is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    own = visitor.organisation_id == found.organisation_id
    form = AnswerUpdateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not own or not may_answer(visitor):
            return refuse(request, 403)
        if form.is_valid():
            try:
                asking.give(found.pk, words=form.cleaned_data["answer"])
            except NotAllowed as refused:
                return refuse(request, 409, str(refused))
            messages.success(request, _("Sent. The lead and the provider read it; nobody else does."))
            return redirect("update-request", request_id=found.pk)
    context = {
        "incident": header(found.incident),
        "asked": found,
        "form": form,
        "may_answer": own and may_answer(visitor) and found.answered_at is None and found.incident.status != "closed",
    }
    return render(request, "incidents/update_request.html", context, status=422 if form.errors else 200)
