"""A private number, shown to whoever oversees an open incident; recorded for both organisations."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from incidents.models import Participant
from incidents.ringing import ringing
from incidents.views.finding import incident_or_404
from partners import contacts
from partners.acting import may_approve, signed_in
from partners.approvals import NotAllowed
from partners.phone_numbers import spaced
from partners.stepping_up import fresh
from portal.pages import refuse


@require_POST
@signed_in(may=may_approve)
@fresh
def reveal(request: HttpRequest, reference: str, slug: str, contact_id: UUID) -> HttpResponse:
    """Show one number in the answer to the button. It stands in no address, and in nothing that is kept."""
    incident = incident_or_404(reference)
    side = Participant.objects.filter(incident=incident, slug=slug).first()
    if side is None:
        raise Http404
    named = [each for each in ringing(incident, side.organisation_id) if each["id"] == contact_id and each["private"]]
    if not named:
        return refuse(request, 409, _("This is not the number of whoever is on duty there now."))
    because = request.POST.get("because", "").strip()
    if not because or len(because) > 500 or "\0" in because:
        return refuse(request, 422, _("Say in a few words why you need the number."))
    try:
        number = contacts.reveal(contact_id, incident_id=incident.pk, because=because)
    except NotAllowed as refused:
        return refuse(request, 409, str(refused))
    context = {
        "name": named[0]["name"],
        "number": number,
        "spoken": spaced(number),
        "reference": reference,
        "slug": slug,
    }
    return render(request, "incidents/number.html", context)
