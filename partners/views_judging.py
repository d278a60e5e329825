"""A person says how far a contact of their own organisation is to be trusted. What they write stays at home."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partners import mail_distrust
from partners.acting import signed_in
from partners.approvals import NotAllowed
from partners.forms_contacts import JudgeForm
from partners.models import ContactPoint
from partners.stepping_up import fresh
from partners.views_contacts import contact_or_404, contact_page, may_change
from portal.pages import refuse

SAID = {
    ContactPoint.Trust.TRUSTED: lambda: _("Trusted again. Messages go there, unless a mark on its mail domain holds."),
    ContactPoint.Trust.DOUBTFUL: lambda: _("Doubted from now on: messages take another way."),
    ContactPoint.Trust.COMPROMISED: lambda: _("Not used from now on: messages take another way."),
}


@require_POST
@signed_in
@fresh
def contact_judge(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    point = contact_or_404(contact_id)
    if not may_change(request.visitor, point):  # type: ignore[attr-defined]
        return refuse(request, 403, _("Your own contacts are yours to judge; ask your administrator for this one."))
    judge = JudgeForm(request.POST)
    if not judge.is_valid():
        return contact_page(request, point, judge=judge)
    said = judge.cleaned_data
    try:
        mail_distrust.trust_contact(point.pk, trust=said["trust"], reason=said["because"])
    except NotAllowed as refused:
        judge.add_error(None, str(refused))
        return contact_page(request, point, judge=judge, status=409)
    messages.success(request, SAID[said["trust"]]())
    return redirect("contact-list")
