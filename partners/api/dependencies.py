"""/dependencies/: what leads into one's systems and out of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from partners.models import Dependency
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
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
    queries = {"get": PageQuery}

    @extend_schema(summary="What leads into your systems and out of them", responses=page_of_shape(DependencyShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Dependency.objects.all(), by=("id",), asked=self.asked)
        ends = ends_named()
        return answer(page.shown(lambda edge: dependency_shown(edge, ends)))


class OneDependency(Endpoint):
    @extend_schema(summary="One dependency", responses=DependencyShown)
    def get(self, request: Request, dependency_id: UUID) -> HttpResponse:
        return answer(dependency_shown(Dependency.objects.get(pk=dependency_id), ends_named()))


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
