"""Playbooks in and out: bringing a document in, handing it out with its signatures, signing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.cacao.reading import PlaybookRefused
from incidents.cacao.receiving import LARGEST
from incidents.models import Playbook
from incidents.playbooks import VersionTaken, keep_playbook
from incidents.signing import exported, sign
from partners.acting import actor_of, may_open, signed_in
from partners.approvals import NotAllowed
from partners.stepping_up import fresh
from portal.api.parsing import drain
from portal.documents import Problem
from portal.pages import refuse, ticket_lapsed
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

ENVELOPE = 256 * 1024  # bytes that a form adds to its file
MOST_SHOWN = 100  # problems
PUT_BACK = 256 * 1024  # bytes of a refused file that the page shows, so that it can be put right there


@csrf_exempt  # asked below: by then we know how long the body is
@own_scope
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def playbook_import(request: HttpRequest) -> HttpResponse:
    """A form for a file or pasted text. A body that is too long is refused before anything of it is kept."""
    if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST + ENVELOPE:
        drain(request)
        return refuse(request, 413, _("A playbook has at most %(n)s MB.") % {"n": LARGEST // 1024**2})
    return _read(request)


@csrf_protect
def _read(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    sent = request.FILES.get("file") if request.method == "POST" else None
    pasted = request.POST.get("text", "")
    strict = bool(request.POST.get("strict"))
    problems: list[Problem] = []
    raw = sent.read(LARGEST + 1) if isinstance(sent, UploadedFile) else pasted.encode("utf-8", "replace")
    try:
        with organisation_scope(visitor.ticket):
            if request.method != "POST":
                return _import_page(request)
            if not raw.strip():
                return _import_page(request, trouble=_("Choose a file, or paste the document."), strict=strict)
            try:
                kept, new = keep_playbook(
                    raw, organisation_id=visitor.organisation_id, actor=actor_of(visitor), strict=strict
                )
            except PlaybookRefused as refused:
                problems = list(refused.problems)
            except VersionTaken as taken:
                problems = [Problem("/modified", str(taken))]
            else:
                messages.success(request, _said(kept, new))
                return redirect("playbook-detail", kept.pk)
        with organisation_scope(visitor.ticket):  # nothing of the refused one stays
            text = pasted or (raw.decode("utf-8", "replace") if len(raw) <= PUT_BACK else "")
            return _import_page(request, problems=problems, text=text, strict=strict)
    except DatabaseError as error:
        if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise
        return ticket_lapsed(request)  # cut off since the door looked


def _said(kept: Playbook, new: bool) -> str:
    if not new:
        return _("This version is here already. Signatures that were not here yet were added to it.")
    notes = len(kept.warnings)
    if not notes:
        return _("Kept, without a note.")
    return ngettext("Kept, with %(n)s note. Read it below.", "Kept, with %(n)s notes. Read them below.", notes) % {
        "n": notes
    }


def _import_page(
    request: HttpRequest, *, problems: Any = (), text: str = "", strict: bool = False, trouble: str = ""
) -> HttpResponse:
    context = {
        "problems": [
            {"place": each.pointer or _("the whole document"), "words": each.detail} for each in problems[:MOST_SHOWN]
        ],
        "more": max(0, len(problems) - MOST_SHOWN),
        "text": text,
        "strict": strict,
        "trouble": trouble,
        "largest": LARGEST // 1024**2,
    }
    return render(request, "playbooks/import.html", context, status=422 if problems or trouble else 200)


@require_safe
@signed_in
def playbook_document(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    """The CACAO document with its signatures, in canonical form."""
    playbook = Playbook.objects.filter(pk=playbook_id).first()
    if playbook is None:
        raise Http404
    answer = HttpResponse(exported(playbook), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{playbook.slug}.json"'
    return answer


@require_POST
@signed_in(may=may_open)
@fresh
def playbook_sign(request: HttpRequest, playbook_id: UUID) -> HttpResponse:
    """Sign this version with the organisation's own key."""
    playbook = Playbook.objects.filter(pk=playbook_id).first()
    if playbook is None:
        raise Http404
    try:
        sign(playbook, organisation_id=request.visitor.organisation_id)  # type: ignore[attr-defined]
    except NotAllowed as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Signed. The signature goes with the document from now on."))
    return redirect("playbook-detail", playbook_id)
