"""/standing-access/: a provider's standing access into councils, for both of them to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners import standing_access
from partners.models import StandingAccess
from partners.permissions import today
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
PLAINLY = (
    "id", "name", "kind", "rights", "privileged", "why", "approved_by", "approved_on", "link_group", "last_used_on",
    "answer", "answered_at",
)  # fmt: skip


class StandingAccessShown(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.URLField()
    provider = serializers.CharField(help_text="Whose access it is.")
    council = serializers.CharField(help_text="Whose systems it is good in.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(StandingAccess.Kind.values)
    rights = serializers.CharField()
    privileged = serializers.BooleanField()
    why = serializers.CharField()
    approved_by = serializers.CharField(help_text="Empty: nobody knows.")
    approved_on = serializers.DateField(**NULL)
    systems = serializers.ListField(child=serializers.CharField())
    link_group = serializers.CharField(help_text="The group whose links it opens.")
    last_used_on = serializers.DateField(help_text="Null: nobody knows.", **NULL)
    answer = serializers.ChoiceField(["", *StandingAccess.Answer.values], help_text="What the council said last.")
    answered_at = serializers.DateTimeField(**NULL)
    flags = serializers.ListField(child=serializers.CharField(), help_text="What is wrong with it, in words.")


class StandingAccesses(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Standing access that you have, and that others have into your systems",
        responses=page_of_shape(StandingAccessShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, _lines(), by=("id",), asked=self.asked)
        slugs = standing_access.system_slugs()
        return answer(page.shown(lambda line: _line(line, slugs, request)))


class OneStandingAccess(Endpoint):
    @extend_schema(summary="One line of standing access", responses=StandingAccessShown)
    def get(self, request: Request, line_id: UUID) -> HttpResponse:
        return answer(_line(_lines().get(pk=line_id), standing_access.system_slugs(), request))


def _lines() -> QuerySet[StandingAccess]:
    return StandingAccess.objects.filter(removed_at=None).select_related("provider", "council")


def _line(line: StandingAccess, slugs: dict[UUID, str], request: Request) -> dict[str, Any]:
    return {
        "url": reverse("api-standing-access", args=[line.pk], request=request),
        "provider": line.provider.slug,
        "council": line.council.slug,
        "systems": [slugs[pk] for pk in line.system_ids if pk in slugs],
        "flags": standing_access.flags(line, today()),
        **{name: getattr(line, name) for name in PLAINLY},
    }
