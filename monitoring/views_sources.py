"""Pages beside first sights: where records come from, and whose names are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.errors import Fault, Invalid
from monitoring.findings.sources import claim, drop, let_learn, names_page, sources_page
from monitoring.models import Unattributed
from partners.acting import may_open, signed_in
from portal import clock


@require_safe
@signed_in
def sources(request: HttpRequest) -> HttpResponse:
    return _sources(request)


def _sources(request: HttpRequest, trouble: str = "") -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    context = sources_page() | {
        "may_act": may_open(visitor),
        "trouble": trouble,
        "keep_days": settings.ACCESS_KEEP_DAYS,
    }
    return render(request, "monitoring/sources.html", context, status=422 if trouble else 200)


@require_POST
@signed_in(may=may_open)
def learn(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Let a source learn for some days, or end that."""
    said = request.POST.get("days", "")
    try:
        found = let_learn(source_id, int(said) if said.isdecimal() and len(said) < 5 else -1)
    except Invalid as refused:
        return _sources(request, refused.faults[0].detail)
    if not found:
        raise Http404
    words = _("It learns: its first sights are kept, and nobody is alerted.") if said != "0" else _("It alerts again.")
    messages.success(request, words)
    return redirect("access-sources")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def names(request: HttpRequest) -> HttpResponse:
    """Names in one's own logs of which nobody knows whose they are, worked down one by one."""
    visitor = request.visitor  # type: ignore[attr-defined]
    trouble = ""
    if request.method == "POST":
        if not may_open(visitor):
            raise PermissionDenied("Your role does not allow this. Ask your administrator or incident manager.")
        try:
            _settle(request.POST, me=visitor.organisation_id)
            return redirect("access-names")
        except Invalid as refused:
            trouble = refused.faults[0].detail
    context = names_page() | {"may_act": may_open(visitor), "trouble": trouble, "me": visitor.organisation_id}
    return render(request, "monitoring/names.html", context, status=422 if trouble else 200)


def _settle(said: Any, *, me: UUID) -> None:
    pk = _uuid(said.get("id", ""))
    if said.get("act") == "drop":
        if pk is None or not drop(pk):
            raise Http404
        return
    name = Unattributed.objects.filter(pk=pk).first() if pk else None
    if name is None:
        raise Http404
    if said.get("act") == "aside":
        Unattributed.objects.filter(pk=name.pk).update(set_aside_at=clock.now())
        return
    if said.get("act") != "claim":
        raise Http404
    chosen = {each: said.get(each, "") for each in ("whose", "system")}
    for each, words in (("whose", _("Choose an organisation.")), ("system", _("Choose a system."))):
        if chosen[each] and _uuid(chosen[each]) is None:  # never taken for one's own, or for none
            raise Invalid([Fault(f"/{each}", words)])
    claim(kind=name.kind, value=name.value, whose=_uuid(chosen["whose"]) or me, system=_uuid(chosen["system"]))


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
