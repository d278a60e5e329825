"""POST /alerts/generic/: another tool reports what it sees, in its own JSON."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from monitoring.alerts import take_alerts
from monitoring.incoming import MOST
from monitoring.models import Alert
from portal.api.endpoint import Endpoint
from portal.api.rendering import answer

BODY = {
    "application/json": {
        "type": "object",
        "minProperties": 1,
        "description": "One alert as the tool writes it, or several in `alerts`. Rules of your organisation read it.",
        "properties": {
            "alerts": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST,
                "items": {"type": "object", "minProperties": 1, "additionalProperties": True},
            }
        },
        "additionalProperties": True,
        "example": {"rule": "intruder-confirmed", "title": "Intruder at the directory", "severity": "high"},
    }
}


class AlertTaken(serializers.Serializer):
    outcome = serializers.ChoiceField(Alert.Outcome.values, help_text="queued: kept for a person to look at.")
    incident = serializers.CharField(help_text="Reference.", **NULL)


class AlertsTaken(serializers.Serializer):
    """One entry an alert, in the order of the body."""

    results = AlertTaken(many=True)


class GenericAlerts(Endpoint):
    scopes = {"post": ("open", "suspect")}

    @extend_schema(
        summary="Report alerts of any tool",
        description="A stored rule lets an alert open an incident, join one that is under way, wait for a person, or "
        "be left out; without a rule it waits for a person. With the scope `suspect` alone incidents start suspected.",
        request=BODY,
        responses=AlertsTaken,
    )
    def post(self, request: Request) -> HttpResponse:
        taken = take_alerts(request.data, visitor=self.visitor)  # type: ignore[arg-type]  # the parser takes objects only
        return answer({"results": [asdict(each) for each in taken]})


urlpatterns = [path("alerts/generic/", GenericAlerts.as_view(), name="api-alerts-generic")]
