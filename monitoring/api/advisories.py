"""/advisories/: documents that one may read, and one's own to bring; /exposures/: what they find of one's systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.errors import Fault, Invalid
from monitoring.advisories.normal import Refused
from monitoring.advisories.opening import references_of
from monitoring.advisories.reading import read_parsed
from monitoring.advisories.shown import due_of, last_decisions, visible
from monitoring.advisories.storing import keep_as_organisation
from monitoring.models import Advisory, Exposure, ExposureDecision
from monitoring.models.advisories import SEVERITIES, Kind
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery, Text
from portal.api.paging import page_of
from portal.api.parsing import MEBIBYTE
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
BODY = {
    "application/json": {
        "type": "object",
        "minProperties": 1,
        "description": "The document itself: CSAF 2.0, OSV, NVD CVE API 2.0, a STIX 2.1 bundle or the KEV catalogue.",
        "additionalProperties": True,
        "example": {
            "id": "DEMO-2026-0001",
            "modified": "2026-03-01T00:00:00Z",
            "aliases": ["CVE-2099-10001"],
            "summary": "A fictional weakness",
            "affected": [{"package": {"ecosystem": "PyPI", "name": "example"}, "versions": ["1.0"]}],
        },
    }
}


class AdvisoryShown(serializers.Serializer):
    """A document in its newest version."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(Kind.values)
    namespace = serializers.CharField()
    ident = serializers.CharField(help_text="The document's own id.")
    version = serializers.CharField()
    title = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    severity = serializers.ChoiceField(SEVERITIES)
    tlp = serializers.CharField()
    own = serializers.BooleanField(help_text="Your organisation brought it.")
    url = serializers.CharField()
    modified_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(**NULL)


class Kept(serializers.Serializer):
    """How many documents of the body are new, replace an older one, are the same, or are older than what is kept."""

    new = serializers.IntegerField()
    replaced = serializers.IntegerField()
    same = serializers.IntegerField()
    older = serializers.IntegerField()


class ExposureShown(serializers.Serializer):
    """A system that one owns or provides, and a weakness that concerns it."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    vulnerability = serializers.CharField(help_text="The CVE, or the document's own id.")
    title = serializers.CharField()
    system = serializers.CharField()
    about = serializers.CharField()
    installed = serializers.CharField()
    state = serializers.ChoiceField(Exposure.State.values)
    certainty = serializers.ChoiceField(Exposure.Certainty.values)
    severity = serializers.ChoiceField(SEVERITIES)
    exploited = serializers.BooleanField()
    ransomware = serializers.BooleanField()
    shared_by = serializers.IntegerField(help_text="How many organisations stand on the system.")
    due_on = serializers.DateField()
    decision = serializers.ChoiceField(ExposureDecision.Choice.values, **NULL)
    responsible = serializers.CharField()
    incidents = serializers.ListField(
        child=serializers.CharField(), help_text="References of incidents of yours that were opened because of it."
    )
    found_at = serializers.DateTimeField()
    retracted_because = serializers.CharField()


class AdvisoryQuery(PageQuery):
    vulnerability = Text(max_length=200, required=False, help_text="A CVE or another id.")


class ExposureQuery(PageQuery):
    state = serializers.ChoiceField(Exposure.State.values, required=False)


class Advisories(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": AdvisoryQuery}
    max_body = 8 * MEBIBYTE

    @extend_schema(summary="Advisories that you may read", responses=page_of_shape(AdvisoryShown))
    def get(self, request: Request) -> HttpResponse:
        rows = Advisory.objects.defer("issues", "summary")
        if vulnerability := self.asked.get("vulnerability"):
            rows = rows.filter(aliases__contains=[vulnerability])
        page = page_of(request, rows, by=("modified_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(self._advisory))

    @extend_schema(
        summary="Bring an advisory",
        description="One that is clear (TLP) is read by everybody and matched with all systems; any other is your "
        "organisation's alone and matched with the systems that you own or provide. Kept whole or refused.",
        request=BODY,
        responses=Kept,
    )
    def post(self, request: Request) -> HttpResponse:
        try:
            advisories = read_parsed(request.data)
        except Refused as refused:
            raise Invalid([_fault(problem) for problem in refused.problems]) from None
        kept = keep_as_organisation(advisories)
        return answer({name: kept[name] for name in ("new", "replaced", "same", "older")})

    def _advisory(self, row: Advisory) -> dict[str, Any]:
        names = ("id", "namespace", "ident", "version", "title", "aliases", "severity", "tlp", "url")
        return {
            **{name: getattr(row, name) for name in names},
            "kind": row.source,
            "own": row.organisation_id == self.visitor.organisation_id,
            "modified_at": row.modified_at,
            "withdrawn_at": row.withdrawn_at,
        }


class Exposures(Endpoint):
    queries = {"get": ExposureQuery}

    @extend_schema(
        summary="What advisories find of systems that you own or provide", responses=page_of_shape(ExposureShown)
    )
    def get(self, request: Request) -> HttpResponse:
        rows = visible()
        if state := self.asked.get("state"):
            rows = rows.filter(state=state)
        page = page_of(request, rows, by=("found_at", "id"), asked=self.asked, descending=True)
        decisions, opened = last_decisions(page.rows), references_of(page.rows)
        return answer(page.shown(lambda row: exposure_shown(row, decisions.get(row.pk), opened, request)))


def _fault(problem: str) -> Fault:
    """A problem begins with its pointer where it has one; behind the number of a mandatory test it is in the words."""
    pointer, colon, words = problem.partition(": ")
    return Fault(pointer, words) if colon and pointer.startswith("/") else Fault("", problem)


def exposure_shown(
    row: Exposure, decision: ExposureDecision | None, opened: Mapping[UUID, list[str]], request: Request
) -> dict[str, Any]:
    """`opened` are the references of incidents by exposure (`references_of`)."""
    names = ("id", "title", "about", "installed", "state", "certainty", "severity", "exploited", "ransomware",
             "shared_by", "found_at", "retracted_because")  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "vulnerability": row.label,
        "url": request.build_absolute_uri(reverse("exposure-detail", args=[row.pk])),
        "system": row.system.slug,
        "due_on": due_of(row, decision),
        "decision": decision.choice if decision else None,
        "responsible": decision.responsible if decision else "",
        "incidents": opened.get(row.pk, []),
    }


urlpatterns = [
    path("advisories/", Advisories.as_view(), name="api-advisories"),
    path("exposures/", Exposures.as_view(), name="api-exposures"),
]
