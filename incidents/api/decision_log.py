"""/incidents/{reference}/decision-log/ and …/known/: what was decided, and what is known. Keys read, persons write.

What the plan asks the lead stands under …/decisions/ (`incidents.api.decisions`).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.decisions.known import LISTS, LONGEST_LINE, MOST_LINES, Known, say_known
from incidents.decisions.writing import (
    LONGEST,
    LONGEST_CHANGE,
    LONGEST_NAME,
    Taken,
    share_decision,
    write_decision,
)
from incidents.models import KnownCard, LogEntry
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Flag, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer

PERSON = ("decisions",)  # a scope that no key can have: a key decides nothing
NO_KEY = "A person's own session only. "
PLAIN = (
    "id", "root", "number", "as_lead", "known", "options", "decision", "why", "dissent", "decided_by", "decided_role",
    "decided_at", "review_at", "change", "at", "newest", "shared",
)  # fmt: skip


class DecisionTaken(Strict):
    known = Text(max_length=LONGEST, help_text="What was known then.")
    options = Text(max_length=LONGEST, help_text="What else could have been done.")
    decision = Text(max_length=LONGEST)
    why = Text(max_length=LONGEST)
    dissent = Text(max_length=LONGEST, allow_blank=True, help_text="Who disagreed, and why.", **OPTIONAL)
    decided_by = Text(max_length=LONGEST_NAME, help_text="A name; whoever reads the decision reads it.")
    decided_role = Text(max_length=LONGEST_NAME)
    decided_at = Instant()
    review_at = Instant(help_text="When it is to be looked at again: from then on it shows as due.", **OPTIONAL)
    as_lead = Flag(help_text="For the whole incident, by its lead.", **OPTIONAL)
    shared = serializers.ChoiceField(
        LogEntry.Shared.values,
        help_text="Who else reads it: empty for nobody, `lead` for lead, deputy lead and provider, `all` for everybody "
        "who takes part. Left out: nobody, of the lead's `lead`. Of a revision: left out, as the one before.",
        **OPTIONAL,
    )
    revises = serializers.UUIDField(help_text="The newest revision, which this one follows.", **OPTIONAL)
    change = Text(
        max_length=LONGEST_CHANGE, allow_blank=True, help_text="Of a revision: what is different.", **OPTIONAL
    )


class DecisionLogged(serializers.Serializer):
    id = serializers.UUIDField()
    root = serializers.UUIDField(help_text="The first revision.")  # type: ignore[assignment]
    number = serializers.IntegerField()
    organisation = serializers.CharField()
    as_lead = serializers.BooleanField()
    known = serializers.CharField()
    options = serializers.CharField()
    decision = serializers.CharField()
    why = serializers.CharField()
    dissent = serializers.CharField()
    decided_by = serializers.CharField()
    decided_role = serializers.CharField()
    decided_at = serializers.DateTimeField()
    review_at = serializers.DateTimeField(**NULL)
    change = serializers.CharField()
    at = serializers.DateTimeField(help_text="When it was written down.")
    newest = serializers.BooleanField(help_text="This one stands; the others are what stood before.")
    shared = serializers.ChoiceField(LogEntry.Shared.values)


class SharedForm(Strict):
    shared = serializers.ChoiceField(LogEntry.Shared.values)


class DecisionLog(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Decisions of your organisation, and those that you may read, every revision",
        description="What the plan asks the lead stands under `/incidents/{reference}/decisions/`.",
        responses=page_of_shape(DecisionLogged),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = LogEntry.objects.filter(incident=incident_named(reference)).select_related("organisation")
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(logged))

    @extend_schema(
        summary="Write a decision down, or a revision of one",
        description=NO_KEY + "Nothing is ever changed. The same again answers the one that stands already.",
        request=DecisionTaken,
        responses={201: DecisionLogged},
        examples=example(
            known="Files on FS-02 are locked.",
            options="Cut the link, or watch it for an hour.",
            decision="Cut the link to Northgate.",
            why="It is the only way back in that we know.",
            decided_by="Priya Nair",
            decided_role="Incident manager",
            decided_at="2026-01-05T08:30:00Z",
        ),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, DecisionTaken).items() if value is not None}
        return answer(logged(write_decision(incident, Taken(**said))), status=201)


class DecisionShare(Endpoint):
    scopes = {"post": PERSON}

    @extend_schema(
        summary="Say who else reads a decision of yours",
        description=NO_KEY + "The newest revision; to fewer than before holds for every revision.",
        request=SharedForm,
        responses={200: DecisionLogged},
        examples=example(shared="all"),
    )
    def post(self, request: Request, entry_id: UUID) -> HttpResponse:
        said = body_of(request, SharedForm)
        rows = LogEntry.objects.select_related("organisation")
        if not rows.filter(pk=entry_id).exists():
            raise Http404
        share_decision(entry_id, shared=said["shared"])
        return answer(logged(rows.get(pk=entry_id)))


def logged(row: LogEntry) -> dict[str, Any]:
    """One line of a decision log, as callers get it."""
    return {"organisation": row.organisation.slug, **{name: getattr(row, name) for name in PLAIN}}


def _lines() -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=LONGEST_LINE), max_length=MOST_LINES, **OPTIONAL)


class KnownSaid(Strict):
    known = _lines()
    believed = _lines()
    not_known = _lines()


class CardShown(serializers.Serializer):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    known = serializers.ListField(child=serializers.CharField())
    believed = serializers.ListField(child=serializers.CharField())
    not_known = serializers.ListField(child=serializers.CharField())


class KnownCards(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="What is known, believed and not known, every revision, the newest first",
        responses=page_of_shape(CardShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = KnownCard.objects.filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("number",), asked=self.asked, descending=True)
        return answer(page.shown(shown_card))

    @extend_schema(
        summary="The lead says anew what is known, believed and not known",
        description=NO_KEY + "It heads every update from then on. The same again changes nothing.",
        request=KnownSaid,
        responses={200: CardShown},
        examples=example(known=["Files on FS-02 are locked."], not_known=["Whether data was taken."]),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, KnownSaid).items() if value is not None}
        say_known(incident, Known(**said))
        newest = KnownCard.objects.filter(incident=incident).order_by("-number")[:1].get()
        return answer(shown_card(newest))


def shown_card(row: KnownCard) -> dict[str, Any]:
    return {"number": row.number, "at": row.at, **{name: getattr(row, name) for name in LISTS}}
