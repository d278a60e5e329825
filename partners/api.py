"""The partnership over the API, to read: organisations, shared systems, dependencies, one's own contact points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.models import ContactPoint, Dependency, Organisation, Participation, SharedSystem
from partners.next_door import slugs_next_door
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


class EndShown(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class DependencyShown(serializers.Serializer):
    """One system that leads to another, in the direction in which an intruder would walk."""

    id = serializers.UUIDField()
    source = EndShown()  # type: ignore[assignment]
    target = EndShown()
    kind = serializers.ChoiceField(Dependency.Kind.values)
    label = serializers.CharField()  # type: ignore[assignment]
    group = serializers.CharField()
    barrier = serializers.ChoiceField(Dependency.Barrier.values)
    tested_on = serializers.DateField(**NULL)
    valid_until = serializers.DateField(**NULL)
    cut_source_at = serializers.DateTimeField(help_text="Walked until both ends say that it is cut.", **NULL)
    cut_target_at = serializers.DateTimeField(**NULL)
    stops = serializers.CharField(help_text="What stops when it is cut.")
    reviewed_on = serializers.DateField(**NULL)
    note = serializers.CharField()


class SystemShown(SystemListed):
    participations = StandShown(many=True)
    dependencies = DependencyShown(many=True)


class Systems(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(
        summary="The shared systems that you stand on, own or provide", responses=page_of_shape(SystemListed)
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, _systems(), by=("slug",), asked=self.asked)
        return answer(page.shown(lambda each: _system(each, request)))


class OneSystem(Endpoint):
    @extend_schema(summary="One shared system, who stands on it and where it leads", responses=SystemShown)
    def get(self, request: Request, slug: str) -> HttpResponse:
        system = _systems().get(slug=slug)
        stands = (
            Participation.objects.filter(system=system).select_related("organisation").order_by("organisation__slug")
        )
        edges = Dependency.objects.filter(Q(source=system) | Q(target=system)).order_by("id")
        ends = _ends()
        shown = _system(system, request)
        shown["participations"] = [_stand(stand) for stand in stands]
        shown["dependencies"] = [_dependency(edge, ends) for edge in edges]
        return answer(shown)


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


Ends = dict[UUID, dict[str, str]]


class Dependencies(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="What leads into your systems and out of them", responses=page_of_shape(DependencyShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Dependency.objects.all(), by=("id",), asked=self.asked)
        ends = _ends()
        return answer(page.shown(lambda edge: _dependency(edge, ends)))


class OneDependency(Endpoint):
    @extend_schema(summary="One dependency", responses=DependencyShown)
    def get(self, request: Request, dependency_id: UUID) -> HttpResponse:
        return answer(_dependency(Dependency.objects.get(pk=dependency_id), _ends()))


def _ends() -> Ends:
    """Names of one's own systems and of those next to them; of the latter nothing else is to be seen."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT system_id, slug, name FROM sec.neighbours()")
        return {system_id: {"slug": slug, "name": name} for system_id, slug, name in cursor.fetchall()}


def _dependency(edge: Dependency, ends: Ends) -> dict[str, Any]:
    return {
        "id": edge.pk,
        "source": ends[edge.source_id],
        "target": ends[edge.target_id],
        "kind": edge.kind,
        "label": edge.label,
        "group": edge.group,
        "barrier": edge.barrier,
        "tested_on": edge.tested_on,
        "valid_until": edge.valid_until,
        "cut_source_at": edge.cut_source_at,
        "cut_target_at": edge.cut_target_at,
        "stops": edge.stops,
        "reviewed_on": edge.reviewed_on,
        "note": edge.note,
    }


class ContactShown(serializers.Serializer):
    id = serializers.UUIDField()
    person = serializers.CharField(help_text="Null: the duty desk itself.", **NULL)
    kind = serializers.ChoiceField(ContactPoint.Kind.values)
    label = serializers.CharField()  # type: ignore[assignment]
    address = serializers.CharField()
    rides_on = serializers.CharField(help_text="The shared system that it rides on.", **NULL)
    trust = serializers.ChoiceField(ContactPoint.Trust.values)
    trust_since = serializers.DateTimeField(**NULL)
    trust_because = serializers.CharField()
    order = serializers.IntegerField(help_text="The lowest is tried first.")
    is_active = serializers.BooleanField()


class Contacts(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Your own ways to be reached", responses=page_of_shape(ContactShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, _contacts(), by=("order", "label", "id"), asked=self.asked)
        slugs = slugs_next_door()
        return answer(page.shown(lambda point: _contact(point, slugs)))


class OneContact(Endpoint):
    @extend_schema(summary="One of your ways to be reached", responses=ContactShown)
    def get(self, request: Request, contact_id: UUID) -> HttpResponse:
        return answer(_contact(_contacts().get(pk=contact_id), slugs_next_door()))


def _contacts() -> QuerySet[ContactPoint]:
    return ContactPoint.objects.select_related("person").only(*_OF_A_CONTACT, "rides_on_id", "person__name")


_OF_A_CONTACT = (
    "kind", "label", "address", "trust", "trust_since", "trust_because", "order", "is_active",
)  # fmt: skip


def _contact(point: ContactPoint, slugs: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "id": point.pk,
        "person": point.person.name if point.person else None,
        "rides_on": slugs[point.rides_on_id] if point.rides_on_id else None,
        **{name: getattr(point, name) for name in _OF_A_CONTACT},
    }


urlpatterns = [
    path("organisations/", Organisations.as_view(), name="api-organisations"),
    path("organisations/<str:slug>/", OneOrganisation.as_view(), name="api-organisation"),
    path("systems/", Systems.as_view(), name="api-systems"),
    path("systems/<str:slug>/", OneSystem.as_view(), name="api-system"),
    path("dependencies/", Dependencies.as_view(), name="api-dependencies"),
    path("dependencies/<uuid:dependency_id>/", OneDependency.as_view(), name="api-dependency"),
    path("contacts/", Contacts.as_view(), name="api-contacts"),
    path("contacts/<uuid:contact_id>/", OneContact.as_view(), name="api-contact"),
]
