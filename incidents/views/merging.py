"""The page of a merge: into which incident, what that does, and that it cannot be taken back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from incidents.errors import Invalid, WrongMoment
from incidents.merging import merge, targets_of
from incidents.models import Incident
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from incidents.words import organisations
from partners.acting import actor_of, may_open, signed_in
from partners.approvals import NotAllowed
from partners.stepping_up import fresh


class MergeForm(forms.Form):
    """Which incident goes on."""

    into = forms.ChoiceField(error_messages={"required": lazy("Choose the incident that goes on.")})

    def __init__(self, *args: Any, targets: list[tuple[str, str]]) -> None:
        super().__init__(*args)
        self.fields["into"].choices = targets  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_open)
@fresh
def merge_page(request: HttpRequest, reference: str) -> HttpResponse:
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    if incident.lead_id != visitor.organisation_id:
        raise Http404
    targets = targets_of(incident)
    form, status = MergeForm(targets=targets), 200
    if request.method == "POST":
        form, status = MergeForm(request.POST, targets=targets), 422
        if form.is_valid():
            into = Incident.objects.get(reference=form.cleaned_data["into"])
            try:
                done = merge(incident_id=incident.pk, into_id=into.pk, actor=actor_of(visitor))
            except (Invalid, WrongMoment, NotAllowed) as refused:
                form.add_error(None, str(refused))
                status = 409
            else:
                said = _("Merged. %(n)s joined; %(m)s asked to join, because no path reaches them.")
                counts = {"n": organisations(len(done.joined)), "m": organisations(len(done.asked))}
                messages.success(request, said % counts)
                return redirect("incident-board", reference=into.reference)
    context = {"incident": header(incident), "form": form, "targets": targets}
    return render(request, "incidents/merge.html", context, status=status)
