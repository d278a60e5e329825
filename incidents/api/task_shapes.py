"""What callers get of a task: its row in lists, and all that its step says and asks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from rest_framework import serializers

from incidents.api.shapes import NULL
from incidents.models import OwnReference, Task
from incidents.models.task import asks_of
from portal.api.rendering import answer


class TaskListed(serializers.Serializer):
    id = serializers.UUIDField()
    incident = serializers.CharField()
    organisation = serializers.CharField()
    status = serializers.ChoiceField(Task.Status.values)
    step = serializers.IntegerField(help_text="Place in the playbook, from 1.")
    title = serializers.CharField()
    ready = serializers.BooleanField(help_text="False until the steps before it are settled: accept it, start later.")
    containing = serializers.BooleanField(help_text="Whether the organisation counts as contained only with it.")
    acknowledge_by = serializers.DateTimeField(**NULL)
    finish_by = serializers.DateTimeField(**NULL)
    reason = serializers.CharField()
    changed_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField(**NULL)
    done_at = serializers.DateTimeField(**NULL)
    version = serializers.IntegerField(help_text="Grows with every change; also the ETag.")
    own_reference = serializers.CharField(**NULL)
    exempt_because = serializers.CharField(
        help_text="Why the lead let the organisation off the step; empty where it did not."
    )


class Technique(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()


class Instruction(serializers.Serializer):
    """A command that the playbook carries. The portal never runs it."""

    kind = serializers.CharField()
    text = serializers.CharField()


class AskShown(serializers.Serializer):
    """What whoever completes the step answers."""

    name = serializers.CharField(help_text="By it the answer stands in the `answers` of `complete`.")
    type = serializers.CharField(help_text="A type of variable of CACAO 2.0, such as bool, integer or ipv4-addr.")
    words = serializers.CharField(help_text="The question.")
    needed = serializers.BooleanField(
        help_text="The plan goes on by the answer: it has to be given, and the lead reads it. Others stay at home."
    )


class StepShown(serializers.Serializer):
    do = serializers.CharField()
    why = serializers.CharField()
    who = serializers.CharField()
    stops = serializers.CharField()
    worked = serializers.CharField()
    undo = serializers.CharField()
    cannot = serializers.CharField()
    evidence = serializers.CharField(help_text="What to keep as proof.")
    typed_confirmation = serializers.BooleanField(
        help_text="It stops what stands on the system: `complete` may ask for `confirm`, the name of a service."
    )
    d3fend = Technique(many=True)
    instructions = Instruction(many=True)
    asks = AskShown(many=True)


class TaskShown(TaskListed):
    details = StepShown()


PLAIN = (
    "id", "status", "position", "title", "ready", "containing", "acknowledge_by", "finish_by", "reason", "changed_at",
    "acknowledged_at", "done_at", "version", "own_reference", "reference", "slug", "exempt_because",
)  # fmt: skip
STEP = {
    "do": "do_this", "why": "why", "who": "who", "stops": "stops", "worked": "worked", "undo": "undo",
    "cannot": "cannot", "evidence": "evidence", "typed_confirmation": "typed_confirmation", "d3fend": "d3fend",
    "instructions": "instructions", "asks": "answers",
}  # fmt: skip


def tasks_shown() -> QuerySet[Task, dict[str, Any]]:
    """Tasks as rows with what `task_listed` needs, in no order."""
    own = OwnReference.objects.filter(task=OuterRef("pk")).values("text")[:1]
    rows = Task.objects.order_by().annotate(
        slug=F("organisation__slug"), reference=F("incident__reference"), own_reference=Subquery(own)
    )
    return rows.values(*PLAIN)


def task_listed(row: dict[str, Any]) -> dict[str, Any]:
    said = {"organisation": row["slug"], "incident": row["reference"], "step": row["position"]}
    return {name: said[name] if name in said else row[name] for name in TASK_KEYS}


TASK_KEYS = tuple(TaskListed().fields)


def task_answer(task_id: UUID) -> HttpResponse:
    """One task with its step and its ETag. One query. Raises: Task.DoesNotExist."""
    columns = {f"step_{name}": F(f"step__{column}") for name, column in STEP.items()}
    row = tasks_shown().annotate(**columns, around=F("asked_around")).get(pk=task_id)
    details = {name: row[f"step_{name}"] for name in STEP}
    details["asks"] = [
        {"name": each["name"], "type": each["kind"], "words": each["words"], "needed": each["deciding"]}
        for each in asks_of(details["asks"], row["around"])
    ]
    shown = task_listed(row) | {"details": details}
    return answer(shown, headers={"ETag": tag_of(row["version"])})


def tag_of(version: int) -> str:
    return f'"{version}"'
