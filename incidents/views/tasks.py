"""My tasks, a task's detail, and its answers. Every button is a form of its own and works without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from incidents.errors import Fault, Invalid, NotYours, WrongMoment
from incidents.kept_page import kept_page
from incidents.models import Task
from incidents.my_tasks import mine_of, newest_of
from incidents.seeing import mark_seen
from incidents.task_page import task_page
from incidents.transitions import Answer, answer_task, cancel_task, exempt_task, undo_task, verify_task
from incidents.views.finding import task_or_404
from partners.acting import ALL_OF_IT, OWN_TASKS, actor_of, may_answer, may_open, signed_in
from portal.pages import refuse

LONGEST_REASON = 2000
ANSWER = "answer:"  # before the name of what a step asks for


@require_safe
@signed_in(reach=OWN_TASKS)
def my_tasks(request: HttpRequest) -> HttpResponse:
    return render(request, "incidents/my_tasks.html", {"mine": _mine(request)})


@require_safe
@signed_in(reach=OWN_TASKS)
def my_tasks_fragment(request: HttpRequest) -> HttpResponse:
    return render(request, "incidents/_my_tasks.html", {"mine": _mine(request)})


@require_safe
@signed_in(reach=OWN_TASKS)
def my_tasks_kept(request: HttpRequest) -> HttpResponse:
    """What this browser keeps for when there is no line. Whoever fetches it has not looked at anything."""
    visitor = request.visitor  # type: ignore[attr-defined]
    kept = kept_page(newest_of(visitor.organisation_id), visitor=visitor)
    return render(request, "incidents/my_tasks_kept.html", {"kept": kept})


@require_safe
@signed_in(reach=OWN_TASKS)
def my_tasks_token(request: HttpRequest) -> HttpResponse:
    """For answers that were kept: whose session this is, so that nobody sends another's, and a token to send with."""
    return JsonResponse({"person": str(request.visitor.person_id), "csrf": get_token(request)})  # type: ignore[attr-defined]


def _mine(request: HttpRequest) -> dict[str, Any]:
    visitor = request.visitor  # type: ignore[attr-defined]
    incident = newest_of(visitor.organisation_id)
    if incident is not None:
        mark_seen(incident, actor=actor_of(visitor))
    return mine_of(
        me=visitor.organisation_id,
        person_id=visitor.person_id,
        incident=incident,
        name=visitor.organisation_name,
        manages=may_open(visitor),
        narrow=visitor.reach != "all",
    )


@require_safe
@signed_in(reach=OWN_TASKS)
def task_detail(request: HttpRequest, task_id: UUID) -> HttpResponse:
    task = task_or_404(task_id)
    return render(request, "incidents/task.html", task_page(task, visitor=request.visitor))  # type: ignore[attr-defined]


def answered(
    act: Callable[[HttpRequest, UUID], Task], *, may: Any, reach: frozenset[str] = OWN_TASKS
) -> Callable[..., HttpResponse]:
    """A view that gives one answer, then shows where the thumb was: the card again, or the task's own page."""

    @require_POST
    @signed_in(may=may, reach=reach)
    def view(request: HttpRequest, task_id: UUID) -> HttpResponse:
        try:
            act(request, task_id)
        except Task.DoesNotExist:
            raise Http404 from None
        except NotYours as refused:
            return refuse(request, 403, str(refused))
        except WrongMoment as refused:
            return refuse(request, 409, str(refused))
        except Invalid as refused:
            if any(fault.pointer == "/confirm" for fault in refused.faults):
                return _ask_again(request, task_id)
            return refuse(request, 422, " ".join(fault.detail for fault in refused.faults))
        if getattr(request, "htmx", False):
            return render(request, "incidents/_my_tasks.html", {"mine": _mine(request)})
        back = request.POST.get("next", "")
        if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return redirect(back)
        return redirect("task-detail", task_id=task_id)

    return view


def _ask_again(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The task's page with what was typed, and what is to be typed."""
    visitor = request.visitor  # type: ignore[attr-defined]
    context = task_page(task_or_404(task_id), visitor=visitor, typed=request.POST.get("confirm", "")[:LONGEST_REASON])
    if (confirm := context["task"]["confirm"]) is not None:
        confirm["given"] = {
            key.removeprefix(ANSWER): request.POST[key] for key in request.POST if key.startswith(ANSWER)
        }
    answer = render(request, "incidents/task.html", context, status=422)
    if getattr(request, "htmx", False):  # a card has no room to type in
        answer = HttpResponse(headers={"HX-Redirect": f"{reverse('task-detail', args=[task_id])}#complete"})
    return answer


def _answers(request: HttpRequest, task_id: UUID) -> dict[str, str]:
    """What was typed in answer to what the step asks, and nothing else.

    Raises:
        Task.DoesNotExist. Invalid: one cannot be kept, whatever its type.
    """
    given = {key.removeprefix(ANSWER): request.POST[key] for key in request.POST if key.startswith(ANSWER)}
    if not given:
        return {}
    asked = {each["name"]: each["words"] for each in Task.objects.select_related("step").get(pk=task_id).asks}
    kept = {name: given[name] for name in given if name in asked and given[name].strip()}
    odd = [name for name, value in kept.items() if "\0" in value or len(value) > LONGEST_REASON]
    if odd:
        words = f"at most {LONGEST_REASON} characters, without odd signs."
        raise Invalid([Fault(f"/answers/{name}", f"{asked[name]}: {words}") for name in odd])
    return kept


def _to(status: str) -> Callable[[HttpRequest, UUID], Task]:
    def act(request: HttpRequest, task_id: UUID) -> Task:
        reason = request.POST.get("reason", "").strip()
        if "\0" in reason or len(reason) > LONGEST_REASON:
            raise Invalid([Fault("/reason", f"Say why in at most {LONGEST_REASON} characters, without odd signs.")])
        answers = _answers(request, task_id)
        confirm = request.POST.get("confirm", "").replace("\0", "")[:LONGEST_REASON]
        said = Answer(reason=reason, answers=answers, confirm=confirm)
        to = request.POST.get("as", status) if status == "declined" else status
        if to not in {status, "not_affected"}:
            to = status
        return answer_task(task_id=task_id, to=to, actor=actor_of(request.visitor), answer=said)  # type: ignore[attr-defined]

    return act


acknowledge = answered(_to("acknowledged"), may=may_answer)
start = answered(_to("in_progress"), may=may_answer)
complete = answered(_to("done"), may=may_answer)
block = answered(_to("blocked"), may=may_answer)
decline = answered(_to("declined"), may=may_answer)
undo = answered(
    lambda request, task_id: undo_task(task_id=task_id, actor=actor_of(request.visitor)),  # type: ignore[attr-defined]
    may=may_answer,
)
verify = answered(
    lambda request, task_id: verify_task(task_id=task_id, actor=actor_of(request.visitor)),  # type: ignore[attr-defined]
    may=may_open,
    reach=ALL_OF_IT,
)
cancel = answered(
    lambda request, task_id: cancel_task(task_id=task_id, actor=actor_of(request.visitor)),  # type: ignore[attr-defined]
    may=may_open,
    reach=ALL_OF_IT,
)
exempt = answered(
    lambda request, task_id: exempt_task(
        task_id=task_id,
        actor=actor_of(request.visitor),  # type: ignore[attr-defined]
        because=request.POST.get("reason", "").replace("\0", ""),
    ),
    may=may_open,
    reach=ALL_OF_IT,
)
