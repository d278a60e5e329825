"""What belongs to an incident: participants, tasks, duties, updates, systems, events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Value, When
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.forms import ParticipantsForm, SystemsForm, UpdateForm
from incidents.api.shapes import (
    COUNTERS,
    NULL,
    ParticipantShort,
    TaskCounters,
    counted,
    incident_named,
    participant_short,
    untold_short,
)
from incidents.api.task_shapes import TaskListed, task_listed, tasks_shown
from incidents.left_untold import still_untold
from incidents.models import Incident, IncidentSystem, Participant, Standing, Update
from incidents.not_trusted import Suspicion, suspected_since, suspicions_in
from incidents.updates import send_update
from incidents.widening import add_participants, add_systems
from partners.acting import actor_of
from partners.approvals import NotAllowed
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.problems import Refusal
from portal.api.rendering import answer


class Desk(serializers.Serializer):
    name = serializers.CharField()
    phone = serializers.CharField()


class ParticipantListed(ParticipantShort):
    """In full for one's own side and for lead, deputy lead and provider; else organisation, role and word."""

    joined_at = serializers.DateTimeField(required=False)
    other_paths = serializers.ListField(child=serializers.CharField(), required=False)
    tasks = TaskCounters(required=False)
    told_at = serializers.DateTimeField(required=False, **NULL)
    told_by = serializers.CharField(required=False, **NULL)
    not_told_because = serializers.CharField(required=False, **NULL)
    delivered_at = serializers.DateTimeField(required=False, **NULL)
    seen_at = serializers.DateTimeField(required=False, **NULL)
    acknowledged_at = serializers.DateTimeField(required=False, **NULL)
    next_step = serializers.CharField(
        required=False, help_text="Whom the ladder calls next while nobody has answered, and how.", **NULL
    )
    next_step_at = serializers.DateTimeField(required=False, **NULL)
    times_climbed = serializers.IntegerField(
        required=False, help_text="How often the ladder was climbed to the top without an answer."
    )
    duty_desk = Desk(required=False)


class Joined(serializers.Serializer):
    organisations = serializers.ListField(child=serializers.CharField(), help_text="Those that joined now.")


class Added(Joined):
    asked = serializers.ListField(
        child=serializers.CharField(),
        help_text="Those that no path reaches: they join when they accept, or when a second organisation approves.",
    )


class Widened(Joined):
    systems = serializers.ListField(child=serializers.CharField(), help_text="Those that were added now.")


SIDE = (
    "slug", "role", "exposure", "distance", "because", "other_paths", "joined_at", "told_at", "told_by", "delivered_at",
    "seen_at", "acknowledged_at", "not_told_because", "duty_name", "duty_phone",
    "next_step", "next_step_at", "times_climbed",
    *(f"tasks_{name}" for name in COUNTERS),
)  # fmt: skip


class Participants(Endpoint):
    scopes = {"get": ("read",), "post": ("open",)}
    fresh = ("post",)
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Who takes part, and why",
        description="For lead, deputy lead and provider the last page ends with those left untold.",
        responses=page_of_shape(ParticipantListed),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        page = page_of(request, Standing.objects.filter(incident=incident), by=("slug",), asked=self.asked)
        seen = Participant.objects.filter(incident=incident, slug__in=[row.slug for row in page.rows]).values(*SIDE)
        sides = {row["slug"]: row for row in seen}
        shown = page.shown(lambda row: _participant(row, sides.get(row.slug)))
        untold = still_untold(incident)  # asked on each page: a page costs the same wherever it stands
        if shown["next"] is None:
            shown["results"] += [untold_short(row) for row in untold]
        return answer(shown)

    @extend_schema(
        summary="The lead lets organisations in, also those left untold or not reached",
        description="Whoever is in reach joins at once, also one that was left untold. One that no path reaches is"
        " asked, and joins when it accepts or a second organisation approves: a person with a passkey asks for that,"
        " a key gets 403.",
        request=ParticipantsForm,
        responses={200: Added},
        examples=example(organisations=["gravenhurst"], because="It lends two people for the night."),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        said = body_of(request, ParticipantsForm)
        incident_id = incident_named(reference).pk
        try:
            added = add_participants(
                incident_id=incident_id,
                organisations=said["organisations"],
                because=said["because"],
                actor=actor_of(self.visitor),
            )
        except NotAllowed as why:
            raise Refusal(409, str(why)) from None
        return answer({"organisations": added.joined, "asked": added.asked})


def _participant(standing: Standing, side: dict[str, Any] | None) -> dict[str, Any]:
    if side is None:
        return {"organisation": standing.slug, "role": standing.role, "word": standing.word}
    return participant_short(side) | {
        "word": standing.word,
        "joined_at": side["joined_at"],
        "other_paths": side["other_paths"],
        "tasks": counted([side]),
        "told_at": side["told_at"],
        "told_by": side["told_by"] or None,
        "not_told_because": side["not_told_because"] or None,
        "delivered_at": side["delivered_at"],
        "seen_at": side["seen_at"],
        "acknowledged_at": side["acknowledged_at"],
        "next_step": side["next_step"] or None,
        "next_step_at": side["next_step_at"],
        "times_climbed": side["times_climbed"],
        "duty_desk": {"name": side["duty_name"], "phone": side["duty_phone"]},
    }


class Tasks(Endpoint):
    narrow = True
    queries = {"get": PageQuery}

    @extend_schema(
        summary="The tasks that you may see, your own first, then by step", responses=page_of_shape(TaskListed)
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        rows = (
            tasks_shown().filter(incident_id=incident.pk).annotate(others=_is_of_others(self.visitor.organisation_id))
        )
        page = page_of(request, rows, by=("others", "position", "slug"), asked=self.asked)
        return answer(page.shown(task_listed))


def _is_of_others(me: UUID) -> Case:
    return Case(When(organisation_id=me, then=Value(False)), default=Value(True), output_field=BooleanField())


class UpdateListed(serializers.Serializer):
    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    organisation = serializers.CharField()
    author = serializers.CharField()
    text = serializers.CharField()
    card = serializers.IntegerField(
        help_text="The number of what was known when it was sent (`/incidents/{reference}/known/`).", **NULL
    )
    marked = serializers.BooleanField(
        help_text="Written when somebody else may have been writing for the organisation: ring before you act on it."
    )


class Updates(Endpoint):
    scopes = {"get": ("read",), "post": ("open",)}
    queries = {"get": PageQuery}

    @extend_schema(summary="What the lead has said, newest first", responses=page_of_shape(UpdateListed))
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        rows = Update.objects.filter(incident=incident).select_related("author_organisation", "card")
        found = suspicions_in(incident.pk)
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(lambda update: _update(update, found)))

    @extend_schema(
        summary="Lead or deputy lead say something to everybody",
        request=UpdateForm,
        responses={201: UpdateListed},
        examples=example(text="The shared group is frozen.", next_update_at="2026-05-03T10:40:00Z"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        said = body_of(request, UpdateForm)
        update = send_update(
            incident_id=incident_named(reference).pk,
            text=said["text"],
            next_update_at=said.get("next_update_at"),
            author_name=self.visitor.organisation_name,
            actor=actor_of(self.visitor),
        )
        return answer(_update(update), status=201)


def _update(update: Update, found: Sequence[Suspicion] = ()) -> dict[str, Any]:
    return {
        "id": update.pk,
        "at": update.at,
        "organisation": update.author_organisation.slug,
        "author": update.author_name,
        "text": update.text,
        "card": update.card.number if update.card else None,
        "marked": suspected_since(found, update.author_organisation_id, update.at) is not None,
    }


class AttackedSystem(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class Systems(Endpoint):
    scopes = {"get": ("read",), "post": ("open",)}
    fresh = ("post",)
    queries = {"get": PageQuery}

    @extend_schema(summary="The attacked systems, by the names that they had", responses=page_of_shape(AttackedSystem))
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = IncidentSystem.objects.filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("slug",), asked=self.asked)
        return answer(page.shown(lambda row: {"slug": row.slug, "name": row.name}))

    @extend_schema(
        summary="The lead names further attacked systems; whoever they reach joins",
        request=SystemsForm,
        responses={200: Widened},
        examples=example(systems=["remote-access"]),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        said = body_of(request, SystemsForm)
        incident: Incident = incident_named(reference)
        _, changed = add_systems(incident_id=incident.pk, systems=said["systems"], actor=actor_of(self.visitor))
        return answer({"organisations": changed["organisations"], "systems": changed["systems"]})
