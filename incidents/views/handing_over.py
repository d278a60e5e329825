"""The lead passes on: the lead's page to offer it, and the asked organisation's to answer. One address for both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST

from incidents import handing_over
from incidents.models import Handover, Incident, Participant, Standing
from incidents.views.boards import header
from incidents.views.finding import incident_or_404
from incidents.words import organisations
from partners.acting import may_open, signed_in
from partners.approvals import NotAllowed
from partners.stepping_up import fresh
from portal.pages import refuse

LONGEST = 500
GET_OR_POST = ["GET", "HEAD", "POST"]


class OfferForm(forms.Form):
    """To whom, and why. The next in the order is chosen already."""

    to = forms.ChoiceField(error_messages={"required": lazy("Choose who takes the lead.")})
    reason = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Say why, in a few words.")})

    def __init__(self, *args: Any, found: list[handing_over.Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        field: Any = self.fields["to"]
        field.choices = [(str(each.id), each.name) for each in found]
        if found:
            field.initial = str(found[0].id)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
@fresh
def hand_over(request: HttpRequest, reference: str) -> HttpResponse:
    """For the lead and whoever is asked; for everybody else there is no such page."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    offers = [
        each
        for each in handing_over.open_offers(incident)
        if me in {each.from_organisation_id, each.to_organisation_id}
    ]
    if incident.lead_id != me and not offers:
        raise Http404
    if incident.status == Incident.Status.CLOSED:
        return refuse(request, 409, _("The incident is closed."))
    asked = next((each for each in offers if each.to_organisation_id == me), None)
    found = handing_over.candidates(incident) if asked is None else []
    form = OfferForm(request.POST if request.method == "POST" else None, found=found)
    if request.method == "POST" and (asked is not None or offers):
        return refuse(request, 409, _("Somebody has been asked already. Take that back first."))
    if request.method == "POST" and form.is_valid():
        return _offer(request, incident, form)
    names = dict(Standing.objects.filter(incident=incident).values_list("organisation_id", "name"))
    context = {
        "incident": header(incident),
        "form": form,
        "options": [
            (str(each.id), each.name, handing_over.in_words(each, deputy_id=incident.deputy_lead_id)) for each in found
        ],
        "effects": _effects(incident, me),
        "asked": _shown(asked, names) if asked else None,
        "offers": [_shown(each, names) for each in offers if each.from_organisation_id == me],
    }
    return render(request, "incidents/hand_over.html", context, status=422 if form.errors else 200)


def _offer(request: HttpRequest, incident: Incident, form: OfferForm) -> HttpResponse:
    to = UUID(form.cleaned_data["to"])
    try:
        handing_over.offer(incident, to=to, reason=form.cleaned_data["reason"])
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    name = next(each.name for each in form.found if each.id == to)
    messages.success(request, _("%(name)s is asked, and told now. You lead until it accepts.") % {"name": name})
    return redirect("incident-board", reference=incident.reference)


@require_POST
@signed_in(may=may_open)
@fresh
def answer(request: HttpRequest, reference: str, handover_id: UUID) -> HttpResponse:
    """Accept or decline; from the lead, anything but accepting takes the offer back."""
    me: UUID = request.visitor.organisation_id  # type: ignore[attr-defined]
    incident = incident_or_404(reference)
    offer = Handover.objects.filter(pk=handover_id, incident=incident).first()
    if offer is None or me not in {offer.from_organisation_id, offer.to_organisation_id}:
        raise Http404
    because = request.POST.get("because", "").strip()[:LONGEST].replace("\0", "")
    try:
        if request.POST.get("answer") == "accept":
            handing_over.accept(offer)
            said = _("You lead %(reference)s now. Everybody who takes part sees it.")
        else:
            handing_over.decline(offer, because=because)
            said = (
                _("Declined. The lead knows, and can ask somebody else.")
                if me == offer.to_organisation_id
                else _("Taken back. You go on leading.")
            )
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    messages.success(request, said % {"reference": reference})
    return redirect("incident-board", reference=reference)


def _shown(offer: Handover, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": offer.pk,
        "lead": names.get(offer.from_organisation_id, ""),
        "to": names.get(offer.to_organisation_id, ""),
        "silent": offer.kind == Handover.Kind.SILENT,
        "reason": offer.reason,
        "at": offer.offered_at,
        "until": offer.expires_at,
    }


def _effects(incident: Incident, me: UUID) -> list[str]:
    """What a yes does, in sentences that fit the reader's side."""
    total = organisations(Participant.objects.filter(incident=incident).count() or len(incident.participants))
    if me == incident.lead_id:
        return [
            _("Nothing changes until it says yes. It has 30 minutes; its people are told now, in a message that names "
              "only the reference."),
            _("With its yes your rights as lead end at once: adding, checking, calling off, closing."),
            _("You stay in the incident as its deputy lead, and your own steps stay yours."),
            _("Steps that the lead alone does pass to the new lead, with a new due time."),
        ]  # fmt: skip
    return [
        _("You lead from the moment you press: you see the steps and silence of %(total)s.")
        % {"total": total if me in incident.overseers else organisations(len(incident.participants))},
        _("Only you then add systems and organisations, check steps, call off and close."),
        _("Steps that the lead alone does become yours, with a new due time. Your own steps stay."),
        _("Everybody who takes part reads who leads, from when, and why."),
    ]
