"""Evidence pages of a task and of an own action: what is kept, a photo or a file more, and taking one away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from incidents.errors import NotYours, WrongMoment
from incidents.evidence.keeping import KINDS, OWN, TASK, files_of, keep, may_remove, remove
from incidents.views.boards import header
from partners.acting import may_answer, signed_in
from portal.files.limits import LARGEST, MEBIBYTE, MOST, in_words
from portal.files.models import StoredFile
from portal.files.receiving import Upload, UploadRefused, receiving
from portal.pages import refuse, ticket_lapsed
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

PAGES = {TASK: "task-evidence", OWN: "own-action-evidence"}


def _own(request: HttpRequest, kind: str, object_id: UUID) -> Any:
    """The task or own action, when it is the visitor's organisation's own: another's has no evidence for anybody."""
    found = KINDS[kind].objects.select_related("incident").filter(pk=object_id).first()  # type: ignore[attr-defined]
    if found is None or found.organisation_id != request.visitor.organisation_id:  # type: ignore[attr-defined]
        raise Http404
    return found


def _page(request: HttpRequest, kind: str, object_id: UUID, *, trouble: str = "", status: int = 200) -> HttpResponse:
    found = _own(request, kind, object_id)
    back = (
        reverse("task-detail", args=[found.pk])
        if kind == TASK
        else reverse("incident-own-actions", args=[found.incident.reference])
    )
    context = {
        "incident": header(found.incident),
        "of": {"title": found.title, "href": back, "add": reverse(f"{PAGES[kind]}-add", args=[found.pk])},
        "files": files_of(kind, found.pk),
        "trouble": trouble,
        "may_write": may_answer(request.visitor),  # type: ignore[attr-defined]
        "may_remove": may_remove(found.incident, request.visitor),  # type: ignore[attr-defined]
        "largest": LARGEST // MEBIBYTE,
        "most": MOST,
    }
    return render(request, "incidents/evidence.html", context, status=status)


def _shown(kind: str) -> Callable[..., HttpResponse]:
    @require_safe
    @signed_in
    def view(request: HttpRequest, object_id: UUID) -> HttpResponse:
        return _page(request, kind, object_id)

    return view


def _added(kind: str) -> Callable[..., HttpResponse]:
    @require_POST
    @own_scope
    @csrf_exempt  # `_received` is protected: asking for the token reads the body, and that has to go to the store
    @signed_in(may=may_answer)
    def view(request: HttpRequest, object_id: UUID) -> HttpResponse:
        visitor = request.visitor  # type: ignore[attr-defined]
        try:
            with organisation_scope(visitor.ticket):
                _own(request, kind, object_id)
            try:
                with receiving(request, organisation_id=visitor.organisation_id) as upload:
                    return _received(request, upload, kind, object_id)
            except UploadRefused as refused:
                with organisation_scope(visitor.ticket):
                    answer = _page(request, kind, object_id, trouble=str(refused), status=refused.status)
                if refused.status == 503:
                    answer.headers["Retry-After"] = "60"
                return answer
        except DatabaseError as error:  # cut off since the door looked
            if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                return ticket_lapsed(request)
            raise

    return view


@csrf_protect
def _received(request: HttpRequest, upload: Upload, kind: str, object_id: UUID) -> HttpResponse:
    """The body has come: the row and the bytes, together or not at all."""
    upload.read()
    received = upload.received
    try:
        with organisation_scope(request.visitor.ticket):  # type: ignore[attr-defined]
            fresh = keep(kind, object_id, received)
    except NotYours as refused:
        raise UploadRefused(403, str(refused)) from None
    except WrongMoment as refused:
        raise UploadRefused(409, str(refused)) from None
    except OSError:
        raise UploadRefused(503, _("The portal could not keep this file. Try again, or tell its operator.")) from None
    said = (
        _("Kept: %(name)s, %(size)s. Its SHA-256 stands in the record.")
        if fresh
        else _("%(name)s, %(size)s, is kept here already: the same bytes.")
    )
    messages.success(request, said % {"name": received.name, "size": in_words(received.size)})
    return redirect(PAGES[kind], object_id)


of_task, add_to_task = _shown(TASK), _added(TASK)
of_own_action, add_to_own_action = _shown(OWN), _added(OWN)


@require_POST
@signed_in(may=may_answer)
def evidence_remove(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """Take a file away; that it was there, and its SHA-256, stays."""
    try:
        file = StoredFile.objects.only("owner_id", "purpose").get(pk=file_id)
        remove(file_id)
    except StoredFile.DoesNotExist:
        raise Http404 from None
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    messages.success(request, _("Removed. Its SHA-256 stays in the record."))
    return redirect(PAGES[file.purpose.partition("_")[0]], file.owner_id)
