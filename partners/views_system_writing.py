"""Pages on which whoever runs a system says what it is, who stands on it and what it is made of."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners import systems
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_estate import AddedForm, SystemForm
from partners.forms_rows import ComponentRow, Rows, SegmentRow
from partners.models import Organisation, Participation, SharedSystem
from partners.stepping_up import fresh
from partners.views_systems import system_or_404
from portal.pages import refuse

GET_OR_POST = ["GET", "HEAD", "POST"]


def run_by_viewer(request: HttpRequest, slug: str) -> SharedSystem:
    """A system that the viewer's organisation owns or provides."""
    system = system_or_404(slug)
    if request.visitor.organisation_id not in {system.owner_id, system.provider_id}:  # type: ignore[attr-defined]
        raise PermissionDenied(_("Only whoever owns or provides this system writes here."))
    return system


def who_checks(request: HttpRequest) -> str:
    visitor = request.visitor  # type: ignore[attr-defined]
    return f"{visitor.name}, {visitor.organisation_name}"


def _columns(form: SystemForm, request: HttpRequest) -> dict[str, Any]:
    checked = systems.checked_now(who_checks(request)) if form.cleaned_data["checked"] else {}
    return {**form.columns(), **checked}


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def add(request: HttpRequest) -> HttpResponse:
    """A system that one owns or provides. Who else stands on it is said on its page."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    organisations = list(Organisation.objects.all())
    own = next(each for each in organisations if each.pk == me)
    role = "provider" if own.kind == Organisation.Kind.PROVIDER else "owner"
    initial = {"adding": True, "status": SharedSystem.Status.LIVE, role: str(me)}
    form = SystemForm(
        request.POST if request.method == "POST" else None, initial=initial, organisations=organisations, me=me
    )
    if request.method == "POST" and form.is_valid():
        try:
            system = systems.add_system(_columns(form, request))
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Added. Say next who stands on it, and what leads into it."))
            return redirect("system-detail", slug=system.slug)
    context = {"form": form, "system": None}
    return render(request, "partners/system_change.html", context, status=422 if form.errors else 200)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def change(request: HttpRequest, slug: str) -> HttpResponse:
    system = run_by_viewer(request, slug)
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    now = _as_typed(system)
    initial = {**now, "seen": str(system.version)}
    organisations = list(Organisation.objects.all())
    form = SystemForm(
        request.POST if request.method == "POST" else None, initial=initial, organisations=organisations, me=me
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                seen = form.cleaned_data["seen"]
                version = int(seen) if seen.isascii() and seen.isdecimal() else 0
                systems.change_system(system, _columns(form, request), seen=version)
            except systems.Changed:
                form.keep_over(str(system.version), now)
                status = 409
            except NotAllowed as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, _("Written down, for everybody on the system to read."))
                return redirect("system-detail", slug=system.slug)
    return render(request, "partners/system_change.html", {"form": form, "system": system}, status=status)


def _as_typed(system: SharedSystem) -> dict[str, Any]:
    """The system as the form shows it."""
    plain = (
        "name", "spoken", "description", "hosting", "administered_by", "status", "safety_critical", "people_dependent",
        "cut_stops", "data_categories", "recovery_time_hours", "recovery_point_hours",
    )  # fmt: skip
    return {
        **{name: getattr(system, name) for name in plain},
        "provider": str(system.provider_id or ""),
        "owner": str(system.owner_id or ""),
        "account_realms": ", ".join(system.account_realms),
    }


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def organisations(request: HttpRequest, slug: str) -> HttpResponse:
    """Who stands on a system: add one, say that one has left, take one off that says it does not stand there."""
    system = run_by_viewer(request, slug)
    stands = list(Participation.objects.filter(system=system).select_related("organisation"))
    stands.sort(key=lambda each: each.organisation.name)
    there = {each.organisation_id for each in stands}
    missing = [each for each in Organisation.objects.all() if each.pk not in there]
    act = request.POST.get("act", "")
    form = AddedForm(request.POST if act == "add" else None, organisations=missing)
    try:
        if act == "add" and form.is_valid():
            added = next(each for each in missing if each.slug == form.cleaned_data["organisation"])
            systems.add_organisation(system, added.pk)
            return _done(request, system, _("Added. %(name)s counts from now on, and is asked to confirm."), added.name)
        if act in {"left", "remove"}:
            stand = next((each for each in stands if str(each.pk) == request.POST.get("stand")), None)
            if stand is None:
                raise Http404
            if act == "left":
                systems.mark_left(stand)
                return _done(
                    request,
                    system,
                    _("Written down: %(name)s has left and is still connected."),
                    stand.organisation.name,
                )
            systems.remove_stand(stand)
            return _done(request, system, _("%(name)s is taken off."), stand.organisation.name)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    if request.method == "POST" and act != "add":
        return refuse(request, 422, _("Choose what to do."))
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    rows = [
        {
            "id": each.pk,
            "name": each.organisation.name,
            "left": each.status == Participation.Status.LEFT_CONNECTED,
            "confirmed": each.confirmed_at,
            "denied": each.denied_at,
            "may_remove": each.denied_at is not None or each.organisation_id == me,
        }
        for each in stands
    ]
    context = {"system": system, "rows": rows, "form": form, "missing": missing}
    return render(request, "partners/system_organisations.html", context, status=422 if form.errors else 200)


def _done(request: HttpRequest, system: SharedSystem, sentence: str, name: str) -> HttpResponse:
    messages.success(request, sentence % {"name": name})
    return redirect("system-organisations", slug=system.slug)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def parts(request: HttpRequest, slug: str) -> HttpResponse:
    """Components, for everybody on the system to read, and segments, for whoever runs it alone."""
    system = run_by_viewer(request, slug)
    components, segments = systems.parts_of(system)
    state = systems.state_of_parts(components, segments)
    data = request.POST if request.method == "POST" else None
    made_of = Rows(ComponentRow, "component", data, [_row(each, systems.OF_A_COMPONENT) for each in components])
    within = Rows(SegmentRow, "segment", data, [_row(each, systems.OF_A_SEGMENT) for each in segments])
    status, problem, seen = 200, "", state
    if data is not None:
        status, seen = 422, data.get("seen", "")
        if made_of.is_valid() & within.is_valid():
            try:
                systems.keep_parts(system, made_of.values(), within.values(), seen=seen)
            except systems.Changed:
                status, seen, problem = 409, state, _changed([str(each) for each in [*components, *segments]])
            except NotAllowed as refused:
                problem = str(refused)
            else:
                messages.success(request, _("Written down."))
                return redirect("system-detail", slug=system.slug)
    errors = [*([("", problem)] if problem else []), *made_of.errors(), *within.errors()]
    context = {"system": system, "components": made_of, "segments": within, "seen": seen, "errors": errors}
    return render(request, "partners/system_parts.html", context, status=status)


def _row(row: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {"id": row.pk, **{name: getattr(row, name) for name in fields}}


def _changed(there: list[str]) -> str:
    return _(
        "Somebody changed this meanwhile. Nothing of yours is lost: look, and press again. Now there: %(names)s."
    ) % {"names": ", ".join(there) or _("nothing")}
