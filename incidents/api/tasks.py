"""/tasks/: one task, and the answers to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.forms import CheckForm, CompleteForm, DeclineForm, NoteForm, ReasonForm
from incidents.api.shapes import NULL
from incidents.models import OwnReference, Task
from incidents.transitions import Answer, answer_task, cancel_task, undo_task, verify_task
from partners.acting import actor_of
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.etags import check_match
from portal.api.fields import Empty, Strict
from portal.api.rendering import answer
from portal.ledger.record import Actor


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


class Technique(serializers.Serializer):
    id = serializers.CharField()
    name = serializers.CharField()


class Instruction(serializers.Serializer):
    """A command that the playbook carries. The portal never runs it."""

    kind = serializers.CharField()
    text = serializers.CharField()


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


class TaskShown(TaskListed):
    details = StepShown()


PLAIN = (
    "id", "status", "position", "title", "ready", "containing", "acknowledge_by", "finish_by", "reason", "changed_at",
    "acknowledged_at", "done_at", "version", "own_reference", "reference", "slug",
)  # fmt: skip
STEP = {
    "do": "do_this", "why": "why", "who": "who", "stops": "stops", "worked": "worked", "undo": "undo",
    "cannot": "cannot", "evidence": "evidence", "typed_confirmation": "typed_confirmation", "d3fend": "d3fend",
    "instructions": "instructions",
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
    row = tasks_shown().annotate(**columns).get(pk=task_id)
    shown = task_listed(row) | {"details": {name: row[f"step_{name}"] for name in STEP}}
    return answer(shown, headers={"ETag": tag_of(row["version"])})


def tag_of(version: int) -> str:
    return f'"{version}"'


class OneTask(Endpoint):
    narrow = True

    @extend_schema(summary="One task with all that its step says", responses=TaskShown)
    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        return task_answer(task_id)


Act = Callable[[UUID, dict[str, Any], Actor], Any]


class TaskAction(Endpoint):
    """One thing that can be done to a task. Doing it twice changes nothing the second time."""

    scopes = {"post": ("answer",)}
    form: ClassVar[type[Strict]] = NoteForm
    act: ClassVar[Act]

    def post(self, request: Request, task_id: UUID) -> HttpResponse:
        said = body_of(request, self.form)
        if request.headers.get("If-Match") is not None:
            task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
            check_match(request, tag_of(task.version))
        type(self).act(task_id, said, actor_of(self.visitor))
        return task_answer(task_id)


def _answer_as(to: str) -> Act:
    def act(task_id: UUID, said: dict[str, Any], actor: Actor) -> None:
        status = said.get("as", to)
        given = Answer(
            reason=said.get("reason", ""),
            note=said.get("note", ""),
            answers=said.get("answers"),
            confirm=said.get("confirm", ""),
        )
        answer_task(task_id=task_id, to=status, actor=actor, answer=given)

    return act


def action(
    name: str,
    act: Act,
    *,
    summary: str,
    form: type[Strict] = NoteForm,
    scopes: tuple[str, ...] = ("answer",),
    narrow: bool = True,
    sample: dict[str, str] | None = None,
) -> type[TaskAction]:
    """The endpoint that does `act`; `sample` is a body for the documentation, `narrow` as `Endpoint` has it."""
    does = {"act": staticmethod(act), "form": form, "scopes": {"post": scopes}, "narrow": narrow}
    made = type(name, (TaskAction,), does)
    shown = example(**sample) if sample else []
    return extend_schema(methods=["POST"], summary=summary, request=form, responses={200: TaskShown}, examples=shown)(
        made
    )


Acknowledge = action("Acknowledge", _answer_as("acknowledged"), summary="We have this")
Start = action("Start", _answer_as("in_progress"), summary="We are doing it")
Complete = action("Complete", _answer_as("done"), form=CompleteForm, summary="It is done")
Block = action(
    "Block",
    _answer_as("blocked"),
    form=ReasonForm,
    summary="We cannot go on, and why",
    sample={"reason": "The firewall password is with the supplier."},
)
Decline = action(
    "Decline",
    _answer_as("declined"),
    form=DeclineForm,
    summary="We do not do it, or it is not for us",
    sample={"reason": "We left the shared mail in May.", "as": "not_affected"},
)
Undo = action(
    "Undo",
    lambda task_id, said, actor: undo_task(task_id=task_id, actor=actor),
    form=Empty,
    summary="Take one's own last answer back, within 60 seconds",
)
Verify = action(
    "Verify",
    lambda task_id, said, actor: verify_task(task_id=task_id, actor=actor),
    form=CheckForm,
    scopes=("open",),
    narrow=False,
    summary="The lead has checked that it is done; for the lead's own tasks the deputy lead. Never a key",
)
Cancel = action(
    "Cancel",
    lambda task_id, said, actor: cancel_task(task_id=task_id, actor=actor),
    form=Empty,
    scopes=("open",),
    narrow=False,
    summary="The lead calls it off",
)
