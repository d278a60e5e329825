"""Events: the organisation's stream, and the part of it that belongs to one incident."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.forms import StreamQuery
from incidents.api.shapes import NULL, incident_named
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer
from portal.ledger.models import StreamEntry
from portal.ledger.stream import LABELS, PublicEvent, TailRow, events_after, ids_to_label, public_event


class ActorShown(serializers.Serializer):
    organisation = serializers.CharField(**NULL)
    kind = serializers.ChoiceField(["person", "key", "system"])
    name = serializers.CharField(required=False, help_text="Only inside one's own organisation.")


class EventShown(serializers.Serializer):
    """What a reader may not see comes as `withheld` without data, never as a gap."""

    seq = serializers.IntegerField(help_text="Dense per organisation, from 1.")
    at = serializers.DateTimeField(**NULL)
    kind = serializers.CharField(help_text="noun.past, such as task.acknowledged; or withheld.")
    incident = serializers.CharField(**NULL)
    actor = ActorShown(**NULL)
    data = serializers.DictField()  # type: ignore[assignment]


class StreamPage(serializers.Serializer):
    """Dense from `after` + 1, ascending."""

    results = EventShown(many=True)
    next = serializers.IntegerField(help_text="The `after` of the next call.")
    head = serializers.IntegerField(help_text="The last number that there is.")
    epoch = serializers.UUIDField(help_text="Changes when the database was restored: then read everything again.")


class Stream(Endpoint):
    queries = {"get": StreamQuery}

    @extend_schema(summary="Everything that happened for your organisation, after a number", responses=StreamPage)
    def get(self, request: Request) -> HttpResponse:
        return answer(events_after(self.asked["after"], self.asked["limit"]))


class IncidentEvents(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="What happened in one incident, oldest first", responses=page_of_shape(EventShown))
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        me = self.visitor.organisation_id
        entries = StreamEntry.objects.filter(organisation_id=me, event__incident_id=incident.pk)
        columns = {name: F(f"event__{name}") for name in COLUMNS}
        page = page_of(request, entries.values("seq", **columns), by=("seq",), asked=self.asked)
        rows = [_row(each, me) for each in page.rows]
        labels = _labels(ids_to_label(rows))
        shown = [public_event(row, labels) for row in rows]
        return answer({"results": shown, "next": page.next, "previous": page.previous})


def events_in(incident_id: UUID, *, me: UUID, after: int, limit: int) -> list[PublicEvent]:
    """Events of one incident in the stream of `me`, whose scope is open, from after a number on. Two queries."""
    entries = StreamEntry.objects.filter(organisation_id=me, event__incident_id=incident_id, seq__gt=after)
    columns = {name: F(f"event__{name}") for name in COLUMNS}
    found: Any = entries.order_by("seq").values("seq", **columns)[:limit]
    rows = [_row(each, me) for each in found]
    labels = _labels(ids_to_label(rows))
    return [public_event(row, labels) for row in rows]


COLUMNS = (
    "at", "kind", "incident_reference", "actor_organisation_id", "actor_kind", "actor_person_id", "data",
)  # fmt: skip


def _row(entry: dict[str, Any], me: UUID) -> TailRow:
    own = entry["actor_organisation_id"] == me
    return TailRow(
        nth=1,
        alive=True,
        isolated=False,
        epoch=UUID(int=0),
        head=0,
        seq=entry["seq"],
        at=entry["at"],
        kind=entry["kind"],
        incident=entry["incident_reference"],
        actor_organisation_id=entry["actor_organisation_id"],
        actor_kind=entry["actor_kind"],
        actor_person_id=entry["actor_person_id"] if own else None,
        data=entry["data"],
    )


def _labels(ids: set[UUID]) -> dict[UUID, str]:
    with connections["default"].cursor() as cursor:
        cursor.execute(LABELS, {"ids": list(ids)})
        return dict(cursor.fetchall())
