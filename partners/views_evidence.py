"""Evidence comes in: one file for one assessment, streamed to the disk while no transaction is open."""

from __future__ import annotations

from uuid import UUID

import psycopg
from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from partners import assurance
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.views_assessments import assessment_or_404, context_of
from portal.files.limits import in_words
from portal.files.receiving import Upload, UploadRefused, receiving
from portal.pages import ticket_lapsed
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope


@require_POST
@own_scope
@csrf_exempt  # `_received` is protected: asking for the token reads the body, and that has to go to the store
@signed_in(may=may_open)
def evidence_add(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """Take the file, once it is known that the sender owns the assessment."""
    visitor = request.visitor  # type: ignore[attr-defined]
    try:
        with organisation_scope(visitor.ticket):
            _own(request, assessment_id)
        try:
            with receiving(request, organisation_id=visitor.organisation_id) as upload:
                return _received(request, upload, assessment_id)
        except UploadRefused as refused:
            with organisation_scope(visitor.ticket):
                context = context_of(request, _own(request, assessment_id), trouble=str(refused))
                answer = render(request, "assurance/assessment.html", context, status=refused.status)
                if refused.status == 503:
                    answer.headers["Retry-After"] = "60"
                return answer
    except DatabaseError as error:  # cut off since the door looked
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            return ticket_lapsed(request)
        raise


def _own(request: HttpRequest, assessment_id: UUID):  # type: ignore[no-untyped-def]
    found = assessment_or_404(assessment_id)
    if found.organisation_id != request.visitor.organisation_id:  # type: ignore[attr-defined]
        raise Http404
    return found


@csrf_protect
def _received(request: HttpRequest, upload: Upload, assessment_id: UUID) -> HttpResponse:
    """The body has come: the row and the bytes, together or not at all."""
    upload.read()
    received = upload.received
    try:
        with organisation_scope(request.visitor.ticket):  # type: ignore[attr-defined]
            assurance.attach(assessment_id, received)
    except NotAllowed as refused:
        raise UploadRefused(409, str(refused)) from None
    except OSError:
        raise UploadRefused(503, _("The portal could not keep this file. Try again, or tell its operator.")) from None
    said = _("Kept: %(name)s, %(size)s. Its SHA-256 stands in the record.")
    messages.success(request, said % {"name": received.name, "size": in_words(received.size)})
    return redirect("assessment-detail", assessment_id=assessment_id)
