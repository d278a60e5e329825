"""Webhooks in the API: which there are, and their log. Read only: no key makes or changes where things are sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from notifications.models import Webhook, WebhookDelivery
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer


class WebhookListed(serializers.Serializer):
    """A subscription of one's own organisation. Its address, which may hold a secret, and keys are shown nowhere."""

    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    host = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField(), help_text="Kinds of events, or `*` for all.")
    answers = serializers.BooleanField(help_text="Whether the tool may answer for its organisation.")
    state = serializers.ChoiceField(["on", "off"])
    because = serializers.CharField(help_text="Why it is off, when nobody switched it off; else empty.")
    made_at = serializers.DateTimeField()
    failures = serializers.IntegerField(help_text="In a row, since `failing_since`.")
    failing_since = serializers.DateTimeField(**NULL)
    rests_until = serializers.DateTimeField(help_text="Nothing is sent to it before.", **NULL)


class WebhookDeliveryListed(serializers.Serializer):
    """One event for one subscription, as its log has it for ninety days."""

    id = serializers.UUIDField(help_text="Without hyphens and after `msg_` it is the `webhook-id`.")
    seq = serializers.IntegerField(help_text="The event's number in `/events/`; null for a test.", **NULL)
    kind = serializers.CharField()
    state = serializers.ChoiceField(WebhookDelivery.State.values)
    made_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it is tried next; null when nothing more is to be done.", **NULL)
    tries = serializers.IntegerField(help_text="Since it was put in the queue, the first time or again.")
    tried_at = serializers.DateTimeField(**NULL)
    settled_at = serializers.DateTimeField(**NULL)
    status = serializers.IntegerField(help_text="HTTP, of the last answer; null when there was none.", **NULL)
    error = serializers.CharField(help_text="What went wrong last, or empty.")
    replayed = serializers.IntegerField(help_text="How often somebody had it sent again.")


class Webhooks(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Webhooks of one's own organisation", responses=page_of_shape(WebhookListed))
    def get(self, request: Request) -> HttpResponse:
        rows = _webhooks().values(*WebhookListed().fields)
        page = page_of(request, rows, by=("made_at", "id"), asked=self.asked)
        return answer(page.shown(_as_it_is))


class WebhookDeliveries(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="The log of a webhook, the newest first", responses=page_of_shape(WebhookDeliveryListed))
    def get(self, request: Request, webhook_id: UUID) -> HttpResponse:
        if not _webhooks().filter(pk=webhook_id).exists():
            raise Http404
        rows = WebhookDelivery.objects.filter(webhook=webhook_id).values(*WebhookDeliveryListed().fields)
        page = page_of(request, rows, by=("made_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_as_it_is))


def _webhooks() -> Any:
    return Webhook.objects.exclude(state=Webhook.State.ENDED)


def _as_it_is(row: dict[str, Any]) -> dict[str, Any]:
    return row


urlpatterns = [
    path("webhooks/", Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/<uuid:webhook_id>/deliveries/", WebhookDeliveries.as_view(), name="api-webhook-deliveries"),
]
