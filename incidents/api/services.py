"""/incidents/{reference}/services/: how services stand, one word each. One's own, and for overseers those of all."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.models import ServiceStatus
from incidents.services.saying import LONGEST, Said, State, say_service
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Flag, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class ServiceSaid(Strict):
    service = Text(help_text="As one of your participations names it.")
    state = serializers.ChoiceField(State.values)
    since = Instant(help_text="Left out: as before while the word is the same, else now.", **OPTIONAL)
    note = Text(max_length=LONGEST, allow_blank=True, help_text="Left out: as before, or none.", **OPTIONAL)
    shared = Flag(help_text="Whether lead, deputy lead and provider read the note too.", **OPTIONAL)


class ServiceShown(serializers.Serializer):
    organisation = serializers.CharField()
    service = serializers.CharField()
    safety_critical = serializers.BooleanField()
    state = serializers.ChoiceField(State.values)
    since = serializers.DateTimeField()
    at = serializers.DateTimeField()
    newest = serializers.BooleanField(help_text="This one counts; of your own the earlier ones are listed too.")
    note = serializers.CharField(help_text="Null: none, or it stays at home.", **NULL)
    shared = serializers.BooleanField()


class Services(Endpoint):
    scopes = {"get": ("read",), "post": ("answer",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="How services stand: your own with every change, and for lead, deputy and provider those of all",
        description="A service without a row is not known yet.",
        responses=page_of_shape(ServiceShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = _rows().filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_shown))

    @extend_schema(
        summary="Say how one of your services stands",
        description="The same again changes nothing; what was said before is kept.",
        request=ServiceSaid,
        responses={200: ServiceShown},
        examples=example(service="Telecare", state="down", since="2026-01-05T07:40:00Z"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = body_of(request, ServiceSaid)
        say_service(incident, Said(**said))
        own = _rows().get(
            incident=incident, organisation_id=self.visitor.organisation_id, service=said["service"], newest=True
        )
        return answer(_shown(own))


def _rows() -> QuerySet[ServiceStatus]:
    return ServiceStatus.objects.select_related("organisation", "note")


def _shown(row: ServiceStatus) -> dict[str, Any]:
    note = getattr(row, "note", None)
    return {
        "organisation": row.organisation.slug,
        "service": row.service,
        "safety_critical": row.critical,
        "state": row.state,
        "since": row.since,
        "at": row.at,
        "newest": row.newest,
        "note": note.text if note else None,
        "shared": bool(note and note.shared),
    }
