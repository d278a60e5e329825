"""/tasks/{id}/reported/: answers that an organisation gave by telephone, written down by the lead. Never by a key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.data_positions import PERSON
from incidents.api.shapes import NULL
from incidents.api.task_forms import AnswersField
from incidents.by_telephone.page import report_stands, voice_of
from incidents.by_telephone.writing import (
    ANSWERS,
    LONGEST_NAME,
    LONGEST_NUMBER,
    LONGEST_WORDS,
    Said,
    report_task,
    settle_report,
)
from incidents.models import ReportedAnswer, Task
from incidents.stop_confirmation import LONGEST
from partners.acting import actor_of
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class ReportedSaid(Strict):
    status = serializers.ChoiceField(list(ANSWERS))
    said_by = Text(max_length=LONGEST_NAME, help_text="Who said it.")
    said_role = Text(max_length=LONGEST_NAME, help_text="In which role.")
    number = Text(max_length=LONGEST_NUMBER, help_text="The number that was rung.")
    words = Text(
        max_length=LONGEST_WORDS, allow_blank=True, help_text="Needed for blocked, declined, not_affected.", **OPTIONAL
    )
    confirm = Text(max_length=LONGEST, allow_blank=True, help_text="As `complete` has it.", **OPTIONAL)
    answers = AnswersField(help_text="Those that the plan goes on by, as `complete` has them.", **OPTIONAL)


class ReportedShown(serializers.Serializer):
    id = serializers.UUIDField()
    task = serializers.UUIDField()
    status = serializers.ChoiceField(list(ANSWERS))
    said_by = serializers.CharField(
        help_text="For people of the organisation and of the reporter; null for others and for keys.", **NULL
    )
    said_role = serializers.CharField()
    number = serializers.CharField(help_text="As `said_by`.", **NULL)
    words = serializers.CharField()
    reporter = serializers.CharField(help_text="The organisation that wrote it down.")
    written_by = serializers.CharField(help_text="The person.")
    at = serializers.DateTimeField()
    stands = serializers.BooleanField(help_text="Whether the answer that the task has now is this one.")
    settled = serializers.ChoiceField(
        ReportedAnswer.Settled.values, help_text="Empty: its organisation has said nothing of it yet."
    )
    settled_at = serializers.DateTimeField(**NULL)


class SettleSaid(Strict):
    how = serializers.ChoiceField(["confirmed", "corrected", "taken_back"])


class Reported(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(summary="Answers to a task that were told by telephone", responses=page_of_shape(ReportedShown))
    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        task = Task.objects.get(pk=task_id)
        rows = ReportedAnswer.objects.filter(task=task).select_related("reporter", "task", "voice")
        return answer(page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True).shown(_shown))

    @extend_schema(
        summary="Answer a task for an organisation that was reached by telephone",
        description="A person's own session of the lead or the deputy lead. Never over what the organisation itself"
        " said: its answer can only be gone on with. The same again answers the one that stands.",
        request=ReportedSaid,
        responses={201: ReportedShown},
        examples=example(
            status="done", said_by="Grace Okafor", said_role="Duty officer", number="+44 1632 960001", words="At 08:20."
        ),
    )
    def post(self, request: Request, task_id: UUID) -> HttpResponse:
        said = {name: value for name, value in body_of(request, ReportedSaid).items() if value is not None}
        made = report_task(task_id=task_id, said=Said(**said), actor=actor_of(self.visitor))
        return answer(_shown(made), status=201)


class SettleReported(Endpoint):
    scopes = {"post": PERSON}

    @extend_schema(
        summary="Say whether an answer in your name is right; take back within 60 seconds what you wrote",
        request=SettleSaid,
        responses={200: ReportedShown},
        examples=example(how="corrected"),
    )
    def post(self, request: Request, report_id: UUID) -> HttpResponse:
        how = body_of(request, SettleSaid)["how"]
        return answer(_shown(settle_report(report_id=report_id, how=how, actor=actor_of(self.visitor))))


def _shown(row: ReportedAnswer) -> dict[str, Any]:
    plain, voice = ("id", "status", "said_role", "words", "at", "settled", "settled_at"), voice_of(row)
    return {
        "task": row.task_id,
        **{name: getattr(row, name) for name in plain},
        "said_by": voice.said_by if voice else None,
        "number": voice.number if voice else None,
        "reporter": row.reporter.slug,
        "written_by": row.written_by_name,
        "stands": report_stands(row, row.task),
    }
