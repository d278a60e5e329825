"""Pages of planned work: announce it, read it, answer it, say how it goes on. The list stands among the incidents'."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents import planned
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import PlannedWork
from incidents.planned_forms import AnswerForm, MoveForm, PlannedForm
from incidents.planned_pages import page_of, preview_of
from partners.acting import may_answer, may_open, signed_in
from portal import clock
from portal.pages import local_time, refuse

SAID = {
    "started": lazy("Written down: it is under way."),
    "moved": lazy("Moved. Everybody whom it reaches is told, and asked again."),
    "extended": lazy("Written down. Everybody whom it reaches is told that it takes longer."),
    "finished": lazy("Finished. Everybody who was told hears of it."),
    "cancelled": lazy("Called off. Everybody who was told hears of it."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
def new(request: HttpRequest) -> HttpResponse:
    """One page: nothing is written or sent before it was shown who is reached."""
    visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    form = PlannedForm(request.POST if request.method == "POST" else None, me=me)
    if not form.known_systems:
        raise PermissionDenied(
            _("Only whoever hosts or administers a system announces work on it. Your organisation has none.")
        )
    preview = None
    announcing = request.POST.get("step") == "announce"
    try:
        if request.method == "POST" and form.is_valid() and announcing:
            work = planned.announce(form.announcement(), me=me)
            messages.success(request, _("Announced. Each organisation that it reaches is asked to say that it knows."))
            return redirect("planned-detail", reference=work.reference)
        if request.method == "POST" and "systems" not in form.errors:
            preview = preview_of(planned.reached_by(form.cleaned_data["systems"], me=me))
    except Invalid as refused:
        _show_faults(form, refused)
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    if not announcing:  # a preview asks only what is worked on; what is still empty is no mistake yet
        for name in [each for each in form.errors if each != "systems" and not form[each].data]:
            form.errors.pop(name)
    systems = [(system.slug, system.name, system.description) for system in form.known_systems]
    context = {"form": form, "systems": systems, "preview": preview}
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, "incidents/planned_new.html", context, status=status)


def _show_faults(form: Form, refused: Invalid) -> None:
    for fault in refused.faults:
        field = fault.pointer.strip("/").partition("/")[0]
        form.add_error(field if field in form.fields else None, fault.detail)


def work_or_404(reference: str) -> PlannedWork:
    work = PlannedWork.objects.select_related("announced_by").filter(reference=reference).first()
    if work is None:
        raise Http404
    return work


@require_safe
@signed_in
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, work_or_404(reference))


def _page(
    request: HttpRequest, work: PlannedWork, *, form: Form | None = None, act: str = "", status: int = 422
) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    shown = page_of(
        work, me=visitor.organisation_id, now=clock.now(), manages=may_open(visitor), answers=may_answer(visitor)
    )
    forms: dict[str, Any] = {each: MoveForm(initial=_now_planned(work), auto_id=f"{each}_%s") for each in shown["acts"]}
    if act in forms:
        forms[act] = form
    context = {
        "work": shown,
        "moves": [(each, forms[each]) for each in shown["acts"]],
        "answer_form": form if act == "answer" else AnswerForm(),
        "wrong": form,
    }
    return render(request, "incidents/planned_detail.html", context, status=status if form is not None else 200)


def _now_planned(work: PlannedWork) -> dict[str, Any]:
    return {"starts_at": work.starts_at, "ends_at": work.ends_at}


@require_POST
@signed_in(may=may_answer)
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    work = work_or_404(reference)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, work, form=form, act="answer")
    try:
        changed = planned.answer(work, **form.cleaned_data)
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except WrongMoment as refused:
        form.add_error(None, str(refused))
        return _page(request, work_or_404(reference), form=form, act="answer", status=409)
    if changed:
        said = {"at": local_time(clock.now(), "%H:%M:%S"), "name": work.announced_by.name}
        messages.success(request, _("Written down at %(at)s. %(name)s can see it.") % said)
    return redirect("planned-detail", reference=reference)


@require_POST
@signed_in(may=may_open)
def move(request: HttpRequest, reference: str) -> HttpResponse:
    work = work_or_404(reference)
    if work.announced_by_id != request.visitor.organisation_id:  # type: ignore[attr-defined]
        raise Http404
    form = MoveForm(request.POST, auto_id=f"{request.POST.get('act', '')}_%s")
    if form.is_valid():
        said = form.cleaned_data
        try:
            changed = planned.move(
                work, act=said["act"], words=said["words"], starts_at=said["starts_at"], ends_at=said["ends_at"]
            )
        except NotYours as refused:
            return refuse(request, 403, str(refused))
        except WrongMoment as refused:
            form.add_error(None, str(refused))
        else:
            if changed:
                messages.success(request, SAID[said["act"]])
            return redirect("planned-detail", reference=reference)
    return _page(request, work, form=form, act=request.POST.get("act", ""))
