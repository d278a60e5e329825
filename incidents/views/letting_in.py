"""The lead lets organisations in: one that it had left untold, or one that no path reaches."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from incidents.errors import Invalid, WrongMoment
from incidents.forms import LetInForm
from incidents.left_untold import still_untold
from incidents.models import Incident
from incidents.outside import waiting_for_a_yes
from incidents.reach_words import why_in_words
from incidents.rewalk import current_document
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from incidents.widening import Added, add_participants
from incidents.words import exposure
from partners.acting import actor_of, may_open, signed_in
from partners.approvals import NotAllowed
from partners.models import Organisation
from partners.stepping_up import fresh
from portal.pages import refuse


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@fresh
def let_in(request: HttpRequest, reference: str) -> HttpResponse:
    """Two things on one page: `tell` (a slug) tells one that was left untold, otherwise the form asks for another."""
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    if incident.lead_id != visitor.organisation_id:
        raise Http404
    untold = still_untold(incident)
    choices = _outside(incident, {row["slug"] for row in untold})
    telling = request.POST.get("tell", "")
    form = LetInForm(request.POST if request.method == "POST" and not telling else None, choices=choices)
    try:
        if telling:
            # Not only who is left untold now: pressed twice, the second press finds it told.
            added = _add(request, incident, telling, because=_("told after all"))
            words = (
                _("Told: it takes part now.") if added.joined else _("It takes part already, or is told at opening.")
            )
            messages.success(request, words)
            return redirect("incident-board", reference=reference)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            quietly = said["asked"] == "quietly"
            added = _add(request, incident, said["organisation"], because=said["because"], quietly=quietly)
            words = _("Asked. It takes part as soon as somebody agrees; the request lapses after 30 minutes.")
            messages.success(request, words if added.asked else _("It takes part now."))
            return redirect("incident-let-in", reference=reference)
    except WrongMoment as refused:
        return refuse(request, 409, str(refused))
    except NotAllowed as refused:
        form.add_error(None, str(refused)) if form.is_bound else messages.error(request, str(refused))
    except Invalid as refused:
        if not form.is_bound:
            raise Http404 from None
        for fault in refused.faults:
            form.add_error("because" if fault.pointer == "/because" else "organisation", fault.detail)
    context = {
        "incident": header(incident),
        "form": form,
        "untold": [
            {
                **row,
                "exposure": exposure(row["exposure"]),
                "path": why_in_words(row["path"], walked=row["distance"] is not None),
            }
            for row in untold
        ],
        "waiting": waiting_for_a_yes(incident),
        "suspected": incident.status == Incident.Status.SUSPECTED,
    }
    return render(request, "incidents/let_in.html", context, status=422 if form.errors else 200)


def _add(request: HttpRequest, incident: Incident, slug: str, **how: Any) -> Added:
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    return add_participants(incident_id=incident.pk, organisations=[slug], actor=actor, **how)


def _outside(incident: Incident, untold: set[str]) -> list[tuple[str, str]]:
    """Members that no path reaches and that take no part yet."""
    document = current_document(incident)
    reached = {each["slug"] for each in document["organisations"]} if document else set()
    found = Organisation.objects.exclude(pk__in=incident.participants).exclude(slug__in=reached | untold)
    return list(found.order_by("name").values_list("slug", "name"))
