"""POST /webhooks/ID/answers/: a tool answers for its organisation, in a message that it signs with its webhook's key.

No key of the API and no session opens this, and none is looked at. Whoever is not known is answered the same whatever
the reason: no such webhook, one that may not answer, a wrong or an old signature.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from django.db import connections
from django.http import Http404, HttpResponse, UnreadablePostError
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from notifications.hook_queue import FIELD
from notifications.kinds import ANSWERS
from notifications.models import Answer
from notifications.wake import wake
from partners.limits import Limit, TooOften, address_of, count
from portal.api.documented import example
from portal.api.fields import Strict, Text
from portal.api.parsing import StrictJSONParser
from portal.api.problems import Refusal
from portal.api.rendering import AlwaysJson, answer
from portal.signing import ID, holds
from portal.tenancy.requests import door_view
from portal.vault.master import VaultError
from portal.vault.sealing import open_sealed

MOST_BYTES = 4096
WRONG = Limit("wrong signatures from an address", 60)
ANSWERED = Limit("answers of a webhook", 60)
SAID = {
    "acknowledge": Answer.Said.HAS_IT,
    "cut": Answer.Said.CUT,
    "call_us": Answer.Said.CALL,
    "somebody_else": Answer.Said.OTHER,
}
NAMES = {said.value: name for name, said in SAID.items()}
SIGNED = [
    OpenApiParameter(
        "webhook-id", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, pattern=f"^{ID.pattern}$",
        description="Names this message. Sent again, it is answered as it was the first time.",
    ),
    OpenApiParameter(
        "webhook-timestamp", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True, pattern="^[0-9]{1,12}$",
        description="Seconds of Unix, at most five minutes from now.",
    ),
    OpenApiParameter(
        "webhook-signature", OpenApiTypes.STR, OpenApiParameter.HEADER, required=True,
        description="`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` with the webhook's key.",
    ),
]  # fmt: skip


class WebhookAnswer(Strict):
    """What the tool says for its organisation."""

    incident = Text(max_length=40, help_text="Reference, as the event had it.")
    answer = serializers.ChoiceField(list(SAID), help_text="What may be said without signing in, and nothing else.")
    words = Text(
        max_length=100, required=False, allow_blank=True, help_text="With `somebody_else`: who, for your organisation."
    )


class WebhookAnswerTaken(serializers.Serializer):
    incident = serializers.CharField()
    answer = serializers.ChoiceField(list(SAID))
    at = serializers.DateTimeField(help_text="When it was first said.")


class WebhookAnswers(APIView):
    authentication_classes = ()
    permission_classes = ()
    content_negotiation_class = AlwaysJson
    takes_idempotency_key = False  # `webhook-id` is that

    @extend_schema(
        summary="A tool answers for its organisation",
        description="For a webhook that may answer. It is shown with *not signed in*, like an answer by link or text.",
        parameters=SIGNED,
        request=WebhookAnswer,
        responses=WebhookAnswerTaken,
        examples=example(incident="INC-7KQ4", answer="acknowledge"),
    )
    def post(self, request: Request, webhook_id: UUID) -> HttpResponse:
        raw = _body_of(request)
        if not _is_signed(webhook_id, request, raw):
            _count(WRONG, address_of(request._request))
            raise Refusal(401, "No webhook that may answer has signed this just now.")
        _count(ANSWERED, str(webhook_id))
        if (request.content_type or "").partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType(request.content_type or "")
        form = WebhookAnswer(data=StrictJSONParser().parse(BytesIO(raw), request.content_type))
        form.is_valid(raise_exception=True)
        said = form.validated_data
        words = said.get("words") or "" if said["answer"] == "somebody_else" else ""
        parameters = [webhook_id, request.headers["webhook-id"], said["incident"], SAID[said["answer"]], words]
        taken = _asked(
            "SELECT * FROM sec.take_webhook_answer(%s, %s, %s, %s, %s, %s)",
            [*parameters, address_of(request._request)],
        )
        if not taken:
            raise Http404
        wake(ANSWERS)
        ((reference, kept, at),) = taken
        return answer({"incident": reference, "answer": NAMES[kept], "at": at})

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(status=204)


def _body_of(request: Request) -> bytes:
    """The body, before anybody is known: so it is short.

    Raises:
        Refusal: it is longer than an answer, does not say how long it is, or stopped before its end.
    """
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        raise Refusal(411, "Send the body with its Content-Length.")
    try:
        raw = request._request.read(MOST_BYTES + 1)
    except UnreadablePostError:
        raise Refusal(400, "The body stopped before its end.") from None
    if len(raw) > MOST_BYTES:
        raise Refusal(413, f"An answer has at most {MOST_BYTES} bytes.")
    return raw


def _is_signed(webhook_id: UUID, request: Request, raw: bytes) -> bool:
    """By a key of this webhook, within five minutes by the database's clock; false when it may not answer."""
    rows = _asked("SELECT * FROM sec.answering_keys(%s)", [webhook_id])
    keys = [key for _at, *sealed in rows if (key := _opened(*sealed))]
    return holds(request.headers, raw, keys, rows[0][0])


def _opened(organisation_id: UUID | None, row_id: UUID | None, sealed: bytes | None) -> bytes | None:
    if organisation_id is None or row_id is None or sealed is None:
        return None
    try:
        return open_sealed(sealed, organisation_id=organisation_id, field=FIELD, row_id=row_id)
    except VaultError:
        return None


def _count(limit: Limit, subject: str) -> None:
    try:
        count(limit, subject)
    except TooOften as often:
        raise Refusal(429, "Too many tries.", headers={"Retry-After": str(often.seconds)}) from None


def _asked(sql: str, parameters: list[Any]) -> list[Any]:
    with connections["auth"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


urlpatterns = [
    path("webhooks/<uuid:webhook_id>/answers/", door_view(WebhookAnswers.as_view()), name="api-webhook-answers"),
]
