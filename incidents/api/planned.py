"""Planned work by API: listed and announced under /incidents/ with `kind` planned, the rest at /planned-work/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from incidents import planned
from incidents.models import PlannedChange, PlannedSide, PlannedWork
from incidents.planned import Announcement
from portal import clock
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Instant, Strict, Text
from portal.api.rendering import answer

LONGEST_TEXT = 4000
NULL: Any = {"allow_null": True}
ANSWERS = ("known", "objects", "old", "waiting", "silent")


class PlannedSideShown(serializers.Serializer):
    """Whoever announced it reads every side, whoever is reached its own. `answer`: `old` was given for other times,
    `silent` is not confirmed, which is no consent."""

    organisation = serializers.CharField()
    because = serializers.CharField()
    answer = serializers.ChoiceField(ANSWERS)
    reason = serializers.CharField(help_text="Of an objection.")
    answered_at = serializers.DateTimeField(**NULL)


class PlannedListed(serializers.Serializer):
    """Work that whoever runs a system has announced. No incident: no severity, no clock, no tasks."""

    kind = serializers.ChoiceField(["planned"])
    reference = serializers.CharField()
    url = serializers.URLField()
    title = serializers.CharField()
    status = serializers.ChoiceField(PlannedWork.Status.values)
    announced_by = serializers.CharField()
    systems = serializers.ListField(child=serializers.CharField())
    announced_at = serializers.DateTimeField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(**NULL)
    ended_at = serializers.DateTimeField(**NULL)
    confirm_by = serializers.DateTimeField(help_text="From then on silence is shown as not confirmed.")
    stops = serializers.CharField()
    fallback = serializers.CharField()
    ask = serializers.CharField()
    window = serializers.IntegerField(help_text="Counts how often the times were moved; say it when you answer.")
    sides = PlannedSideShown(many=True)


class PlannedChangeShown(serializers.Serializer):
    what = serializers.ChoiceField(PlannedChange.What.values)
    at = serializers.DateTimeField()
    words = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class PlannedShown(PlannedListed):
    changes = PlannedChangeShown(many=True)


class PlannedDetails(Strict):
    """Of `kind` planned: when, what stops, what to use meanwhile, whom to ask."""

    starts_at = Instant()
    ends_at = Instant(help_text="At most 14 days after the start.")
    stops = Text(max_length=LONGEST_TEXT, help_text="What will not work.")
    fallback = Text(max_length=LONGEST_TEXT, allow_blank=True, help_text="What to use meanwhile.", **OPTIONAL)
    ask = Text(help_text="A name and a number that is manned during the work.")


class PlannedAnswer(Strict):
    answer = serializers.ChoiceField(["known", "objects"])
    reason = Text(max_length=LONGEST_TEXT, allow_blank=True, help_text="An objection needs one.", **OPTIONAL)
    window = serializers.IntegerField(
        min_value=1, max_value=32767, help_text="Of the times you answer for. Left out: the present ones.", **OPTIONAL
    )


class PlannedMove(Strict):
    to = serializers.ChoiceField(["started", "moved", "extended", "finished", "cancelled"])
    words = Text(
        max_length=LONGEST_TEXT, allow_blank=True, help_text="Needed for moved, extended and cancelled.", **OPTIONAL
    )
    starts_at = Instant(help_text="Of moved.", **OPTIONAL)
    ends_at = Instant(help_text="Of moved and extended.", **OPTIONAL)


def works_shown() -> QuerySet[PlannedWork]:
    return PlannedWork.objects.select_related("announced_by").prefetch_related("systems", "sides")


def announced(said: dict[str, Any], details: dict[str, Any], *, me: UUID) -> PlannedWork:
    """Announce what a checked body says. Raises: as `planned.announce`."""
    work = planned.announce(
        Announcement(
            title=said["title"],
            systems=tuple(said.get("systems", ())),
            starts_at=details["starts_at"],
            ends_at=details["ends_at"],
            stops=details["stops"],
            fallback=details.get("fallback", ""),
            ask=details["ask"],
        ),
        me=me,
    )
    return works_shown().get(pk=work.pk)


def planned_listed(work: PlannedWork, *, request: Any) -> dict[str, Any]:
    return {
        "kind": "planned",
        "reference": work.reference,
        "url": reverse("api-planned-work", args=[work.reference], request=request),
        "title": work.title,
        "status": work.status,
        "announced_by": work.announced_by.slug,
        "systems": sorted(system.slug for system in work.systems.all()),
        "announced_at": work.announced_at,
        "starts_at": work.starts_at,
        "ends_at": work.ends_at,
        "started_at": work.started_at,
        "ended_at": work.ended_at,
        "confirm_by": work.confirm_by,
        "stops": work.stops,
        "fallback": work.fallback,
        "ask": work.ask,
        "window": work.window,
        "sides": _sides(work, sorted(work.sides.all(), key=lambda side: side.slug)),
    }


def _sides(work: PlannedWork, sides: Sequence[PlannedSide]) -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "organisation": side.slug,
            "because": side.because,
            "answer": planned.answer_key(side, work, now),
            "reason": side.reason,
            "answered_at": side.answered_at,
        }
        for side in sides
    ]


def planned_shown(work: PlannedWork, *, request: Any) -> dict[str, Any]:
    changes = work.changes.values("what", "at", "words", "starts_at", "ends_at")
    return planned_listed(work, request=request) | {"changes": list(changes)}


class OnePlannedWork(Endpoint):
    @extend_schema(summary="One piece of planned work, as you may see it", responses=PlannedShown)
    def get(self, request: Request, reference: str) -> HttpResponse:
        return answer(planned_shown(works_shown().get(reference=reference.upper()), request=request))


class PlannedAnswers(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Say that your organisation knows of planned work, or objects",
        description="An objection is read by whoever announced it, and stops nothing by itself. The same again changes "
        "nothing. 403 when your organisation is not reached, 409 when the work is over, or was moved since `window`.",
        request=PlannedAnswer,
        responses=PlannedShown,
        examples=example(answer="objects", reason="The count is on that night."),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        work = PlannedWork.objects.get(reference=reference.upper())
        said = body_of(request, PlannedAnswer)
        planned.answer(work, say=said["answer"], why=said.get("reason", ""), seen=said.get("window"))
        return answer(planned_shown(works_shown().get(pk=work.pk), request=request))


class PlannedMoves(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="Whoever announced planned work says how it goes on",
        description="`started`, `moved` (before the start), `extended` (while it runs), `finished`, `cancelled`. Each "
        "is said on to everybody reached; the same again changes nothing.",
        request=PlannedMove,
        responses=PlannedShown,
        examples=example(to="extended", words="A disk is slow.", ends_at="2026-12-01T23:00:00Z"),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        work = PlannedWork.objects.get(reference=reference.upper())
        said = body_of(request, PlannedMove)
        planned.move(
            work,
            act=said["to"],
            words=said.get("words", ""),
            starts_at=said.get("starts_at"),
            ends_at=said.get("ends_at"),
        )
        return answer(planned_shown(works_shown().get(pk=work.pk), request=request))
