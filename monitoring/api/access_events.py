"""POST /access-events/: records of access of any log; GET /access-events/jobs/…: how far a long body has come."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from monitoring.access.limits import TooMany
from monitoring.access.receiving import Body, Taken, received, take_body
from monitoring.access.specs import reader_from, spec_of
from monitoring.access.streams import BadStream, unpacked
from monitoring.access.totals import Totals
from monitoring.models import Intake
from monitoring.records.reading import FORMATS, Reader, guess_format
from portal.api.endpoint import Endpoint
from portal.api.fields import Query
from portal.api.idempotency import keep_answer, kept_answer, key_of
from portal.api.problems import Refusal
from portal.api.rendering import answer
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import organisation_scope

AGAIN_SECONDS = "60"  # until some of the bodies that wait have been taken
BODY = {
    "application/x-ndjson": {
        "type": "string",
        "description": "One record a line, in the log's own form or in ours. `Content-Encoding: gzip` is taken.",
        "example": '{"at": "2026-11-03T12:40:07Z", "account": "svc-backup@ashbourne", "resource": "file-02"}',
    }
}


class AccessQuery(Query):
    format = serializers.ChoiceField(
        FORMATS, required=False, help_text="Which log this is; without it the first lines decide."
    )
    source = serializers.CharField(  # type: ignore[assignment]  # DRF takes declared fields off the class
        required=False, max_length=100, help_text="What you call this log. Without it: the name of the format."
    )
    zone = serializers.CharField(
        required=False, max_length=60, default="UTC", help_text="Where its clock stands, for times without a zone."
    )
    columns = serializers.CharField(
        required=False, max_length=2000, help_text="Of a CSV, which column is which field: `at=Time,account=User`."
    )


class Rejected(serializers.Serializer):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class AccessTaken(serializers.Serializer):
    """Every line that is not blank is counted in exactly one of `accepted`, `duplicates` and `rejected_count`."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Delivered before, or a crossing that stands there already.")
    rejected_count = serializers.IntegerField()
    rejected = Rejected(many=True, help_text="The first 1,000.")
    first_sights = serializers.IntegerField(
        help_text="Accounts that reached an organisation's system for the first time, outside every permission."
    )
    job = serializers.CharField(required=False, help_text="Where to look, while a worker goes on with the rest.")
    done = serializers.BooleanField()
    failed = serializers.CharField(required=False, allow_null=True, help_text="Why a worker gave it up.")


def _counts(totals: Totals | Intake, *, done: bool) -> dict[str, Any]:
    return {
        "accepted": totals.accepted,
        "duplicates": totals.duplicates,
        "rejected_count": totals.rejected,
        "rejected": totals.rejections,
        "first_sights": totals.first_sights,
        "done": done,
    }


class AccessEvents(Endpoint):
    scopes = {"post": ("access-events",)}
    queries = {"post": AccessQuery}
    keeps_answers_itself = True  # no transaction is open while a body is taken

    @extend_schema(
        summary="Send records of sign-ins and privileged acts",
        description="Windows Security, Microsoft Entra, Okta, OCSF, ECS, CloudTrail, syslog, CEF, CSV or our own form; "
        "at most 100 MiB as sent, 1 GiB unpacked. The same lines may be sent again: nothing changes. A body that takes "
        "longer than ten seconds is answered with 202 and goes on; `job` says where to look. No line is kept.",
        parameters=[AccessQuery],
        request=BODY,
        responses={200: AccessTaken, 202: AccessTaken},
    )
    def post(self, request: Request) -> HttpResponse:
        asked, ticket = self.asked, self.visitor.ticket
        key = key_of(request)
        try:
            with received(request._request) as body:
                if key:
                    with organisation_scope(ticket):
                        again = kept_answer(self, request, key, body.digest)
                    if again is not None:
                        return again
                spec = _spec(asked, body)
                reader = _reader(spec)
                source = asked.get("source") or reader.format_name
                taken = take_body(body, reader, ticket=ticket, source=source, spec=spec)
        except BadStream as trouble:
            raise Refusal(413 if trouble.too_large else 400, str(trouble)) from None
        except TooMany as trouble:
            raise _too_many(trouble) from None
        response = _answered(taken)
        if key:
            with suppress(IntegrityError), organisation_scope(ticket):
                keep_answer(self, request, key, body.digest, response)
        return response


def _too_many(trouble: TooMany) -> Refusal:
    if trouble.later:
        return Refusal(429, str(trouble), headers={"Retry-After": AGAIN_SECONDS})
    return Refusal(422, str(trouble), errors=[{"pointer": "?source", "detail": str(trouble)}])


def _spec(asked: dict[str, Any], body: Body) -> str:
    name = asked.get("format")
    if not name:
        with body.open() as file:
            first = next(unpacked(file), b"")
        name = guess_format(first.splitlines()[:300]) or ("normal" if not first.strip() else "")
    if not name:
        raise Refusal(422, "These lines look like no log that is read here: say which with `format`.")
    return spec_of(name, zone=asked["zone"], columns=asked.get("columns") or "")


def _reader(spec: str) -> Reader:
    try:
        return reader_from(spec)
    except ValueError as trouble:
        raise Refusal(422, str(trouble).capitalize() + ".") from None


def _answered(taken: Taken) -> HttpResponse:
    if taken.job is None:
        return answer(_counts(taken.totals, done=True))
    address = reverse("api-access-job", args=[taken.job])
    return answer({**_counts(taken.totals, done=False), "job": address}, status=202, headers={"Location": address})


class AccessJob(Endpoint):
    scopes = {"get": ("access-events",)}

    @extend_schema(summary="See how far a long body has come", responses=AccessTaken)
    def get(self, request: Request, job: UUID) -> HttpResponse:
        intake = Intake.objects.filter(pk=job).first()
        if intake is None:
            raise Http404
        return answer({**_counts(intake, done=intake.finished_at is not None), "failed": intake.failed or None})


_post = own_scope(AccessEvents.as_view())
urlpatterns = [
    path("access-events/", _post, name="api-access-events"),
    path("access-events/jobs/<uuid:job>/", AccessJob.as_view(), name="api-access-job"),
]
