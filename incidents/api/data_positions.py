"""/incidents/{reference}/data-positions/: how things stand with personal data. Keys read, persons judge."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import incident_named
from incidents.models import DataPosition, SharedWith
from incidents.personal_data.categories import CATEGORIES
from incidents.personal_data.saying import LONGEST, Range, Said, State, Touched, say_position
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer

PERSON = ("data",)  # a scope that no key can have: a key judges nothing and tells nobody
NO_KEY = "A person's own session only: administrator, incident manager or data protection officer. "


class PositionSaid(Strict):
    state = serializers.ChoiceField(State.values)
    categories = serializers.ListField(
        child=serializers.ChoiceField(list(CATEGORIES)),
        max_length=len(CATEGORIES),
        help_text="In the words of the ICO's form. Of `personal` at least one.",
        **OPTIONAL,
    )
    people = serializers.ChoiceField(Range.values, help_text="About how many.", **OPTIONAL)
    records = serializers.ChoiceField(Range.values, **OPTIONAL)
    touched = serializers.ListField(child=serializers.ChoiceField(Touched.values), max_length=3, **OPTIONAL)
    words = Text(max_length=LONGEST, allow_blank=True, help_text="Of `none`: how you know.", **OPTIONAL)
    shared = serializers.ChoiceField(
        SharedWith.values,
        help_text="Who may read it: empty for your own organisation alone, `lead` for lead and deputy lead, `all` for "
        "everybody who takes part. Left out: as the one before.",
        **OPTIONAL,
    )


class PositionShown(serializers.Serializer):
    organisation = serializers.CharField()
    state = serializers.ChoiceField(State.values)
    categories = serializers.ListField(child=serializers.CharField())
    people = serializers.CharField()
    records = serializers.CharField()
    touched = serializers.ListField(child=serializers.CharField())
    words = serializers.CharField()
    at = serializers.DateTimeField()
    newest = serializers.BooleanField(help_text="This one counts; the others are what was said before.")
    shared = serializers.ChoiceField(SharedWith.values)


class DataPositions(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="What your organisation said of personal data, and what others share with you",
        description="An organisation without a row has not assessed it yet, or shares nothing.",
        responses=page_of_shape(PositionShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = DataPosition.objects.filter(incident=incident_named(reference)).select_related("organisation")
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_shown))

    @extend_schema(
        summary="Say how things stand with personal data at your organisation",
        description=NO_KEY + "What was said before is kept. The same again changes nothing.",
        request=PositionSaid,
        responses={200: PositionShown},
        examples=example(state="personal", categories=["health"], people="unknown", touched=["availability"]),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, PositionSaid).items() if value is not None}
        say_position(incident, Said(**said))
        own = DataPosition.objects.select_related("organisation").get(
            incident=incident, organisation_id=self.visitor.organisation_id, newest=True
        )
        return answer(_shown(own))


def _shown(row: DataPosition) -> dict[str, Any]:
    plain = ("state", "categories", "people", "records", "touched", "words", "at", "newest", "shared")
    return {"organisation": row.organisation.slug, **{name: getattr(row, name) for name in plain}}
