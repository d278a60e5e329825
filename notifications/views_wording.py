"""Own words: what an organisation says to its own people beside the fixed parts of a message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from notifications.models import Delivery, Wording
from notifications.models.wording import WITHOUT_SEVERITY, WORDED
from notifications.wording import House, faults_of, house_of, keep, kept_in, preview_of, room_in
from partners.acting import may_administer, signed_in
from partners.history import history_of
from partners.models import Band, Change
from partners.stepping_up import fresh

ANY = "any"
BANDS = {ANY: lazy("Every severity"), **{band.value: band.label for band in Band}}
NAMES = {
    Delivery.Message.OPENED: lazy("Incident opened"),
    Delivery.Message.SUSPECTED: lazy("Incident suspected"),
    Delivery.Message.STOOD_DOWN: lazy("Stood down"),
    Delivery.Message.UPDATE_ASKED: lazy("Asked for an update"),
    Delivery.Message.LEAD_OFFERED: lazy("Asked to take the lead"),
    Delivery.Message.PLANNED: lazy("Planned work"),
    Delivery.Message.PLANNED_CHANGED: lazy("Planned work: a change"),
}
FIELDS = {"message": lazy("Message"), "band": lazy("Severity"), "preface": lazy("E-mail"), "line": lazy("Text message")}
MOST = 100


class WordingForm(forms.Form):
    """What is typed stays as it was typed, whatever is wrong with it."""

    preface = forms.CharField(required=False, strip=True, max_length=2000, widget=forms.Textarea)
    line = forms.CharField(required=False, strip=True, max_length=200)

    def __init__(self, *args: Any, message: str, house: House, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.message, self.house = message, house

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["preface"] = "\n".join(said.get("preface", "").splitlines())
        for field, faults in faults_of(self.message, said["preface"], said.get("line", ""), self.house).items():
            for fault in faults:
                self.add_error(field, fault)
        return said


@require_safe
@signed_in
def wording_list(request: HttpRequest) -> HttpResponse:
    """What is said in own words, and where to change it."""
    own = {(each.message, each.band or ANY): each for each in Wording.objects.all()}
    visitor = request.visitor  # type: ignore[attr-defined]
    rows = [
        {
            "name": str(NAMES[message]),
            "cells": [
                {
                    "band": str(BANDS[band]),
                    "own": own.get((message.value, band)),
                    "href": reverse("wording-change", args=[message.value, band]),
                }
                for band in BANDS
                if band == ANY or (message.value, band) in own
            ],
            "more": [
                {"band": str(BANDS[band]), "href": reverse("wording-change", args=[message.value, band])}
                for band in BANDS
                if band != ANY and message not in WITHOUT_SEVERITY and (message.value, band) not in own
            ],
        }
        for message in WORDED
    ]
    history = history_of(
        *Change.objects.filter(kind="wording").values_list("object_id", flat=True)[:MOST],
        me=visitor.organisation_id,
        fields=FIELDS,
        names={
            **{message.value: str(name) for message, name in NAMES.items()},
            **{band: str(name) for band, name in BANDS.items()},
        },
        kinds={"wording": lazy("Words")},
    )
    context = {"rows": rows, "any": bool(own), "may": may_administer(visitor), "history": history}
    return render(request, "notifications/wording_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
@fresh
def change(request: HttpRequest, message: str, band: str) -> HttpResponse:
    """Nothing is kept by a preview; what it shows is composed by the code that sends."""
    if message not in WORDED or band not in ([ANY] if message in WITHOUT_SEVERITY else BANDS):
        raise Http404
    organisation_id = request.visitor.organisation_id  # type: ignore[attr-defined]
    house, kept = house_of(organisation_id), kept_in(message, "" if band == ANY else band)
    bound = request.method == "POST"
    form = WordingForm(
        request.POST if bound else None,
        message=message,
        house=house,
        initial={"preface": kept.preface, "line": kept.line},
    )
    preface, line = kept.preface, kept.line
    if bound and form.is_valid():
        preface, line = form.cleaned_data["preface"], form.cleaned_data["line"]
        if request.POST.get("step") == "keep":
            keep(organisation_id, message, kept.band, preface=preface, line=line)
            messages.success(request, _("Kept. The next message goes out like this."))
            return redirect("wording-list")
    room = room_in(message)
    context = {
        "form": form,
        "name": str(NAMES[Delivery.Message(message)]),
        "band": str(BANDS[band]),
        "hint": _("Room for %(n)s letters.") % {"n": room} if room else _("There is no room for a line of yours."),
        "preview": [] if form.errors else preview_of(message, preface, line, house),
        "asked": bound,
    }
    return render(request, "notifications/wording.html", context, status=422 if form.errors else 200)
