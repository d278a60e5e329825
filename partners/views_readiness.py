"""Readiness: what would fail on the worst day, and what to do about it now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.acting import may_administer, may_approve, signed_in
from partners.from_above import readiness_lines
from partners.models import Person
from partners.readiness import readiness
from partners.readiness_register import register_lines

FOR_ADMINISTRATORS = frozenset({"break-glass", "people", "key-list"})  # where others may at most look


def _administrators() -> str:
    """Whom to ask, by name."""
    found = Person.objects.filter(role=Person.Role.ADMINISTRATOR, is_active=True, break_glass=False).order_by("name")
    return _(" or ").join(found.values_list("name", flat=True)[:3])


@require_safe
@signed_in(may=may_approve)
def page(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    me = visitor.organisation_id
    lines = readiness() + register_lines(me) + readiness_lines(me)
    refused = frozenset() if may_administer(visitor) else FOR_ADMINISTRATORS
    asked = _administrators() if refused else ""
    rows = [
        {
            "title": line.title,
            "well": line.well,
            "says": line.says,
            "do": "" if line.well else line.do,
            "href": reverse(line.page, args=line.args)
            if line.page and not line.well and line.page not in refused
            else "",
            "ask": asked if line.page in refused and not line.well else "",
        }
        for line in sorted(lines, key=lambda line: line.well)
    ]
    context = {"lines": rows}
    return render(request, "partners/readiness.html", context)
