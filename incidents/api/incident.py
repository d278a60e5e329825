"""/incidents/{reference}/: one incident, and what its lead does with it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.forms import IncidentEdit, MoveForm, OwnReferenceForm
from incidents.api.shapes import IncidentShown, incident_named, incident_shown, tag_of
from incidents.closing import close_incident
from incidents.editing import edit_incident
from incidents.errors import Fault, Invalid
from incidents.models import Incident, Task
from incidents.own_references import keep_own_reference
from incidents.transitions import locked_incident, move_incident
from incidents.widening import declare
from partners.acting import actor_of
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.etags import check_match
from portal.api.rendering import answer


class OneIncident(Endpoint):
    scopes = {"get": ("read",), "patch": ("open",)}

    @extend_schema(summary="One incident as you may see it", responses=IncidentShown)
    def get(self, request: Request, reference: str) -> HttpResponse:
        return self.shown(incident_named(reference))

    @extend_schema(
        summary="The lead corrects it; If-Match is needed",
        request=IncidentEdit,
        responses=IncidentShown,
        examples=example(severity=1, meeting_point="01632 960199, by telephone only"),
    )
    def patch(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        changes = body_of(request, IncidentEdit)
        actor = actor_of(self.visitor)
        check_match(request, tag_of(locked_incident(incident.pk, actor=actor)), needed=True)
        edit_incident(incident_id=incident.pk, changes=changes, actor=actor)
        return self.shown(incident_named(reference))

    def shown(self, incident: Incident) -> HttpResponse:
        body = incident_shown(incident, me=self.visitor.organisation_id, request=self.request)
        return answer(body, headers={"ETag": tag_of(incident)})


class Moves(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="The lead moves it on, back or to its end",
        description="`open` declares a suspected incident: everybody it can reach takes part and is told. `closed` "
        "needs an `outcome` and stands everybody down. A step back needs a `reason`.",
        request=MoveForm,
        responses={200: IncidentShown},
        examples=example(to="closed", outcome="resolved"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        said = body_of(request, MoveForm)
        incident = incident_named(reference)
        actor, to, reason = actor_of(self.visitor), said["to"], said.get("reason", "")
        if to == Incident.Status.CLOSED:
            if "outcome" not in said:
                raise Invalid([Fault("/outcome", f"Say how it ended: {', '.join(Incident.Outcome.values)}.")])
            close_incident(incident_id=incident.pk, outcome=said["outcome"], reason=reason, actor=actor)
        elif "outcome" in said:
            raise Invalid([Fault("/outcome", "Only closing has an outcome.")])
        elif to == Incident.Status.OPEN and incident.status == Incident.Status.SUSPECTED:
            declare(incident_id=incident.pk, actor=actor)
        else:
            move_incident(incident_id=incident.pk, to=to, reason=reason, actor=actor)
        moved = incident_named(reference)
        body = incident_shown(moved, me=self.visitor.organisation_id, request=request)
        return answer(body, headers={"ETag": tag_of(moved)})


class OwnReferenceShown(serializers.Serializer):
    text = serializers.CharField()


class OwnReferenceEndpoint(Endpoint):
    """PUT writes it, DELETE takes it away; only one's own organisation sees it."""

    scopes = {"put": ("answer",), "delete": ("answer",)}

    def keep(self, incident: Incident, text: str, task_id: UUID | None = None) -> None:
        keep_own_reference(incident=incident, task_id=task_id, text=text, actor=actor_of(self.visitor))


class IncidentOwnReference(OwnReferenceEndpoint):
    @extend_schema(
        summary="Your own number for the incident",
        request=OwnReferenceForm,
        responses={200: OwnReferenceShown},
        examples=example(text="CHG-20417"),
    )
    def put(self, request: Request, reference: str) -> HttpResponse:
        said = body_of(request, OwnReferenceForm)
        self.keep(incident_named(reference), said["text"])
        return answer(said)

    @extend_schema(summary="Take your own number away", responses={204: None})
    def delete(self, request: Request, reference: str) -> HttpResponse:
        self.keep(incident_named(reference), "")
        return HttpResponse(status=204)


class TaskOwnReference(OwnReferenceEndpoint):
    @extend_schema(
        summary="Your own number for the task",
        request=OwnReferenceForm,
        responses={200: OwnReferenceShown},
        examples=example(text="CHG-20418"),
    )
    def put(self, request: Request, task_id: UUID) -> HttpResponse:
        said = body_of(request, OwnReferenceForm)
        self.keep(self.incident_of(task_id), said["text"], task_id)
        return answer(said)

    @extend_schema(summary="Take your own number away", responses={204: None})
    def delete(self, request: Request, task_id: UUID) -> HttpResponse:
        self.keep(self.incident_of(task_id), "", task_id)
        return HttpResponse(status=204)

    def incident_of(self, task_id: UUID) -> Incident:
        return Task.objects.select_related("incident").get(pk=task_id).incident
