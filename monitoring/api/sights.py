"""/first-sights/, /identifiers/, /access-sources/: what the caller's own organisation may read of access."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from incidents.errors import Fault, Invalid
from monitoring.api.findings import slugs
from monitoring.findings.seen import learned_of
from monitoring.findings.sources import CLAIMABLE, claim
from monitoring.models import Identifier, Sight, Source
from partners.models import Organisation, SharedSystem
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class FirstSightShown(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["success", "failure", "admin", "lapsed"])
    account = serializers.CharField()
    account_kind = serializers.CharField()
    home = serializers.CharField()
    organisation = serializers.CharField()
    place = serializers.CharField()
    resource = serializers.CharField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    days = serializers.IntegerField(help_text="On how many days it was seen.")
    permission = serializers.UUIDField(**NULL)
    learned = serializers.BooleanField(
        help_text="Told by a source of yours, or of whoever runs the system, while it was learning."
    )


class AccessSourceShown(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    format = serializers.CharField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    refused_because = serializers.CharField(allow_blank=True)
    clock = serializers.CharField(allow_blank=True, help_text="The last fault of its clock that was mended.")
    last_at = serializers.DateTimeField(help_text="Of the latest record.", **NULL)
    received_at = serializers.DateTimeField(**NULL)
    learning_until = serializers.DateTimeField(**NULL)
    would_alert = serializers.IntegerField(help_text="What would have alerted while it learned.")


class IdentifierShown(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(CLAIMABLE)
    value = serializers.CharField()
    organisation = serializers.CharField()
    system = serializers.CharField(**NULL)


class IdentifierSaid(Strict):
    kind = serializers.ChoiceField(CLAIMABLE)
    value = Text(
        max_length=512, help_text="Kept in small letters. A domain or realm has at most 253 octets and 20 parts."
    )
    organisation = Text(help_text="Yours when left out.", **OPTIONAL)
    system = Text(help_text="The shared system that a machine or application belongs to.", **OPTIONAL)


class FirstSights(Endpoint):
    scopes = {"get": ("read",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="First sights that your organisation is a side of, the newest first",
        description="Also those that a permission covers, and those of a source that was learning.",
        responses=page_of_shape(FirstSightShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Sight.objects.all(), by=("first_at", "id"), asked=self.asked, descending=True)
        names, learned = slugs(), learned_of(page.rows)
        plainly = ("id", "kind", "account_kind", "place", "resource", "first_at", "last_at")
        return answer(
            page.shown(
                lambda each: {
                    **{name: getattr(each, name) for name in plainly},
                    "account": each.shown,
                    "home": names[each.home_id],
                    "organisation": names[each.organisation_id],
                    "days": len(each.days),
                    "permission": each.permission_id,
                    "learned": each.pk in learned,
                }
            )
        )


class Sources(Endpoint):
    scopes = {"get": ("read",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Sources of records of your own organisation, in the order of their names",
        responses=page_of_shape(AccessSourceShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Source.objects.all(), by=("name", "id"), asked=self.asked)
        plainly = list(AccessSourceShown().fields)
        return answer(page.shown(lambda each: {name: getattr(each, name) for name in plainly}))


class Identifiers(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Names by which logs know an organisation, as far as you may know of them",
        responses=page_of_shape(IdentifierShown),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = Identifier.objects.select_related("system")
        page = page_of(request, rows, by=("value", "id"), asked=self.asked)
        names = slugs()
        return answer(page.shown(lambda each: identifier_shown(each, names)))

    @extend_schema(
        summary="Say whose a name is",
        description="A name of your own; or of a machine on a system that you run, for who stands on it. The same"
        " again answers the one that stands.",
        request=IdentifierSaid,
        responses={201: IdentifierShown},
        examples=example(kind="host", value="file-02", system="file-services"),
    )
    def post(self, request: Request) -> HttpResponse:
        said = body_of(request, IdentifierSaid)
        whose = said.get("organisation") or self.visitor.organisation_slug
        organisation = Organisation.objects.filter(slug=whose).first()
        if organisation is None:
            raise Invalid([Fault("/organisation", "No organisation of this name.")])
        system = SharedSystem.objects.filter(slug=said["system"]).first() if said.get("system") else None
        if said.get("system") and system is None:
            raise Invalid([Fault("/system", "No system of this name that you stand on, own or provide.")])
        made = claim(
            kind=said["kind"], value=said["value"], whose=organisation.pk, system=system.pk if system else None
        )
        found = Identifier.objects.select_related("system").get(pk=made)
        return answer(identifier_shown(found, slugs()), status=201)


def identifier_shown(identifier: Identifier, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": identifier.pk,
        "kind": identifier.kind,
        "value": identifier.value,
        "organisation": names[identifier.organisation_id],
        "system": identifier.system.slug if identifier.system else None,
    }


urlpatterns = [
    path("first-sights/", FirstSights.as_view(), name="api-first-sights"),
    path("identifiers/", Identifiers.as_view(), name="api-identifiers"),
    path("access-sources/", Sources.as_view(), name="api-access-sources"),
]
