"""Pages of advisories: what our systems are exposed to, one exposure, the feeds, and bringing a document."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.advisories.deciding import DecisionForm, decide
from monitoring.advisories.normal import Refused
from monitoring.advisories.reading import read_document
from monitoring.advisories.shown import detail_page, feeds_shown, list_page, visible
from monitoring.advisories.storing import keep_as_organisation
from partners.acting import actor_of, may_open, signed_in
from portal.api.parsing import MEBIBYTE, drain
from portal.pages import refuse, ticket_lapsed
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

GET_OR_POST = ["GET", "HEAD", "POST"]
LARGEST = 8 * MEBIBYTE
ENVELOPE = MEBIBYTE // 4  # what a form adds to its file
SHOWN = ("open", "decided", "retracted")
OUTCOMES = {
    "new": lazy("new"),
    "replaced": lazy("replaced"),
    "same": lazy("the same as before"),
    "older": lazy("older than ours"),
}


@require_safe
@signed_in
def exposure_list(request: HttpRequest) -> HttpResponse:
    """Systems that one owns or provides; whoever stands on them without running them finds none."""
    show = request.GET.get("show", "open")
    if show not in SHOWN:
        raise Http404
    return render(request, "monitoring/exposures.html", list_page(show) | _rights(request))


@require_http_methods(GET_OR_POST)
@signed_in
def exposure_detail(request: HttpRequest, exposure_id: UUID) -> HttpResponse:
    row = visible().filter(pk=exposure_id).first()
    if row is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    if request.method == "POST" and not may_open(visitor):
        return refuse(request, 403, _("Your role does not allow this. Ask your administrator or incident manager."))
    decided = row.decisions.exists()
    form = DecisionForm(request.POST if request.method == "POST" else None, decided=decided)
    if request.method == "POST" and form.is_valid():
        decide(row, **form.cleaned_data, actor=actor_of(visitor))
        messages.success(request, _("Written down. Owner and provider of the system read it."))
        return redirect("exposure-detail", exposure_id=row.pk)
    context = detail_page(row, me=visitor.organisation_id) | _rights(request) | {"form": form}
    return render(request, "monitoring/exposure.html", context, status=422 if form.errors else 200)


@require_safe
@signed_in
def feed_list(request: HttpRequest) -> HttpResponse:
    return render(request, "monitoring/feeds.html", {"feeds": feeds_shown()} | _rights(request))


@csrf_exempt  # asked below: by then we know how long the body is
@own_scope
@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def advisory_bring(request: HttpRequest) -> HttpResponse:
    """The form for a document. A body that is too long is refused before anything of it is kept."""
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST + ENVELOPE:
        drain(request)
        return refuse(request, 413, _("The file is larger than %(n)s MB.") % {"n": LARGEST // MEBIBYTE})
    return _brought(request)


@csrf_protect
def _brought(request: HttpRequest) -> HttpResponse:
    ticket = request.visitor.ticket  # type: ignore[attr-defined]
    problems: list[str] = []
    advisories = []
    if request.method == "POST":
        sent = request.FILES.get("file")
        try:
            if not isinstance(sent, UploadedFile):
                raise Refused(_("Choose a file."))
            advisories = read_document(sent.read(LARGEST + 1))
        except Refused as refused:
            problems = refused.problems
    try:
        with organisation_scope(ticket):
            if request.method == "POST" and not problems:
                kept = keep_as_organisation(advisories)
                said = ", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in sorted(kept.items()))
                words = _("Kept: %(said)s. Systems are matched within a minute.") % {"said": said or _("nothing in it")}
                messages.success(request, words)
                return redirect("exposure-list")
            context = {"problems": problems[:20], "largest": LARGEST // MEBIBYTE} | _rights(request)
            return render(request, "monitoring/bring.html", context, status=422 if problems else 200)
    except DatabaseError:  # cut off since the door looked
        return ticket_lapsed(request)


def _rights(request: HttpRequest) -> dict[str, bool]:
    return {"may_decide": may_open(request.visitor)}  # type: ignore[attr-defined]
