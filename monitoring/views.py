"""The pages of alerts: what waits for a person, what came in last, and what is to be done with one of them."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from incidents.errors import WrongMoment
from monitoring import triage
from monitoring.models import Alert
from monitoring.reading import alert_page, alerts_page
from partners.acting import actor_of, may_open, signed_in
from portal.pages import refuse


class DismissForm(forms.Form):
    """Why nothing comes of an alert."""

    reason = forms.CharField(
        max_length=triage.LONGEST_WHY, error_messages={"required": lazy("Say why: it stays with the alert.")}
    )


class JoinForm(forms.Form):
    """The incident that an alert belongs to."""

    incident = forms.ChoiceField(error_messages={"required": lazy("Choose the incident that it belongs to.")})

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["incident"].choices = choices  # type: ignore[attr-defined]


@require_safe
@signed_in
def alert_list(request: HttpRequest) -> HttpResponse:
    """One's own organisation's rules and alerts; another's are not there."""
    may = may_open(request.visitor)  # type: ignore[attr-defined]
    return render(request, "monitoring/alerts.html", {**alerts_page(), "may_decide": may})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def alert_detail(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What one alert says; while it waits, whoever may open incidents dismisses it or has it join one here."""
    alert = triage.waiting_alert(alert_id)
    if alert is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    decides = may_open(visitor) and alert.outcome == Alert.Outcome.QUEUED
    incoming = triage.read_again(alert)
    incidents = triage.to_join(incoming) if decides else []
    choices = [(each.reference, f"{each.reference} {each.title}") for each in incidents]
    act = request.POST.get("act", "")
    join = JoinForm(request.POST if act == "join" else None, choices=choices)
    away = DismissForm(request.POST if act == "dismiss" else None)
    if request.method == "POST":
        if not may_open(visitor):
            return refuse(request, 403, _("An incident manager or administrator decides on alerts."))
        if not decides:
            return refuse(request, 409, _("Somebody has decided on this alert already."))
        try:
            if act == "join" and join.is_valid():
                incident = next(each for each in incidents if each.reference == join.cleaned_data["incident"])
                triage.join(alert.pk, incident, actor=actor_of(visitor))
                messages.success(request, _("It belongs to %(reference)s now.") % {"reference": incident.reference})
                return _next()
            if act == "dismiss" and away.is_valid():
                triage.dismiss(alert.pk, reason=away.cleaned_data["reason"], actor=actor_of(visitor))
                messages.success(request, _("Dismissed. The reason stays with the alert."))
                return _next()
        except WrongMoment as moment:
            return refuse(request, 409, str(moment))
    context = {
        "alert": alert_page(alert, incoming),
        "decides": decides,
        "join": join if choices else None,
        "away": away,
        "form": join if act == "join" else away,
        "open_href": reverse("alert-open", args=[alert.pk]),
    }
    return render(request, "monitoring/alert.html", context, status=422 if request.method == "POST" else 200)


def _next() -> HttpResponse:
    """On to the alert that has waited longest, so that a list is worked down without looking for the next."""
    following = triage.next_waiting()
    return redirect("alert-detail", alert_id=following) if following else redirect("alert-list")


@require_safe
@signed_in(may=may_open)
def alert_open(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """To the opening form with what the alert names filled in."""
    alert = triage.waiting_alert(alert_id)
    if alert is None:
        raise Http404
    if alert.outcome != Alert.Outcome.QUEUED:
        return refuse(request, 409, _("Somebody has decided on this alert already."))
    return redirect(triage.open_form_address(alert, triage.read_again(alert)))
