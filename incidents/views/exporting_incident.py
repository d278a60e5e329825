"""One incident as a file: what it holds, and the two buttons; pressing one is recorded and starts the download."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods

from incidents.exports.parts import about
from incidents.exports.streaming import as_csv, as_json
from incidents.models import Incident
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import actor_of, may_open, signed_in
from partners.slowing import EXPORTS, slowed_after
from portal import clock
from portal.ledger.record import record
from portal.pages import refuse, ticket_lapsed
from portal.tenancy.freshness import AGAIN, is_fresh
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

FORMS = {"json": (as_json, "application/json"), "csv": (as_csv, "text/csv; charset=utf-8")}


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@slowed_after(EXPORTS)
def export_incident(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Needs a passkey used just now, like every export."""
    visitor = request.visitor  # type: ignore[attr-defined]
    again = f"{AGAIN}?{urlencode({'next': request.path})}"
    form = request.POST.get("form", "json")
    try:
        with organisation_scope(visitor.ticket):
            incident = incident_or_404(reference)
            fresh = is_fresh()
            if request.method != "POST":
                context = {"incident": header(incident)}
                return render(request, "incidents/export_incident.html", context) if fresh else redirect(again)
            if fresh and form in FORMS:
                _record(request, incident, form)
            first = about(incident)
    except DatabaseError:  # cut off since the door looked
        return ticket_lapsed(request)
    if not fresh:
        return HttpResponse(render_to_string("errors/step_up.html", {"again": again}), status=403)
    if form not in FORMS:
        return refuse(request, 422)
    lines, kind = FORMS[form]
    name = f"{incident.reference}-{clock.now():%Y-%m-%d-%H%M}.{form}"
    return StreamingHttpResponse(
        lines(visitor.ticket, incident.pk, visitor.organisation_id, first),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


def _record(request: HttpRequest, incident: Incident, form: str) -> None:
    """That it was taken, for the own organisation alone."""
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    record(
        "record.exported",
        actor=actor,
        audience=[actor.organisation_id],
        subject_id=incident.pk,
        incident_id=incident.pk,
        incident_reference=incident.reference,
        form=form,
    )
