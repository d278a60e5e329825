"""POST /alerts/{tool}/: another tool reports what it sees, in its own JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from monitoring.alerts import take_alerts
from monitoring.api.alert_examples import EXAMPLES
from monitoring.tools import TOOLS
from monitoring.tools.shape import MOST
from portal.api.endpoint import Endpoint
from portal.api.rendering import answer

WHAT = (
    "A stored rule lets an alert open an incident, join one that is under way, wait for a person, or be left out;"
    " without a rule it waits for a person. The same alert again is counted. With the scope `suspect` alone incidents"
    " start suspected, as they do beyond 20 an hour."
)
OUTCOMES = ("opened", "joined", "queued", "suppressed")
LIST = {
    "type": "array",
    "minItems": 1,
    "maxItems": MOST,
    "items": {"type": "object", "minProperties": 1, "additionalProperties": True},
}


class AlertTaken(serializers.Serializer):
    outcome = serializers.ChoiceField(
        OUTCOMES,
        help_text="queued: kept for a person to look at. suppressed: left out by a rule or by a person, or the tool"
        " says that something is over of which nothing was known.",
    )
    incident = serializers.CharField(help_text="Reference.", **NULL)
    body_kept_until = serializers.DateTimeField(
        help_text="Until when what the tool sent first of this alarm is kept as it came; of one that waits for a person"
        " the latest time. null: it was dropped, or nothing was kept.",
        **NULL,
    )


class AlertsTaken(serializers.Serializer):
    """One entry an alert, in the order of the body."""

    results = AlertTaken(many=True)


class Alerts(Endpoint):
    """What all tools have in common."""

    scopes = {"post": ("open", "suspect")}
    tool: ClassVar[str]

    def take(self, request: Request) -> HttpResponse:
        taken = take_alerts(request.data, tool=TOOLS[self.tool], visitor=self.visitor)  # type: ignore[arg-type]  # the parser takes objects only
        return answer({"results": [asdict(each) for each in taken]})


def described(summary: str, about: str, *, example: str, needed: tuple[str, ...] = (), **properties: Any) -> Any:
    """The schema of one tool's address. What the tool may send beside what is read is its own business."""
    body = {
        "type": "object",
        "minProperties": 1,
        "description": about,
        "properties": properties,
        "additionalProperties": True,
        "example": EXAMPLES[example],
    } | ({"required": list(needed)} if needed else {})
    return extend_schema(summary=summary, description=WHAT, request={"application/json": body}, responses=AlertsTaken)


class GenericAlerts(Alerts):
    tool = "generic"

    @described(
        "Report alerts of any tool",
        "One alert as the tool writes it, or several in `alerts`. Rules of your organisation read it.",
        example="generic",
        alerts=LIST,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.take(request)


class AlertmanagerAlerts(Alerts):
    tool = "alertmanager"

    @described(
        "Report alerts of Prometheus Alertmanager",
        "Its webhook, version 4, as it is. `resolved` alerts are noted and open nothing.",
        example="alertmanager",
        needed=("version", "groupKey", "alerts"),
        version={"type": "string", "enum": ["4"]},
        groupKey={"type": "string", "minLength": 1},
        alerts=LIST,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.take(request)


class SentinelAlerts(Alerts):
    tool = "sentinel"

    @described(
        "Report incidents of Microsoft Sentinel",
        "The body of a Logic App's incident trigger, a security incident or alert of Microsoft Graph, or Graph's list"
        " of such in `value`.",
        example="sentinel",
        value=LIST,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.take(request)


class ElasticAlerts(Alerts):
    tool = "elastic"

    @described(
        "Report alerts of Elastic Security",
        "An alert document, several in `alerts` or `context.alerts`, or a case in `case`; names dotted or nested.",
        example="elastic",
        alerts=LIST,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.take(request)


class OcsfAlerts(Alerts):
    tool = "ocsf"

    @described(
        "Report OCSF findings",
        "A Detection Finding (class_uid 2004) or Incident Finding (2005), or several in `alerts`.",
        example="ocsf",
        alerts=LIST,
    )
    def post(self, request: Request) -> HttpResponse:
        return self.take(request)


urlpatterns = [
    path(f"alerts/{each.tool}/", each.as_view(), name=f"api-alerts-{each.tool}")
    for each in (GenericAlerts, AlertmanagerAlerts, SentinelAlerts, ElasticAlerts, OcsfAlerts)
]
