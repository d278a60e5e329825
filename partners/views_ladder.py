"""Who is called when nobody answers: the rungs of an organisation's ladder, and how long each has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from partners.acting import may_open, signed_in
from partners.duty import person_on_duty
from partners.forms_ladder import NAMED, LadderForm
from partners.history import history_of
from partners.ladder import DEFAULT_MINUTES
from partners.models import Band, Change, ContactPoint, LadderRung, LadderTime, Person, Rung
from partners.models.ladder import BOUNDS
from partners.stepping_up import fresh
from portal import clock

KINDS = {"ladder_rung": lazy("Rung"), "ladder_time": lazy("Time")}
MOST = 100
FIELDS = {"person_id": lazy("Person"), "rung": lazy("Rung"), "band": lazy("Severity"), "minutes": lazy("Minutes")}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def ladder(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _change(request)
    return _page(request, None)


@signed_in(may=may_open)
@fresh
def _change(request: HttpRequest) -> HttpResponse:
    form = _form(request.POST)
    if not form.is_valid():
        return _page(request, form)
    organisation_id = request.visitor.organisation_id  # type: ignore[attr-defined]
    _keep_rungs({rung: form.cleaned_data[rung.value] for rung in NAMED}, organisation_id)
    _keep_times({band: form.cleaned_data[band.value] for band in Band}, organisation_id)
    messages.success(request, _("Kept."))
    return redirect("ladder-rungs")


def _keep_rungs(said: dict[Rung, str], organisation_id: UUID) -> None:
    """Only what differs is written, so that the history holds what was changed and nothing else."""
    before = {each.rung: each for each in LadderRung.objects.all()}
    for rung, person in said.items():
        row = before.get(rung.value)
        if row is not None and str(row.person_id) != person:
            row.delete()
        if person and (row is None or str(row.person_id) != person):
            LadderRung.objects.create(organisation_id=organisation_id, rung=rung.value, person_id=UUID(person))


def _keep_times(said: dict[Band, int | None], organisation_id: UUID) -> None:
    before = {each.band: each for each in LadderTime.objects.all()}
    for band, minutes in said.items():
        row = before.get(band.value)
        wanted = None if minutes == DEFAULT_MINUTES[band] else minutes
        if row is None and wanted is not None:
            LadderTime.objects.create(organisation_id=organisation_id, band=band.value, minutes=wanted)
        elif row is not None and wanted is None:
            row.delete()
        elif row is not None and row.minutes != wanted:
            row.minutes = wanted  # type: ignore[assignment]
            row.save(update_fields=["minutes"])


def _people() -> list[Person]:
    """Those who may stand on a rung: people who are there, and no machine, guest or break-glass account."""
    left_out = [Person.Role.SERVICE_ACCOUNT, Person.Role.GUEST]
    return list(Person.objects.filter(is_active=True, break_glass=False).exclude(role__in=left_out).order_by("name"))


def _form(data: Any, initial: dict[str, Any] | None = None) -> LadderForm:
    return LadderForm(data, people=_people(), initial=initial, auto_id="ladder-%s")


def _page(request: HttpRequest, bound: LadderForm | None) -> HttpResponse:
    rows, times = list(LadderRung.objects.all()), list(LadderTime.objects.all())
    own = {each.band: each.minutes for each in times}
    minutes = {band: own.get(band.value, DEFAULT_MINUTES[band]) for band in Band}
    named = {each.rung: each.person_id for each in rows}
    names = dict(Person.objects.values_list("pk", "name"))
    active = set(Person.objects.filter(is_active=True).values_list("pk", flat=True))
    reached = {
        each.person_id
        for each in ContactPoint.objects.filter(is_active=True, host="").only("person_id")
        if each.person_id
    }
    on_duty = person_on_duty(clock.now())
    may = may_open(request.visitor)  # type: ignore[attr-defined]
    initial = {rung: str(person) for rung, person in named.items()} | {band.value: minutes[band] for band in Band}
    history = history_of(
        *Change.objects.filter(kind__in=KINDS).values_list("object_id", flat=True)[:MOST],
        me=request.visitor.organisation_id,  # type: ignore[attr-defined]
        fields=FIELDS,
        names={str(pk): name for pk, name in names.items()},
        kinds=KINDS,
    )
    context = {
        "rungs": [
            {
                "name": capfirst(rung.label),
                "who": _who(rung, on_duty, named, names),
                "warning": _warning(rung, named, active, reached),
            }
            for rung in Rung
        ],
        "bands": [
            {
                "field": band.value,
                "name": str(band.label),
                "minutes": minutes[band],
                "hint": _("From %(least)s to %(most)s minutes; %(usual)s unless you say otherwise.")
                % {"least": BOUNDS[band][0], "most": BOUNDS[band][1], "usual": DEFAULT_MINUTES[band]},
            }
            for band in Band
        ],
        "named": bool(named),
        "form": (bound or _form(None, initial)) if may else None,
        "selects": [(rung.value, capfirst(rung.label)) for rung in NAMED],
        "history": history,
        "address": reverse("ladder-rungs"),
    }
    return render(request, "partners/ladder.html", context, status=422 if bound is not None else 200)


def _who(rung: Rung, on_duty: UUID | None, named: dict[str, UUID], names: dict[UUID, str]) -> str:
    if rung is Rung.DUTY:
        if on_duty in names:
            return _("%(name)s by the rota now, and the duty desk") % {"name": names[on_duty]}
        return _("the duty desk; nobody of yours is on duty by the rota now")
    return names.get(named[rung.value], "") if rung.value in named else _("nobody")


def _warning(rung: Rung, named: dict[str, UUID], active: set[UUID], reached: set[Any]) -> str:
    """Why this rung would be left out."""
    person = named.get(rung.value)
    if rung is Rung.DUTY:
        return ""
    if person is None:
        return _("left out")
    if person not in active:
        return _("left out: they have left")
    return "" if person in reached else _("left out: no way to reach them is recorded")
