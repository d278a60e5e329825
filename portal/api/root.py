"""The root of the API and its OpenAPI document. Both are for everybody: they hold nothing of anybody."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from portal.api.documentation import documentation
from portal.api.endpoint import Endpoint
from portal.api.rendering import answer

COLLECTIONS = {
    "incidents": "api-incidents",
    "events": "api-events",
    "alerts": "api-alerts-generic",
    "advisories": "api-advisories",
    "exposures": "api-exposures",
    "organisations": "api-organisations",
    "systems": "api-systems",
    "components": "api-components",
    "participations": "api-participations",
    "services": "api-services",
    "dependencies": "api-dependencies",
    "imports": "api-imports",
    "contacts": "api-contacts",
    "integrations": "api-integrations",
    "standing_access": "api-standing-accesses",
    "playbooks": "api-playbooks",
    "work_orders": "api-work-orders",
    "live_tickets": "api-live-tickets",
    "schema": "api-schema",
    "docs": "api-docs",
}


class RootShown(serializers.Serializer):
    locals().update({name: serializers.URLField() for name in COLLECTIONS})
    live = serializers.CharField(help_text="The address of the socket.")


class ForEverybody(Endpoint):
    permission_classes = []
    scopes = {}


class Root(ForEverybody):
    @extend_schema(summary="Every collection, and the address of the socket", responses=RootShown, tags=["root"])
    def get(self, request: Request) -> HttpResponse:
        addresses = {name: reverse(address, request=request) for name, address in COLLECTIONS.items()}
        return answer({**addresses, "live": f"{settings.LIVE_URL}/live/"})


class Schema(ForEverybody):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return answer(document())


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; made once, because it is the same for everybody."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    made["servers"] = [{"url": settings.PORTAL_URL}]
    return made


def docs(request: HttpRequest) -> HttpResponse:
    """The document for people."""
    return documentation(request, document())


urlpatterns = [
    path("", Root.as_view(), name="api-root"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", docs, name="api-docs"),
]
