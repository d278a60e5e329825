"""Pages on which a link is added and changed, with the barrier that stands on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners import links
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_estate import LinkForm
from partners.models import Dependency
from partners.next_door import names_next_door
from partners.stepping_up import fresh
from partners.systems import Changed, checked_now
from partners.views_links import edge_or_404
from partners.views_system_writing import who_checks
from partners.views_systems import system_or_404

GET_OR_POST = ["GET", "HEAD", "POST"]


def _columns(form: LinkForm, request: HttpRequest) -> dict[str, Any]:
    return {**form.columns(), **(checked_now(who_checks(request)) if form.cleaned_data["checked"] else {})}


def _barrier(form: LinkForm) -> dict[str, Any]:
    """The barrier as it is written: what no test stands behind has no day."""
    said = {name: form.cleaned_data[name] for name in links.OF_A_BARRIER}
    if said["barrier"] == Dependency.Barrier.TESTED:
        return said
    return {**said, "tested_by": "", "test_method": "", "tested_on": None, "valid_until": None}


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """A link into a system that one speaks for, or out of it into one that one sees."""
    system = system_or_404(slug)
    if not links.speaks_for(system):
        raise PermissionDenied(_("Only whoever speaks for this system says what leads into it."))
    others = links.others_of(system)
    initial = {"direction": "in", "barrier": Dependency.Barrier.NONE}
    form = LinkForm(request.POST if request.method == "POST" else None, initial=initial, others=others)
    if request.method == "POST" and form.is_valid():
        other = UUID(form.cleaned_data["other"])
        ends = (other, system.pk) if form.cleaned_data["direction"] == "in" else (system.pk, other)
        try:
            edge = links.add_link(*ends, _columns(form, request), _barrier(form))
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Added. The link counts in every radius from now on."))
            return redirect("dependency-detail", dependency_id=edge.pk)
    context = {"form": form, "system": system, "edge": None, "title": system.name}
    return render(request, "partners/link_change.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def change(request: HttpRequest, dependency_id: UUID) -> HttpResponse:
    edge = edge_or_404(dependency_id)
    if not links.may_say(edge):
        raise PermissionDenied(_("Only whoever speaks for one of its ends, and sees the other, changes this link."))
    names = names_next_door()
    fields = ("kind", "label", "group", "phrase", "stops", "carries", "note", *links.OF_A_BARRIER)
    now = {name: getattr(edge, name) for name in fields}
    form = LinkForm(
        request.POST if request.method == "POST" else None, initial={**now, "seen": str(edge.version)}, others=None
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            seen = form.cleaned_data["seen"]
            version = int(seen) if seen.isascii() and seen.isdecimal() else 0
            try:
                links.change_link(edge, _columns(form, request), _barrier(form), seen=version)
            except Changed:
                form.keep_over(str(edge.version), now)
                status = 409
            except NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Written down, for both ends to read."))
                return redirect("dependency-detail", dependency_id=edge.pk)
    title = f"{names.get(edge.source_id, '')} → {names.get(edge.target_id, '')}"
    context = {"form": form, "system": None, "edge": edge, "title": title}
    return render(request, "partners/link_change.html", context, status=status)
