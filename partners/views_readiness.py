"""Readiness: what would fail on the worst day, and what to do about it now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from partners.acting import may_approve, signed_in
from partners.readiness import readiness
from partners.readiness_register import register_lines


@require_safe
@signed_in(may=may_approve)
def page(request: HttpRequest) -> HttpResponse:
    lines = readiness() + register_lines(request.visitor.organisation_id)  # type: ignore[attr-defined]
    rows = [
        {
            "title": line.title,
            "well": line.well,
            "says": line.says,
            "do": "" if line.well else line.do,
            "href": reverse(line.page, args=line.args) if line.page and not line.well else "",
        }
        for line in sorted(lines, key=lambda line: line.well)
    ]
    context = {"lines": rows}
    return render(request, "partners/readiness.html", context)
