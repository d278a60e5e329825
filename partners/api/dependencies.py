"""/dependencies/: what leads into one's systems and out of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.api.keeping import CHANGES, KeptHistory, form_of, keep_changed, keep_new, tag_of
from partners.importing.dependencies import Dependencies as DependencyKind
from partners.models import Dependency
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
Ends = dict[UUID, dict[str, str]]


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


class Dependencies(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    fresh = ("post",)
    queries = {"get": PageQuery}

    @extend_schema(summary="What leads into your systems and out of them", responses=page_of_shape(DependencyShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Dependency.objects.all(), by=("id",), asked=self.asked)
        ends = ends_named()
        return answer(page.shown(lambda edge: dependency_shown(edge, ends)))

    @extend_schema(
        summary="Add a link between two systems",
        description="Whoever speaks for the system that it leads into says it, or for the other one and sees both. "
        "A barrier is called tested on a page, because that takes a passkey.",
        request=form_of(DependencyKind),
        responses={201: DependencyShown},
        examples=example(source="identity-platform", target="remote-access", kind="network_route", label="by night"),
    )
    def post(self, request: Request) -> HttpResponse:
        data = body_of(request, form_of(DependencyKind))
        kept_id = keep_new(DependencyKind, data, me=self.visitor.organisation_id)
        edge = Dependency.objects.get(pk=kept_id)
        address = reverse("api-dependency", args=[edge.pk], request=request)
        body = dependency_shown(edge, ends_named())
        return answer(body, status=201, headers={"Location": address, "ETag": tag_of(edge)})


class OneDependency(Endpoint):
    scopes = {"get": ("read",), "patch": ("estate",)}
    fresh = ("patch",)

    @extend_schema(summary="One dependency", responses=DependencyShown)
    def get(self, request: Request, dependency_id: UUID) -> HttpResponse:
        return self.shown(dependency_id)

    @extend_schema(
        summary="Whoever may say it corrects it; If-Match is needed",
        request=form_of(DependencyKind, change=True),
        responses=DependencyShown,
        examples=example(stops="Mail between the councils"),
    )
    def patch(self, request: Request, dependency_id: UUID) -> HttpResponse:
        Dependency.objects.get(pk=dependency_id)  # 404 before anything is said of the body
        data = body_of(request, form_of(DependencyKind, change=True))
        keep_changed(DependencyKind, dependency_id, data, request=request, me=self.visitor.organisation_id)
        return self.shown(dependency_id)

    def shown(self, dependency_id: UUID) -> HttpResponse:
        edge = Dependency.objects.get(pk=dependency_id)
        return answer(dependency_shown(edge, ends_named()), headers={"ETag": tag_of(edge)})


class DependencyHistory(KeptHistory):
    model = Dependency

    @extend_schema(summary="What changed on a dependency", responses=CHANGES)
    def get(self, request: Request, dependency_id: UUID) -> HttpResponse:
        return self.history(request, pk=dependency_id)


def ends_named() -> Ends:
    """Names of one's own systems and of those next to them; of the latter nothing else is to be seen."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT system_id, slug, name FROM sec.neighbours()")
        return {system_id: {"slug": slug, "name": name} for system_id, slug, name in cursor.fetchall()}


def dependency_shown(edge: Dependency, ends: Ends) -> dict[str, Any]:
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
