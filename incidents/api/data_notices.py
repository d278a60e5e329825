"""/incidents/{reference}/data-notices/: private notices between two organisations. Keys read, persons tell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.data_positions import NO_KEY, PERSON
from incidents.api.shapes import NULL, incident_named
from incidents.models import DataNotice
from incidents.personal_data.notices import (
    LONGEST_ABOUT,
    LONGEST_KNOWN,
    LONGEST_REFERENCE,
    Notice,
    acknowledge,
    send_notice,
)
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Empty, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class NoticeSaid(Strict):
    addressee = Text(max_length=64, help_text="Slug of another organisation that takes part.")
    about = Text(max_length=LONGEST_ABOUT, help_text="Which data of theirs. Never the data itself.")
    known = Text(max_length=LONGEST_KNOWN, help_text="What is known of it.")
    known_since = Instant(help_text="Since when you know it.")
    reference = Text(max_length=LONGEST_REFERENCE, allow_blank=True, help_text="Your own.", **OPTIONAL)
    corrects = serializers.UUIDField(help_text="The notice of yours that this one puts right.", **OPTIONAL)


class NoticeShown(serializers.Serializer):
    id = serializers.UUIDField()
    sender = serializers.CharField()
    addressee = serializers.CharField()
    about = serializers.CharField()
    known = serializers.CharField()
    known_since = serializers.DateTimeField()
    reference = serializers.CharField()
    corrects = serializers.UUIDField(**NULL)
    sent_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(help_text="When it should be acknowledged.")
    acknowledged_at = serializers.DateTimeField(**NULL)
    unreached_at = serializers.DateTimeField(
        help_text="When a message about it found nobody there by a trusted way: ring them. Null: it found somebody.",
        **NULL,
    )
    ring = serializers.CharField(help_text="Then: the number of their duty desk, as the register has it.")


class DataNotices(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(summary="Notices of data, to you and from you", responses=page_of_shape(NoticeShown))
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = DataNotice.objects.filter(incident=incident_named(reference)).select_related("sender", "addressee")
        page = page_of(request, rows, by=("sent_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_shown))

    @extend_schema(
        summary="Tell another organisation, in private, what happened to its data",
        description=NO_KEY + "Sender and addressee alone read it. The same again answers the one that was sent.",
        request=NoticeSaid,
        responses={201: NoticeShown},
        examples=example(
            addressee="ashbourne",
            about="Housing benefit letters of 2024",
            known="The share was read from outside.",
            known_since="2026-01-05T07:40:00Z",
        ),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, NoticeSaid).items() if value is not None}
        return answer(_shown(send_notice(incident, Notice(**said))), status=201)


class AcknowledgeNotice(Endpoint):
    scopes = {"post": PERSON}

    @extend_schema(
        summary="Say that your organisation has read a notice",
        description="A person's own session only. The sender sees it; a second time changes nothing.",
        request=Empty,
        responses={200: NoticeShown},
    )
    def post(self, request: Request, notice_id: UUID) -> HttpResponse:
        body_of(request, Empty)
        rows = DataNotice.objects.select_related("sender", "addressee")
        notice = rows.filter(pk=notice_id).first()
        if notice is None:
            raise Http404
        acknowledge(notice)
        return answer(_shown(rows.get(pk=notice_id)))


def _shown(row: DataNotice) -> dict[str, Any]:
    plain = (
        "id", "about", "known", "known_since", "reference", "sent_at", "due_at", "acknowledged_at",
        "unreached_at", "ring",
    )  # fmt: skip
    shown = {name: getattr(row, name) for name in plain}
    return {**shown, "sender": row.sender.slug, "addressee": row.addressee.slug, "corrects": row.corrects_id}
