"""/incidents/{reference}/situation-reports/ and /costs/: one's own books. Keys read, persons write."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.data_positions import PERSON
from incidents.api.shapes import NULL, incident_named
from incidents.models import Cost, SituationReport
from incidents.own_books.costs import LONGEST as LONGEST_WHAT
from incidents.own_books.costs import LONGEST_SHORT, MOST_PENCE, Line, put_cost
from incidents.own_books.situation import LETTERS, LONGEST, MAJOR, as_text, write_situation
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.rendering import answer

FIELDS = [field for _letter, field, _question in LETTERS]
SHARED = SituationReport.Shared.values


def _words(help_text: str) -> Text:
    return Text(max_length=LONGEST, allow_blank=True, help_text=help_text, **OPTIONAL)


class SituationSaid(Strict):
    major = serializers.ChoiceField(list(MAJOR), help_text="Whether a major incident is declared.")
    exact = _words("Exact systems and sites.")
    type = _words("Type of attack.")
    hazards = _words("How it may spread, which data is at risk.")
    access = _words("Ways to reach you that the attacker does not have.")
    number_affected = _words("Residents and services affected.")
    engaged = _words("Agencies on it and still wanted.")
    shared = serializers.ChoiceField(SHARED, help_text="`lead`: lead and deputy lead read it too.", **OPTIONAL)


class SituationShown(serializers.Serializer):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    major = serializers.ChoiceField(list(MAJOR))
    exact = serializers.CharField()
    type = serializers.CharField()
    hazards = serializers.CharField()
    access = serializers.CharField()
    number_affected = serializers.CharField()
    engaged = serializers.CharField()
    shared = serializers.ChoiceField(SHARED)
    text = serializers.CharField(help_text="The same, to paste or to read aloud.")


class SituationReports(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Your M/ETHANE reports, and those that others share with the lead",
        responses=page_of_shape(SituationShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = SituationReport.objects.filter(incident=incident_named(reference)).select_related(
            "organisation", "incident"
        )
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_report))

    @extend_schema(
        summary="Write the next M/ETHANE report",
        description="A person's own session only. Those before it are kept; the same within a minute is one.",
        request=SituationSaid,
        responses={201: SituationShown},
        examples=example(major="standby", exact="FS-02 at the town hall", type="Ransomware"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, SituationSaid).items() if value is not None}
        made = write_situation(incident, said, shared=said.get("shared", ""))
        return answer(
            _report(SituationReport.objects.select_related("organisation", "incident").get(pk=made.pk)), status=201
        )


class CostSaid(Strict):
    on = serializers.DateField(help_text="Not in the future.")
    what = Text(max_length=LONGEST_WHAT)
    hours = serializers.DecimalField(
        max_digits=7, decimal_places=2, help_text="Of a grade; without `pence`.", **OPTIONAL
    )
    grade = Text(max_length=LONGEST_SHORT, allow_blank=True, help_text="Of the hours.", **OPTIONAL)
    pence = Whole(min_value=1, max_value=MOST_PENCE, help_text="An amount; without `hours`.", **OPTIONAL)
    invoice = Text(max_length=LONGEST_SHORT, allow_blank=True, help_text="Its reference.", **OPTIONAL)


class CostShown(serializers.Serializer):
    id = serializers.UUIDField()
    on = serializers.DateField()
    what = serializers.CharField()
    hours = serializers.CharField(**NULL)
    grade = serializers.CharField()
    pence = serializers.IntegerField(**NULL)
    invoice = serializers.CharField()
    at = serializers.DateTimeField()
    struck_at = serializers.DateTimeField(help_text="It does not count.", **NULL)
    struck_because = serializers.CharField()


class Costs(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Your organisation's cost diary",
        description="Nobody else ever reads it, neither lead nor provider.",
        responses=page_of_shape(CostShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = Cost.objects.filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_cost))

    @extend_schema(
        summary="Write a line of the cost diary",
        description="A person's own session only.",
        request=CostSaid,
        responses={201: CostShown},
        examples=example(on="2026-01-05", what="Forensics, first day", pence=120050, invoice="INV-7"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, CostSaid).items() if value is not None}
        return answer(_cost(put_cost(incident, Line(**said))), status=201)


def _report(row: SituationReport) -> dict[str, Any]:
    plain = {name: getattr(row, name) for name in ("id", "number", "at", "shared", *FIELDS)}
    text = as_text(row, row.incident, row.organisation.name)
    return {**plain, "organisation": row.organisation.slug, "text": text}


def _cost(row: Cost) -> dict[str, Any]:
    plain = ("id", "on", "what", "grade", "pence", "invoice", "at", "struck_at", "struck_because")
    hours = None if row.hours is None else str(row.hours)
    return {**{name: getattr(row, name) for name in plain}, "hours": hours}
