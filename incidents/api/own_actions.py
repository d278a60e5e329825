"""/incidents/{reference}/own-actions/: what organisations did without being asked. Keys that answer may write it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.models import OwnAction
from incidents.own_actions.page import note_of
from incidents.own_actions.writing import (
    LONGEST_STOPS,
    LONGEST_TITLE,
    LONGEST_WORDS,
    Deed,
    standing_in,
    take_back,
    write_action,
)
from partners.acting import actor_of
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Empty, Flag, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class OwnActionSaid(Strict):
    title = Text(max_length=LONGEST_TITLE, help_text="What was done. Lead and provider read it.")
    done_at = Instant(help_text="Not in the future.")
    about = serializers.ChoiceField(
        ["system", "link"], help_text="Of what `about_id` is the id, where it is known.", **OPTIONAL
    )
    about_id = serializers.UUIDField(**OPTIONAL)
    stops = Text(max_length=LONGEST_STOPS, allow_blank=True, help_text="Stays with your organisation.", **OPTIONAL)
    words = Text(max_length=LONGEST_WORDS, allow_blank=True, help_text="Stays with your organisation.", **OPTIONAL)
    apart = Flag(help_text="It is something else than the open task that it reads like.", **OPTIONAL)


class OwnActionShown(serializers.Serializer):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    title = serializers.CharField()
    done_at = serializers.DateTimeField()
    about = serializers.ChoiceField(OwnAction.About.values)
    about_id = serializers.UUIDField(**NULL)
    touches = serializers.CharField(help_text="The name of that system or link, as it was then.")
    written_at = serializers.DateTimeField()
    taken_back_at = serializers.DateTimeField(**NULL)
    stops = serializers.CharField(help_text="Your own organisation's alone.", **NULL)
    words = serializers.CharField(help_text="Your own organisation's alone.", **NULL)


class OwnActions(Endpoint):
    scopes = {"get": ("read",), "post": ("answer",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="What your organisation did without being asked; for lead, deputy lead and provider those of all",
        responses=page_of_shape(OwnActionShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        page = page_of(
            request, standing_in(incident_named(reference)), by=("done_at", "id"), asked=self.asked, descending=True
        )
        return answer(page.shown(own_action_shown))

    @extend_schema(
        summary="Write down what your organisation did without being asked",
        description="When one of your open tasks reads like it, the answer is 409 and names that task: answer it, or"
        " send `apart`. The same again answers the one that stands.",
        request=OwnActionSaid,
        responses={201: OwnActionShown},
        examples=example(title="Closed the tunnel to the old data centre", done_at="2026-01-05T08:30:00Z"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, OwnActionSaid).items() if value is not None}
        apart = bool(said.pop("apart", False))
        made = write_action(incident, Deed(**said), actor=actor_of(self.visitor), apart=apart)
        return answer(own_action_shown(made), status=201)


class UndoOwnAction(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Take back what one wrote down, within 60 seconds", request=Empty, responses={200: OwnActionShown}
    )
    def post(self, request: Request, action_id: UUID) -> HttpResponse:
        body_of(request, Empty)
        return answer(own_action_shown(take_back(action_id, actor=actor_of(self.visitor))))


def own_action_shown(row: OwnAction) -> dict[str, Any]:
    """One own action, as callers get it; of another organisation's what stays at home is null."""
    note = note_of(row)
    plain = ("id", "title", "done_at", "about", "about_id", "touches", "written_at", "taken_back_at")
    return {
        "organisation": row.organisation.slug,
        **{name: getattr(row, name) for name in plain},
        "stops": note.stops if note else None,
        "words": note.words if note else None,
    }
