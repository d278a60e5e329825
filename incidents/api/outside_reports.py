"""/incidents/{reference}/outside-reports/: which bodies outside were told. Keys read, persons write."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.data_positions import PERSON
from incidents.api.shapes import NULL, incident_named
from incidents.models import OutsideReport, SharedWith
from incidents.personal_data.bodies import BODIES, OTHER
from incidents.personal_data.page import note_of
from incidents.personal_data.reports import LONGEST_NAME, LONGEST_REFERENCE, Report, write_report
from incidents.personal_data.saying import LONGEST
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class ReportSaid(Strict):
    body = serializers.ChoiceField([*BODIES, OTHER], help_text="`other`: a body that stands in no list.")
    body_name = Text(max_length=LONGEST_NAME, allow_blank=True, help_text="Of `other` alone.", **OPTIONAL)
    route = Text(max_length=LONGEST_NAME, allow_blank=True, help_text="How they were told.", **OPTIONAL)
    reference = Text(max_length=LONGEST_REFERENCE, allow_blank=True, help_text="Theirs.", **OPTIONAL)
    told_at = Instant()
    told_by = Text(max_length=LONGEST_NAME, help_text="Stays with your organisation.")
    words = Text(max_length=LONGEST, allow_blank=True, help_text="Stay with your organisation.", **OPTIONAL)
    follows = serializers.UUIDField(help_text="An entry of your own, to the same body.", **OPTIONAL)
    shared = serializers.ChoiceField(
        SharedWith.values,
        help_text="Who may read that you told them: empty for your own organisation alone, `lead` for lead and deputy "
        "lead, `all` for everybody who takes part.",
        **OPTIONAL,
    )


class ReportShown(serializers.Serializer):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    body = serializers.CharField()
    body_name = serializers.CharField()
    route = serializers.CharField()
    reference = serializers.CharField()
    told_at = serializers.DateTimeField()
    follows = serializers.UUIDField(help_text="Your own entries alone.", **NULL)
    shared = serializers.ChoiceField(SharedWith.values)
    told_by = serializers.CharField(help_text="Your own entries alone.", **NULL)
    words = serializers.CharField(help_text="Your own entries alone.", **NULL)


class OutsideReports(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Bodies outside that your organisation told, and those that others share",
        responses=page_of_shape(ReportShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = OutsideReport.objects.filter(incident=incident_named(reference)).select_related("organisation", "note")
        page = page_of(request, rows, by=("told_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_shown))

    @extend_schema(
        summary="Write down that a body outside was told",
        description="A person's own session only. Sharing it at once takes an administrator, an incident manager or a"
        " data protection officer. The same again answers the entry that stands.",
        request=ReportSaid,
        responses={201: ReportShown},
        examples=example(body="ncsc", told_at="2026-01-05T08:30:00Z", told_by="Grace Okafor", reference="NCSC-77"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, ReportSaid).items() if value is not None}
        return answer(_shown(write_report(incident, Report(**said))), status=201)


def _shown(row: OutsideReport) -> dict[str, Any]:
    note = note_of(row)
    plain = ("id", "body", "body_name", "route", "reference", "told_at", "shared")
    return {
        "organisation": row.organisation.slug,
        **{name: getattr(row, name) for name in plain},
        "follows": note.follows_id if note else None,
        "told_by": note.told_by if note else None,
        "words": note.words if note else None,
    }
