"""The page of one's own ways to be reached."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.acting import signed_in
from partners.models import ContactPoint
from partners.next_door import names_next_door


@require_safe
@signed_in
def contact_list(request: HttpRequest) -> HttpResponse:
    points = ContactPoint.objects.filter(is_active=True).select_related("person")
    names = names_next_door()
    rows = [
        {
            "id": str(point.pk),
            "person": point.person.name if point.person else point.label,
            "way": str(point.get_kind_display()),
            "address": point.address,
            "trust": str(point.get_trust_display()).lower(),
            "trust_why": point.trust_because,
            "rides_on": names[point.rides_on_id] if point.rides_on_id else "",
            "tested": _("not tested yet"),
            "tested_alarm": False,
            "test_url": "",
        }
        for point in points
    ]
    return render(request, "partners/contacts.html", {"contacts": rows, "form": None})
