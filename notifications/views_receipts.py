"""The door for reports of GOV.UK Notify: not signed, so they are known by a word that only we and they have.

Source: GOV.UK Notify's REST API documentation (2026), "Delivery receipts": a bearer token of our own choice, retried
five times every five minutes unless we answer 2xx. So an answer of 2xx means that the report is in the database.
"""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications.kinds import RECEIPTS
from notifications.models import Receipt
from notifications.wake import wake
from partners.limits import Limit, TooOften, address_of, count
from portal import clock
from portal.tenancy.requests import door_view

MOST_BYTES = 10_000
WRONG_WORDS = Limit("words of a receipt from an address", 20)


class Unusable(Exception):
    """A report that says nothing that we could keep; the message is for whoever set the callback up."""


@csrf_exempt
@door_view
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """Keep one report; 204 when it is kept (again), 401, 413, 422 or 429 when it is not."""
    if not settings.NOTIFY_CALLBACK_TOKEN:
        raise Http404
    if refusal := refusal_of(request):
        return refusal
    try:
        body = body_of(request)
    except Unusable as trouble:
        return JsonResponse({"detail": str(trouble)}, status=413)
    try:
        report = _read(body)
    except Unusable as trouble:
        return JsonResponse({"detail": str(trouble)}, status=422)
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.take_receipt(%s, %s, %s, %s)", report)
    wake(RECEIPTS)
    return HttpResponse(status=204)


def refusal_of(request: HttpRequest) -> HttpResponse | None:
    """What whoever does not know the word is answered; None for the service. Wrong words are counted by address."""
    if _is_known(request):
        return None
    try:
        count(WRONG_WORDS, address_of(request))
    except TooOften as often:
        return JsonResponse({"detail": "Too many tries."}, status=429, headers={"Retry-After": str(often.seconds)})
    return JsonResponse({"detail": "Unknown caller."}, status=401, headers={"WWW-Authenticate": "Bearer"})


def body_of(request: HttpRequest) -> bytes:
    """The body, whole.

    Raises:
        Unusable: it is longer than anything that the service sends.
    """
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Unusable("A report is shorter.")
    return body


def _is_known(request: HttpRequest) -> bool:
    if not settings.NOTIFY_CALLBACK_TOKEN:  # no word is none that anybody could know
        return False
    kind, _, word = request.headers.get("Authorization", "").partition(" ")
    said = word.strip().encode("utf-8", "replace")
    return hmac.compare_digest(said, settings.NOTIFY_CALLBACK_TOKEN.encode()) and kind.lower() == "bearer"


def _read(body: bytes) -> list[Any]:
    """Our delivery, Notify's id, the status, when it happened."""
    try:
        said = json.loads(body)
        delivery, ref = UUID(str(said["reference"])), str(UUID(str(said["id"])))
        status = Receipt.Status(said["status"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unusable("A report has id, reference (of ours) and status.") from None
    return [delivery, ref, status, _moment(said.get("completed_at")) or _moment(said.get("sent_at")) or clock.now()]


def _moment(said: object) -> datetime | None:
    try:
        found = parse_datetime(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return found if found is not None and not is_naive(found) and 2000 <= found.year < 2100 else None
