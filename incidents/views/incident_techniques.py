"""The pages of techniques on an incident: the list with a search, one technique, and what the plan answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, Participant, TechniqueSaying
from incidents.techniques.forms import AsideForm, SayForm
from incidents.techniques.page import coverage_page, known_here, list_page, versions
from incidents.techniques.said import history_of, may_say, role_of
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
    me, answers = visitor.organisation_id, may_answer(visitor)
    if request.method == "POST" and not answers:  # a role that is offered no form
        return refuse(request, 403)
    rights = {right for right, has in (("answer", answers), ("open", may_open(visitor))) if has}
    if request.method == "POST" and request.POST.keys() & {"share", "said", "words", "set_aside"} == {"share"}:
        return _share(request, incident, key)
    role = role_of(incident, me)
    leads = me == incident.lead_id and "open" in rights
    said = history_of(incident, row, me=me, leads=leads, answers=answers)
    asked = request.POST.get("set_aside") if request.method == "POST" else None
    asides = [AsideForm(request.POST if slug == asked else None, slug=slug, name=name) for slug, name in said["asides"]]
    form = SayForm(
        request.POST if request.method == "POST" and asked is None else None,
        choices=may_say(incident, row, me=me, role=role, rights=rights),
    )
    status = 200
    if request.method == "POST":
        posted: Form | None = form if asked is None else next((each for each in asides if each.slug == asked), None)
        if posted is None:  # somebody else set it aside, it is no longer cut off, or this is not the lead
            return refuse(request, 409 if leads else 403, _("Nothing of that organisation can be set aside here now."))
        status = 422
        if posted.is_valid():
            try:
                return _say(request, incident, key, posted.cleaned_data, about=asked)
            except Invalid as wrong:
                posted.add_error("words", str(wrong.faults[0].detail))
            except (NotYours, WrongMoment) as wrong:
                posted.add_error("said" if asked is None else "words", str(wrong))
                status = 403 if isinstance(wrong, NotYours) else 409
    context = {
        "incident": header(incident),
        "technique": shown,
        **said,
        "asides": asides,
        "oversees": me in incident.overseers,
        "watches": role == Participant.Role.OBSERVER,
        "form": form,
        "wrong": next((each for each in asides if each.is_bound), form),
        **versions(),
    }
    return render(request, "incidents/technique.html", context, status=status)


def _say(
    request: HttpRequest, incident: Incident, key: str, said: dict[str, Any], *, about: str | None
) -> HttpResponse:
    what = said["said"] if about is None else TechniqueSaying.Said.SET_ASIDE
    shares = what == TechniqueSaying.Said.OBSERVED and said["share"]
    if say(incident, key, said=what, words=said["words"], share=shares, about=about):
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
    except WrongMoment as wrong:
        return refuse(request, 409, str(wrong))
    messages.success(request, _("Shared: lead, deputy lead and provider read it from now on."))
    return redirect("incident-technique", reference=incident.reference, key=key)
