"""The pages of techniques on an incident: the list with a search, one technique, and what the plan answers."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident
from incidents.techniques.forms import SayForm
from incidents.techniques.page import coverage_page, history_of, known_here, list_page, may_say, versions
from incidents.techniques.saying import say, share
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import may_answer, may_open, signed_in
from portal.pages import refuse

LONGEST_SEARCH = 100


@require_safe
@signed_in
def technique_list(request: HttpRequest, reference: str) -> HttpResponse:
    """`q`: words or an id to look for in the official list."""
    incident = incident_or_404(reference)
    words = request.GET.get("q", "")[:LONGEST_SEARCH].replace("\0", "")
    visitor = request.visitor  # type: ignore[attr-defined]
    context = {"incident": header(incident), **list_page(incident, me=visitor.organisation_id, words=words)}
    return render(request, "incidents/techniques.html", context)


@require_safe
@signed_in
def coverage(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    context = {"incident": header(incident), **coverage_page(incident, me=visitor.organisation_id)}
    return render(request, "incidents/coverage.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def detail(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """One technique: what was said of it, and what the reader may say."""
    incident = incident_or_404(reference)
    found = known_here(incident, key)
    if found is None:
        raise Http404
    shown, row = found
    visitor = request.visitor  # type: ignore[attr-defined]
    me, manages, answers = visitor.organisation_id, may_open(visitor), may_answer(visitor)
    if request.method == "POST" and not answers:
        return refuse(request, 403)
    if (
        request.method == "POST"
        and "share" in request.POST
        and "said" not in request.POST
        and "words" not in request.POST
    ):
        return _share(request, incident, key)
    choices = may_say(incident, row, me=me, manages=manages, answers=answers)
    form = SayForm(request.POST if request.method == "POST" else None, choices=choices)
    status = 200
    if request.method == "POST":
        if not choices:
            return refuse(request, 409, _("Nothing can be said of it now: the incident is over or put aside."))
        status = 422
        if form.is_valid():
            try:
                return _say(request, incident, key, form)
            except Invalid as wrong:
                form.add_error("words", str(wrong.faults[0].detail))
            except NotYours as wrong:
                return refuse(request, 403, str(wrong))
            except WrongMoment as wrong:
                return refuse(request, 409, str(wrong))
    context = {
        "incident": header(incident),
        "technique": shown,
        "history": history_of(row, me=me, answers=answers),
        "oversees": me in incident.overseers,
        "form": form,
        **versions(),
    }
    return render(request, "incidents/technique.html", context, status=status)


def _say(request: HttpRequest, incident: Incident, key: str, form: SayForm) -> HttpResponse:
    said = form.cleaned_data
    shares = said["share"] and said["said"] == "observed"
    if say(incident, key, said=said["said"], words=said["words"], share=shares):
        messages.success(request, _("Written down. Everybody who takes part reads the new state."))
    else:
        messages.success(request, _("This was said already; nothing is different."))
    return redirect("incident-technique", reference=incident.reference, key=key)


def _share(request: HttpRequest, incident: Incident, key: str) -> HttpResponse:
    try:
        share(UUID(request.POST["share"]))
    except ValueError:
        return refuse(request, 422, _("Choose which of your words to share."))
    except NotYours as wrong:
        return refuse(request, 403, str(wrong))
    messages.success(request, _("Shared: lead, deputy lead and provider read it from now on."))
    return redirect("incident-technique", reference=incident.reference, key=key)
