"""The register as a file: what it holds, and the button; pressing it is recorded and starts the download."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods

from partners.acting import actor_of, may_open, signed_in
from partners.exporting import as_csv, as_json
from partners.importing.all_kinds import KINDS
from partners.slowing import EXPORTS, slowed_after
from portal import clock
from portal.ledger.record import record
from portal.pages import ticket_lapsed
from portal.tenancy.freshness import AGAIN, is_fresh
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

ALL = "all"


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@slowed_after(EXPORTS)
def register_export(request: HttpRequest) -> HttpResponseBase:
    visitor = request.visitor  # type: ignore[attr-defined]
    again = f"{AGAIN}?{urlencode({'next': request.path})}"
    wanted = request.POST.get("what", ALL)
    wanted = wanted if wanted in KINDS else ALL
    try:
        with organisation_scope(visitor.ticket):
            fresh = is_fresh()
            if request.method != "POST":
                return _page(request) if fresh else redirect(again)
            if fresh:
                actor = actor_of(visitor)
                record("estate.exported", actor=actor, audience=[actor.organisation_id], what=wanted)
    except DatabaseError:  # cut off since the door looked
        return ticket_lapsed(request)
    if not fresh:
        return HttpResponse(render_to_string("errors/step_up.html", {"again": again}), status=403)
    me = {"me": visitor.organisation_id, "ticket": visitor.ticket}
    name = f"{visitor.organisation_slug}-{wanted.replace(ALL, 'register')}-{clock.now():%Y-%m-%d-%H%M}"
    return StreamingHttpResponse(
        as_json(**me) if wanted == ALL else as_csv(wanted, **me),
        content_type="application/json" if wanted == ALL else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.{"json" if wanted == ALL else "csv"}"'},
    )


def _page(request: HttpRequest) -> HttpResponse:
    kinds = [{"value": name, "words": kind.words} for name, kind in KINDS.items()]
    return render(request, "partners/register_export.html", {"kinds": kinds})
