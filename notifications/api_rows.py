"""/incidents/{reference}/participants/{organisation}/nudge/ and …/next-contact/: what the lead presses on a row."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.pressing import PERSON_LEADS, pressed
from incidents.api.shapes import incident_named
from incidents.models import Incident
from notifications import nudging
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import Empty
from portal.api.rendering import answer


class PressShown(serializers.Serializer):
    organisation = serializers.CharField(help_text="Whose people hear of it within seconds.")


class _Press(Endpoint):
    scopes = {"post": ("open",)}

    def _done(self, request: Request, reference: str, slug: str, act: Callable[..., None]) -> HttpResponse:
        body_of(request, Empty)
        incident: Incident = incident_named(reference)
        with pressed(self.visitor, incident, slug, by={incident.lead_id}):
            act(incident, slug=slug)
        return answer({"organisation": slug}, status=202)


class Nudge(_Press):
    @extend_schema(
        summary="Send the open message again to a participant that has not answered",
        description=PERSON_LEADS.format(who="lead") + "Once in ten minutes for an organisation: else 409.",
        request=Empty,
        responses={202: PressShown},
    )
    def post(self, request: Request, reference: str, slug: str) -> HttpResponse:
        return self._done(request, reference, slug, nudging.nudge)


class NextContact(_Press):
    @extend_schema(
        summary="Have the next contact of a participant called now",
        description=PERSON_LEADS.format(who="lead") + "409 when it has answered, or nobody is left to be called.",
        request=Empty,
        responses={202: PressShown},
    )
    def post(self, request: Request, reference: str, slug: str) -> HttpResponse:
        return self._done(request, reference, slug, nudging.next_contact)


urlpatterns = [
    path("incidents/<str:reference>/participants/<str:slug>/nudge/", Nudge.as_view(), name="api-row-nudge"),
    path(
        "incidents/<str:reference>/participants/<str:slug>/next-contact/",
        NextContact.as_view(),
        name="api-row-next-contact",
    ),
]
