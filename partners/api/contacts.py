"""/contacts/: one's own ways to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from partners.models import ContactPoint
from partners.next_door import slugs_next_door
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}


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
