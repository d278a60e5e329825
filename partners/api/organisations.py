"""/organisations/: everybody in the partnership, by name."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.models import Organisation
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}


class OrganisationShown(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(Organisation.Kind.values)
    status = serializers.ChoiceField(Organisation.Status.values)
    left_on = serializers.DateField(**NULL)
    people_served = serializers.IntegerField(**NULL)


class Organisations(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Everybody in the partnership", responses=page_of_shape(OrganisationShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Organisation.objects.all(), by=("slug",), asked=self.asked)
        return answer(page.shown(lambda each: _organisation(each, request)))


class OneOrganisation(Endpoint):
    @extend_schema(summary="One organisation", responses=OrganisationShown)
    def get(self, request: Request, slug: str) -> HttpResponse:
        return answer(_organisation(Organisation.objects.get(slug=slug), request))


def _organisation(organisation: Organisation, request: Request) -> dict[str, Any]:
    return {
        "slug": organisation.slug,
        "url": reverse("api-organisation", args=[organisation.slug], request=request),
        "name": organisation.name,
        "kind": organisation.kind,
        "status": organisation.status,
        "left_on": organisation.left_on,
        "people_served": organisation.people_served,
    }
