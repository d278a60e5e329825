"""Answers by telephone: the lead writes one down on the task's page, its organisation says whether it is right."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.by_telephone.forms import WORDS, ReportForm
from incidents.by_telephone.writing import Said, report_task, settle_report
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import ReportedAnswer
from incidents.task_page import task_page
from incidents.views.finding import task_or_404
from incidents.views.tasks import ANSWER
from partners.acting import OWN_TASKS, actor_of, may_answer, may_open, signed_in
from portal.pages import refuse


@require_POST
@signed_in(may=may_open)
def report(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The lead or the deputy lead writes down what an organisation said."""
    visitor = request.visitor  # type: ignore[attr-defined]
    task, status = task_or_404(task_id), 422
    form = ReportForm(request.POST, choices=list(WORDS.items()))
    if form.is_valid():
        given = {key.removeprefix(ANSWER): request.POST[key] for key in request.POST if key.startswith(ANSWER)}
        try:
            report_task(task_id=task_id, said=Said(**form.cleaned_data, answers=given), actor=actor_of(visitor))
        except Invalid as wrong:
            for fault in wrong.faults:
                name = fault.pointer.strip("/")
                form.add_error(name if name in form.fields else None, fault.detail)
        except NotYours as refused:
            return refuse(request, 403, str(refused))
        except WrongMoment as refused:
            form.add_error(None, str(refused))
            status = 409
        else:
            messages.success(request, _("Written down. They read it in their name, and can say that it is not right."))
            return redirect("task-detail", task_id=task_id)
    context = task_page(task, visitor=visitor, reported=form)
    if context["task"]["reported"]["form"] is None:  # not theirs, or not now: there is no form to show it on
        refused_because = " ".join(str(each) for errors in form.errors.values() for each in errors)
        return refuse(request, status, refused_because)
    return render(request, "incidents/task.html", context, status=status)


@require_POST
@signed_in(may=may_answer, reach=OWN_TASKS)
def settle(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Its organisation confirms or corrects it; whoever wrote it takes it back within a minute."""
    try:
        found = settle_report(report_id=report_id, how=request.POST.get("how", ""), actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    except ReportedAnswer.DoesNotExist:
        raise Http404 from None
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except WrongMoment as refused:
        return refuse(request, 409, str(refused))
    except Invalid as refused:
        return refuse(request, 422, " ".join(fault.detail for fault in refused.faults))
    return redirect("task-detail", task_id=found.task_id)
