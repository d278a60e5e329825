"""/systems/: the shared systems that one stands on, owns or provides."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.api.dependencies import DependencyShown, dependency_shown, ends_named
from partners.api.keeping import CHANGES, KeptHistory, form_of, keep_changed, keep_new, tag_of
from partners.importing.systems import Systems as SystemKind
from partners.models import Dependency, Participation, SharedSystem
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}


class SystemListed(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField()
    name = serializers.CharField()
    description = serializers.CharField()
    provider = serializers.CharField(**NULL)
    owner = serializers.CharField(**NULL)
    hosting = serializers.CharField()
    status = serializers.ChoiceField(SharedSystem.Status.values)
    safety_critical = serializers.BooleanField()
    people_dependent = serializers.IntegerField(**NULL)
    cut_stops = serializers.CharField(help_text="What stops for people when it is taken off.")
    account_realms = serializers.ListField(
        child=serializers.CharField(), help_text="What stands after @ in its accounts."
    )


class StandShown(serializers.Serializer):
    """One's own, and for owner and provider everybody's."""

    organisation = serializers.CharField()
    services = serializers.ListField(child=serializers.CharField())
    people_served = serializers.IntegerField(**NULL)
    safety_critical = serializers.BooleanField()
    fallback = serializers.CharField(help_text="Null: none is recorded.", **NULL)
    status = serializers.ChoiceField(Participation.Status.values)
    left_on = serializers.DateField(**NULL)


class SystemShown(SystemListed):
    participations = StandShown(many=True)
    dependencies = DependencyShown(many=True)


class Systems(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    fresh = ("post",)
    queries = {"get": PageQuery}

    @extend_schema(
        summary="The shared systems that you stand on, own or provide", responses=page_of_shape(SystemListed)
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, _systems(), by=("slug",), asked=self.asked)
        return answer(page.shown(lambda each: _system(each, request)))

    @extend_schema(
        summary="Add a system that you own or provide",
        description="Its slug is made from `slug` or the name, with an end of its own.",
        request=form_of(SystemKind),
        responses={201: SystemListed},
        examples=example(name="Parking permits", owner="ashbourne"),
    )
    def post(self, request: Request) -> HttpResponse:
        kept_id = keep_new(SystemKind, body_of(request, form_of(SystemKind)), me=self.visitor.organisation_id)
        system = _systems().get(pk=kept_id)
        body = _system(system, request)
        return answer(body, status=201, headers={"Location": body["url"], "ETag": tag_of(system)})


class OneSystem(Endpoint):
    scopes = {"get": ("read",), "patch": ("estate",)}
    fresh = ("patch",)

    @extend_schema(summary="One shared system, who stands on it and where it leads", responses=SystemShown)
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.shown(request, slug)

    @extend_schema(
        summary="Whoever owns or provides it corrects it; If-Match is needed",
        request=form_of(SystemKind, change=True),
        responses=SystemShown,
        examples=example(hosting="Second data centre"),
    )
    def patch(self, request: Request, slug: str) -> HttpResponse:
        system = _systems().get(slug=slug)
        data = body_of(request, form_of(SystemKind, change=True))
        keep_changed(SystemKind, system.pk, data, request=request, me=self.visitor.organisation_id)
        return self.shown(request, slug)

    def shown(self, request: Request, slug: str) -> HttpResponse:
        system = _systems().get(slug=slug)
        stands = (
            Participation.objects.filter(system=system).select_related("organisation").order_by("organisation__slug")
        )
        edges = Dependency.objects.filter(Q(source=system) | Q(target=system)).order_by("id")
        ends = ends_named()
        shown = _system(system, request)
        shown["participations"] = [_stand(stand) for stand in stands]
        shown["dependencies"] = [dependency_shown(edge, ends) for edge in edges]
        return answer(shown, headers={"ETag": tag_of(system)})


class SystemHistory(KeptHistory):
    model = SharedSystem

    @extend_schema(summary="What changed on a system", responses=CHANGES)
    def get(self, request: Request, slug: str) -> HttpResponse:
        return self.history(request, slug=slug)


def _systems() -> QuerySet[SharedSystem]:
    return SharedSystem.objects.select_related("provider", "owner")


def _system(system: SharedSystem, request: Request) -> dict[str, Any]:
    return {
        "slug": system.slug,
        "url": reverse("api-system", args=[system.slug], request=request),
        "name": system.name,
        "description": system.description,
        "provider": system.provider.slug if system.provider else None,
        "owner": system.owner.slug if system.owner else None,
        "hosting": system.hosting,
        "status": system.status,
        "safety_critical": system.safety_critical,
        "people_dependent": system.people_dependent,
        "cut_stops": system.cut_stops,
        "account_realms": system.account_realms,
    }


def _stand(stand: Participation) -> dict[str, Any]:
    return {
        "organisation": stand.organisation.slug,
        "services": stand.services,
        "people_served": stand.people_served,
        "safety_critical": stand.safety_critical,
        "fallback": stand.fallback,
        "status": stand.status,
        "left_on": stand.left_on,
    }
