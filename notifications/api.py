"""What of telling people the API shows: the deliveries of an incident, and tickets for sockets."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from notifications.live.tickets import LIFETIME_SECONDS, issue_socket_ticket
from notifications.models import Delivery
from notifications.reading import COLUMNS, DeliveryRow, in_words
from portal import clock
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import Empty, PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer


class DeliveryListed(serializers.Serializer):
    """One message to one person or duty desk; people are named inside one's own organisation only."""

    id = serializers.UUIDField()
    organisation = serializers.CharField()
    to = serializers.CharField()
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="The contact point, of one's own organisation."
    )
    way = serializers.CharField()
    message = serializers.ChoiceField(Delivery.Message.values)
    state = serializers.ChoiceField(Delivery.State.values)
    created_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(**NULL)
    delivered_at = serializers.DateTimeField(**NULL)
    answered_at = serializers.DateTimeField(**NULL)
    attempts = serializers.IntegerField()
    because = serializers.CharField(help_text="What went wrong last, or empty.")
    next = serializers.CharField(help_text="What happens now, in words.")
    next_at = serializers.DateTimeField(**NULL)


SHOWN = tuple(DeliveryListed().fields)


class Deliveries(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Who has been sent what, and how far it got", responses=page_of_shape(DeliveryListed))
    def get(self, request: Request, reference: str) -> HttpResponse:
        sent = Delivery.objects.filter(incident=incident_named(reference)).annotate(slug=F("organisation__slug"))
        page = page_of(request, sent.values(*COLUMNS, "slug"), by=("slug", "created_at", "id"), asked=self.asked)
        shown = [_delivery(row) for row in in_words(page.rows)]
        return answer({"results": shown, "next": page.next, "previous": page.previous})


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    said = asdict(row)
    return {name: said[name] for name in SHOWN}


class TicketMade(serializers.Serializer):
    ticket = serializers.CharField(help_text="Opens one socket: `/live/?ticket=…`.")
    expires_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="The address of the socket, without the ticket.")


class LiveTickets(Endpoint):
    scopes = {"post": ("read",)}

    @extend_schema(
        summary=f"A ticket that opens one socket within {LIFETIME_SECONDS} seconds",
        request=Empty,
        responses={201: TicketMade},
    )
    def post(self, request: Request) -> HttpResponse:
        body_of(request, Empty)
        expires_at = clock.now() + timedelta(seconds=LIFETIME_SECONDS)
        ticket = issue_socket_ticket(self.visitor)
        return answer({"ticket": ticket, "expires_at": expires_at, "url": f"{settings.LIVE_URL}/live/"}, status=201)


urlpatterns = [
    path("incidents/<str:reference>/deliveries/", Deliveries.as_view(), name="api-incident-deliveries"),
    path("live/tickets/", LiveTickets.as_view(), name="api-live-tickets"),
]
