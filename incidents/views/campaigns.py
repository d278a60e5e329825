"""The page on which an incident is linked with others as one campaign."""

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

from incidents import campaigns
from incidents.errors import Invalid
from incidents.models import CampaignLink
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from partners.acting import actor_of, may_open, signed_in
from portal.pages import refuse

FIELDS = {"/incident": "incident", "/name": "name"}


class LinkForm(forms.Form):
    """Another incident, and what the campaign is called."""

    incident = forms.ChoiceField(error_messages={"required": lazy("Choose the other incident.")})
    name = forms.CharField(max_length=campaigns.LONGEST, error_messages={"required": lazy("Give the campaign a name.")})

    def __init__(self, *args: Any, targets: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["incident"].choices = targets  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def campaign(request: HttpRequest, reference: str) -> HttpResponse:
    """No passkey is asked for: a link lets nobody see an incident that they do not see already."""
    incident = incident_or_404(reference)
    visitor = request.visitor  # type: ignore[attr-defined]
    actor = actor_of(visitor)
    linked = campaigns.links_of(incident, me=actor.organisation_id)
    targets = campaigns.targets_of(incident, linked)
    form, status = LinkForm(targets=targets), 200
    if request.method == "POST":
        if not may_open(visitor):
            return refuse(request, 403, _("An incident manager or administrator links incidents."))
        if "unlink" in request.POST:
            try:
                campaigns.unlink(UUID(request.POST["unlink"]), actor=actor)
            except (ValueError, CampaignLink.DoesNotExist):
                raise Http404 from None
            return redirect("incident-campaign", reference=reference)
        form, status = LinkForm(request.POST, targets=targets), 422
        if form.is_valid():
            said = form.cleaned_data
            try:
                campaigns.link(incident, with_reference=said["incident"], name=said["name"], actor=actor)
            except Invalid as refused:
                for fault in refused.faults:
                    form.add_error(FIELDS.get(fault.pointer), fault.detail)
            else:
                messages.success(request, _("Linked. Whoever takes part in both reads it, and nobody else."))
                return redirect("incident-campaign", reference=reference)
    context = {
        "incident": header(incident),
        "linked": linked,
        "form": form,
        "targets": targets,
        "may_link": may_open(visitor),
    }
    return render(request, "incidents/campaign.html", context, status=status)
