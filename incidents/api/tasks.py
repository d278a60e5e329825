"""/tasks/: one task, and the answers to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from incidents.api.task_forms import CheckForm, CompleteForm, DeclineForm, ExemptForm, NoteForm, ReasonForm
from incidents.api.task_shapes import TaskShown, tag_of, task_answer
from incidents.models import Task
from incidents.transitions import Answer, answer_task, cancel_task, exempt_task, undo_task, verify_task
from partners.acting import actor_of
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.etags import check_match
from portal.api.fields import Empty, Strict
from portal.ledger.record import Actor


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
    sample: dict[str, Any] | None = None,
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
Complete = action(
    "Complete",
    _answer_as("done"),
    form=CompleteForm,
    summary="It is done, with the answers that the step asks for",
    sample={"note": "Closed at the gateway.", "answers": {"__hit__": True, "__count__": 12}},
)
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
Exempt = action(
    "Exempt",
    lambda task_id, said, actor: exempt_task(task_id=task_id, actor=actor, because=said["reason"]),
    form=ExemptForm,
    scopes=("open",),
    narrow=False,
    summary="The lead lets the organisation off the step, and says why. Never a key",
    sample={"reason": "They left the platform in 2017."},
)
