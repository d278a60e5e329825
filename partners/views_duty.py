"""Who is on duty: the weekly pattern and its exceptions, who answers out of hours, and who is told alongside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partners.acting import may_open, signed_in
from partners.duty import Stretch, Whose, gaps, rota_now, who_is_on_duty
from partners.forms_contacts import WEEKDAYS, AlongsideForm, ContractorForm, OverrideForm, ShiftForm
from partners.models import Contractor, DutyOverride, DutyShift, Person, ToldAlongside
from partners.phone_numbers import spaced
from partners.stepping_up import fresh
from portal import clock
from portal.pages import local_time

AHEAD = timedelta(days=14)
DAY_AND_TIME = "%a %-d %b %H:%M"
REMOVABLE: dict[str, type[models.Model]] = {
    "shift": DutyShift, "override": DutyOverride, "contractor": Contractor, "alongside": ToldAlongside,
}  # fmt: skip
MOST_LINES = 200


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def duty(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _change(request)
    return _page(request, {})


@signed_in(may=may_open)
@fresh
def _change(request: HttpRequest) -> HttpResponse:
    act = request.POST.get("act", "")
    if act in REMOVABLE:
        return _remove(request, REMOVABLE[act])
    if act not in ADDING:
        raise Http404
    form = _forms(request)[act]
    if form.is_valid():
        try:
            with transaction.atomic(using="default"):
                ADDING[act](form, request.visitor.organisation_id)  # type: ignore[attr-defined]
        except IntegrityError:
            form.add_error(None, _("This is there already."))
        else:
            messages.success(request, _("Kept."))
            return redirect("duty-rota")
    return _page(request, {act: form})


def _remove(request: HttpRequest, model: type[models.Model]) -> HttpResponse:
    try:
        found = model._default_manager.filter(pk=request.POST.get("id", "")).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise Http404
    try:
        found.delete()
    except ProtectedError:
        messages.error(request, _("They are on duty in the rota: take them out there first."))
    else:
        messages.success(request, _("Taken out."))
    return redirect("duty-rota")


def _add_shifts(form: Any, organisation_id: Any) -> None:
    said = form.cleaned_data
    DutyShift.objects.bulk_create(
        DutyShift(
            organisation_id=organisation_id,
            weekday=int(weekday),
            starts=said["starts"],
            ends=said["ends"],
            order=said["order"],
            **form.whose_id(),
        )
        for weekday in said["weekdays"]
    )


def _add_override(form: Any, organisation_id: Any) -> None:
    said = form.cleaned_data
    DutyOverride.objects.create(
        organisation_id=organisation_id,
        starts_at=said["starts_at"],
        ends_at=said["ends_at"],
        note=said["note"],
        made_at=clock.now(),
        **form.whose_id(),
    )


def _put_contractor(form: Any, organisation_id: Any) -> None:
    """A name that is there already is brought up to date: lines of the rota go on naming it."""
    said = dict(form.cleaned_data)
    name = said.pop("name")
    if not Contractor.objects.filter(name=name).update(**said):
        Contractor.objects.create(organisation_id=organisation_id, name=name, **said)


def _add_alongside(form: Any, organisation_id: Any) -> None:
    said = form.cleaned_data
    ToldAlongside.objects.create(
        organisation_id=organisation_id,
        role=said["role"],
        person_id=said["person"],
        severity=int(said["severity"]) if said["severity"] else None,
    )


ADDING: dict[str, Callable[[Any, Any], None]] = {
    "add-shift": _add_shifts,
    "add-override": _add_override,
    "add-contractor": _put_contractor,
    "add-alongside": _add_alongside,
}


def _forms(request: HttpRequest) -> dict[str, Form]:
    """A form for each act; only the one that was sent is bound."""
    people = [
        each
        for each in Person.objects.filter(is_active=True, break_glass=False)
        if each.role not in {Person.Role.SERVICE_ACCOUNT, Person.Role.GUEST}
    ]
    contractors = list(Contractor.objects.all())
    act = request.POST.get("act") if request.method == "POST" else None

    def data(name: str) -> Any:
        return request.POST if act == name else None

    return {
        "add-shift": ShiftForm(
            data("add-shift"), people=people, contractors=contractors, auto_id="shift-%s", initial={"order": 1}
        ),
        "add-override": OverrideForm(
            data("add-override"), people=people, contractors=contractors, auto_id="override-%s"
        ),
        "add-contractor": ContractorForm(data("add-contractor"), auto_id="contractor-%s"),
        "add-alongside": AlongsideForm(data("add-alongside"), people=people, auto_id="alongside-%s"),
    }


def _page(request: HttpRequest, bound: dict[str, Form]) -> HttpResponse:
    now = clock.now()
    rota = rota_now(now)
    names = dict(Person.objects.values_list("pk", "name"))
    contractors = list(Contractor.objects.all())
    outside = {each.pk: each for each in contractors}

    def name_of(whose: Whose | None) -> str:
        if whose is None:
            return _("nobody")
        return names.get(whose.person_id, "") if whose.person_id else outside[whose.contractor_id].name  # type: ignore[index]

    on_duty = who_is_on_duty(rota, now)
    may = may_open(request.visitor)  # type: ignore[attr-defined]
    days = dict(WEEKDAYS)
    forms = {**_forms(request), **bound} if may else {}
    context = {
        "kept": bool(rota),
        "on_duty": name_of(on_duty),
        "nobody": on_duty is None,
        "ahead": _ahead(gaps(rota, now, now + AHEAD)) if rota else [],
        "shifts": [
            {
                "id": shift.pk,
                "day": str(days[shift.weekday]),
                "hours": f"{shift.starts:%H:%M}–{shift.ends:%H:%M}",
                "next_day": shift.ends <= shift.starts,
                "who": name_of(Whose(shift.person_id, shift.contractor_id)),
                "order": shift.order,
            }
            for shift in DutyShift.objects.all()[:MOST_LINES]
        ],
        "overrides": [
            {
                "id": each.pk,
                "from": local_time(each.starts_at, DAY_AND_TIME),
                "until": local_time(each.ends_at, DAY_AND_TIME),
                "who": name_of(Whose(each.person_id, each.contractor_id)),
                "note": each.note,
            }
            for each in DutyOverride.objects.filter(ends_at__gt=now)[:MOST_LINES]
        ],
        "contractors": [
            {
                "id": each.pk,
                "name": each.name,
                "number": each.number,
                "spoken": spaced(each.number),
                "hours": each.hours,
                "script": each.script,
            }
            for each in contractors
        ],
        "alongside": _alongside(names),
        "forms": {name.replace("-", "_"): form for name, form in forms.items()},
        "address": reverse("duty-rota"),
    }
    failed = any(form.errors for form in bound.values())
    return render(request, "partners/duty.html", context, status=422 if failed else 200)


def _ahead(found: list[Stretch]) -> list[str]:
    return [
        _("%(begins)s to %(ends)s")
        % {"begins": local_time(each.starts_at, DAY_AND_TIME), "ends": local_time(each.ends_at, DAY_AND_TIME)}
        for each in found
    ]


def _alongside(names: dict[Any, str]) -> list[dict[str, Any]]:
    """Every role, also those that nobody is named for."""
    rows = list(ToldAlongside.objects.all())
    return [
        {
            "role": str(role.label),
            "people": [
                {
                    "id": row.pk,
                    "name": names.get(row.person_id, ""),
                    "from": _("category %(n)s or worse") % {"n": row.severity} if row.severity else _("always"),
                }
                for row in rows
                if row.role == role
            ],
        }
        for role in ToldAlongside.Role
    ]
