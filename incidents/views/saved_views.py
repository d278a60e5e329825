"""Keeping and removing views of the incident list."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.errors import Invalid
from incidents.listing import address_of
from incidents.saved_views import keep_view, remove_view
from partners.acting import signed_in
from portal.pages import refuse


@require_POST
@signed_in
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the view that the list shows, and show it."""
    said = {name: request.POST.get(name, "") for name in ("name", "kind", "state")}
    try:
        kept = keep_view(request.visitor, **said)  # type: ignore[attr-defined]
    except Invalid as wrong:
        return refuse(request, 422, " ".join(fault.detail for fault in wrong.faults))
    messages.success(
        request, _("Kept as “%(name)s”: on the home page and here. You alone see it.") % {"name": kept.name}
    )
    return redirect(address_of(kept.kind, kept.state))


@require_POST
@signed_in
def remove(request: HttpRequest, view_id: UUID) -> HttpResponse:
    if not remove_view(request.visitor, view_id):  # type: ignore[attr-defined]
        raise Http404
    messages.success(request, _("Removed. The incidents are as they were."))
    return redirect("incident-list")
