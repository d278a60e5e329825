"""The organisation's own record as one file, a line an event, streamed in batches.

Each batch has a scope of its own: whoever is cut off meanwhile gets no further batch, and the file says so in its last
line. A whole file says that it is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import orjson
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods

from partners.acting import actor_of, may_open, signed_in
from partners.slowing import EXPORTS, slowed_after
from portal import clock
from portal.ledger.record import record
from portal.ledger.stream import events_after
from portal.pages import ticket_lapsed
from portal.tenancy.freshness import AGAIN, is_fresh
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

# Whoever is cut off may still read what was handed to the server before: about two batches, which a slow reader drains
# for as long as it takes. So they are small: some 100 KB.
BATCH = 100


@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@slowed_after(EXPORTS)
def export(request: HttpRequest) -> HttpResponseBase:
    """What the file holds, and the button; pressing it is recorded and starts the download."""
    visitor = request.visitor  # type: ignore[attr-defined]
    again = f"{AGAIN}?{urlencode({'next': request.path})}"
    try:
        with organisation_scope(visitor.ticket):
            fresh = is_fresh()
            if request.method != "POST":
                return render(request, "incidents/export.html") if fresh else redirect(again)
            if fresh:
                _record(request)
    except DatabaseError:  # cut off since the door looked
        return ticket_lapsed(request)
    if not fresh:
        return HttpResponse(render_to_string("errors/step_up.html", {"again": again}), status=403)
    name = f"{visitor.organisation_slug}-{clock.now():%Y-%m-%d-%H%M}.ndjson"
    return StreamingHttpResponse(
        lines_of(visitor.ticket),
        content_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _record(request: HttpRequest) -> None:
    actor = actor_of(request.visitor)  # type: ignore[attr-defined]
    record("record.exported", actor=actor, audience=[actor.organisation_id])


def lines_of(ticket: str) -> Iterator[bytes]:
    """Every event of the ticket's organisation up to now, then a last line that says whether that was all."""
    after, count, head = 0, 0, None
    while head is None or after < head:
        try:
            with organisation_scope(ticket):
                page = events_after(after, BATCH)
        except (DatabaseError, PermissionDenied):
            yield orjson.dumps({"cut_off": True}) + b"\n"
            return
        head = page["head"] if head is None else head
        found = [event for event in page["results"] if event["seq"] <= head]
        count += len(found)
        yield b"".join(orjson.dumps(event) + b"\n" for event in found)
        if not found:
            break
        after = page["next"]
    yield orjson.dumps({"complete": True, "count": count}) + b"\n"
