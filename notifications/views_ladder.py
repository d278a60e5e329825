"""Passing an incident on to a colleague, and what the deliveries page says of ladders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from incidents.models import Incident
from incidents.views.finding import incident_or_404
from notifications import ladder
from notifications.models import LadderStep
from partners import approvals
from partners.acting import may_answer, signed_in
from partners.models import ContactPoint, Person, Rung
from partners.stepping_up import fresh

WHY_NOT = {
    "over": lazy("Nothing is waiting for an answer any more: somebody has answered, or the incident is closed."),
    "not_told": lazy("Only somebody who was told of this incident can pass it on."),
    "nobody": lazy("Choose a colleague of yours."),
    "again": lazy("This was passed on once already. When they do not answer in time, the next one is called."),
}


class PassOnForm(forms.Form):
    """Whom to call. `people` are (id, words)."""

    person = forms.ChoiceField(error_messages={"required": WHY_NOT["nobody"], "invalid_choice": WHY_NOT["nobody"]})

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = people
        self.fields["person"].choices = [("", _("Choose")), *people]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_answer)
@fresh
def pass_on(request: HttpRequest, reference: str) -> HttpResponse:
    """A colleague is called next, with the time of a rung."""
    incident = incident_or_404(reference)
    form = PassOnForm(request.POST if request.method == "POST" else None, people=_colleagues(request))
    if form.is_bound:
        said = _passed_on(incident, form.cleaned_data["person"]) if form.is_valid() else "nobody"
        if said == "done":
            messages.success(request, _("Passed on. Your colleague is called now."))
            return redirect("incident-deliveries", incident.reference)
        if not form.errors:
            form.add_error("person", str(WHY_NOT[said]))
    context = {
        "incident": {"reference": incident.reference, "title": incident.title, "href": _board(incident)},
        "form": form if form.people else None,
        "address": reverse("incident-pass-on", args=[incident.reference]),
    }
    return render(request, "notifications/pass_on.html", context, status=422 if form.errors else 200)


def _passed_on(incident: Incident, chosen: str) -> str:
    try:
        return ladder.pass_on(incident.pk, UUID(chosen))
    except (ValueError, approvals.NotAllowed):
        return "nobody"


def _board(incident: Incident) -> str:
    return reverse("incident-board", args=[incident.reference])


def _colleagues(request: HttpRequest) -> list[tuple[str, str]]:
    """One's colleagues by id, and whether a way to reach them is recorded. Two queries."""
    reached = set(ContactPoint.objects.filter(is_active=True, host="").values_list("person_id", flat=True))
    left_out = [Person.Role.SERVICE_ACCOUNT, Person.Role.GUEST]
    people = Person.objects.filter(is_active=True, break_glass=False).exclude(role__in=left_out)
    return [
        (
            str(each.pk),
            (f"{each.name}, {each.duty}" if each.duty else each.name)
            + ("" if each.pk in reached else f" ({_('no way to reach them is recorded')})"),
        )
        for each in people.exclude(pk=request.visitor.person_id).order_by("name")  # type: ignore[attr-defined]
    ]


def ladders_of(incident: Incident, names: dict[Any, str]) -> list[dict[str, Any]]:
    """The steps of every ladder that the reader may see, by organisation and in their order. One query."""
    steps = LadderStep.objects.filter(incident=incident).order_by("organisation__name", "nth")
    return [
        {
            "organisation": each["organisation__name"],
            "rung": _rung(each, names),
            "at": each["begun_at"],
            "state": str(LadderStep.State(each["state"]).label),
            "until": each["due_at"] if each["state"] == LadderStep.State.WAITING else None,
            "because": each["because"],
        }
        for each in steps.values(
            "organisation__name", "rung", "round", "person_id", "begun_at", "state", "due_at", "because"
        )
    ]


def _rung(each: Mapping[str, Any], names: dict[Any, str]) -> str:
    words = str(Rung(each["rung"]).label)
    if each["person_id"]:
        words = _("%(name)s, to whom the %(rung)s passed it on") % {
            "name": names.get(each["person_id"], _("a colleague")),
            "rung": words,
        }
    return _("%(rung)s, time %(n)s round") % {"rung": words, "n": each["round"]} if each["round"] > 1 else words
