"""What a provider does on the pages of standing access: add a line, change one, say that one is gone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners import standing_access
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_access import LineForm, initial_of
from partners.models import Dependency, Organisation, StandingAccess
from partners.next_door import names_next_door
from partners.stepping_up import fresh
from partners.views_access import line_or_404
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]


def _form(request: HttpRequest, *, line: StandingAccess | None = None) -> LineForm:
    """With what the provider can name: systems, links and groups that it sees, and what the line names already."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    names = names_next_door() | standing_access.system_names()
    edges = list(Dependency.objects.all())
    links = {
        each.pk: f"{names.get(each.source_id, '…')} → {names.get(each.target_id, '…')} ({each.get_kind_display()})"
        for each in edges
    }
    groups = {each.group for each in edges if each.group}
    councils = None if line else list(Organisation.objects.exclude(pk=me))
    if line:
        groups |= {line.link_group} - {""}
        links = {each: _("a link that you do not see any more") for each in line.links} | links
    return LineForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(line) if line else None,
        councils=councils,
        systems=names,
        links=links,
        groups=groups,
    )


def _page(request: HttpRequest, form: LineForm, line: StandingAccess | None) -> HttpResponse:
    shown: dict[str, Any] | None = None
    if line:
        shown = {"id": line.pk, "name": line.name, "council": line.council.name, "version": line.version}
    context = {"form": form, "line": shown}
    return render(request, "partners/access_form.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def access_add(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = standing_access.keep(form.line(), council=UUID(form.cleaned_data["council"]))
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Written down. The council reads it and attests it."))
            return redirect("access-detail", line_id=made)
    return _page(request, form, None)


def _own_or_404(request: HttpRequest, line_id: UUID) -> StandingAccess:
    line = line_or_404(line_id)
    if line.provider_id != request.visitor.organisation_id or line.removed_at is not None:  # type: ignore[attr-defined]
        raise Http404
    return line


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def access_change(request: HttpRequest, line_id: UUID) -> HttpResponse:
    line = _own_or_404(request, line_id)
    form = _form(request, line=line)
    if request.method == "POST" and form.is_valid():
        read = request.POST.get("read", "")
        try:
            standing_access.keep(form.line(), line=line, read=int(read) if read.isdecimal() and len(read) < 9 else 0)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Written down. What changed is attested again by the council."))
            return redirect("access-detail", line_id=line.pk)
    return _page(request, form, line)


@require_POST
@signed_in(may=may_open)
@fresh
def access_remove(request: HttpRequest, line_id: UUID) -> HttpResponse:
    line = _own_or_404(request, line_id)
    try:
        standing_access.remove(line)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, _("Written down: %(name)s is gone.") % {"name": line.name})
    return redirect("access-list")
