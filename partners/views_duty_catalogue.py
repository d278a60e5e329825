"""The catalogue of duties in peacetime: what we have to report, to whom, how fast, and who judges it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from partners.acting import may_keep_duties, signed_in
from partners.approvals import NotAllowed
from partners.duty_catalogue import LONGEST_HOURS, Line, keep_line
from partners.models import DutyEntry
from partners.stepping_up import fresh


class StandardForm(forms.Form):
    """What an organisation says of a line that the law gives: whether it is on, and who judges."""

    is_on = forms.ChoiceField(choices=[("yes", lazy("On")), ("no", lazy("Off"))])
    judge = forms.ChoiceField(choices=DutyEntry.Judge.choices)

    def line(self) -> Line:
        said = dict(self.cleaned_data)
        return Line(is_on=said.pop("is_on") == "yes", **said)


class OwnForm(StandardForm):
    """A line of one's own: a contract, a data-sharing agreement, an insurer."""

    name = forms.CharField(
        max_length=200, error_messages={"required": lazy("Say what has to be done, and whom to tell.")}
    )
    source = forms.CharField(max_length=200, error_messages={"required": lazy("Name the law or the contract.")})
    starts = forms.ChoiceField(choices=DutyEntry.Starts.choices)
    hours = forms.IntegerField(
        min_value=0, max_value=LONGEST_HOURS, error_messages={"required": lazy("Say how many hours; 0 means at once.")}
    )
    rule = forms.ChoiceField(choices=DutyEntry.Rule.choices)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def catalogue(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _keep(request)
    return _page(request, {})


@signed_in(may=may_keep_duties)
@fresh
def _keep(request: HttpRequest) -> HttpResponse:
    asked = request.POST.get("line", "")
    entry = next((each for each in DutyEntry.objects.all() if str(each.pk) == asked), None)
    if entry is None and asked != "new":
        raise Http404
    form = _form(entry, request.POST)
    if form.is_valid():
        try:
            keep_line(form.line(), entry=entry.pk if entry else None)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept. Incidents that have begun keep what they took."))
            return redirect("duty-catalogue")
    return _page(request, {entry.pk if entry else None: form})


def _form(entry: DutyEntry | None, data: Any = None) -> StandardForm:
    kind = StandardForm if entry is not None and entry.standard else OwnForm
    if entry is None:
        return kind(data, auto_id="new-%s", initial={"is_on": "yes", "starts": "aware", "rule": "clock"})
    names = ("judge", "name", "source", "starts", "hours", "rule")
    initial = {"is_on": "yes" if entry.is_on else "no", **{name: getattr(entry, name) for name in names}}
    return kind(data, auto_id=f"line-{entry.pk}-%s", initial=initial)


def _page(request: HttpRequest, bound: dict[UUID | None, StandardForm]) -> HttpResponse:
    may = may_keep_duties(request.visitor)  # type: ignore[attr-defined]
    context = {
        "lines": [
            {
                "id": each.pk,
                "name": each.name,
                "source": each.source,
                "note": each.note,
                "is_on": each.is_on,
                "standard": each.standard,
                "facts": [
                    (_("Starts"), each.get_starts_display()),
                    (_("How long"), _("%(n)s hours") % {"n": each.hours} if each.hours else _("without undue delay")),
                    (_("Which hours"), each.get_rule_display()),
                    (_("Judged by"), each.get_judge_display()),
                ],
                "form": (bound.get(each.pk) or _form(each)) if may else None,
            }
            for each in DutyEntry.objects.all()
        ],
        "new": (bound.get(None) or _form(None)) if may else None,
        "wrong": next((form for form in bound.values() if form.errors), None),
    }
    return render(request, "partners/duty_catalogue.html", context, status=422 if context["wrong"] else 200)
