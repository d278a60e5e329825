"""Readiness: what would fail on the worst day, and what to do about it now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from partners.acting import may_approve, signed_in
from partners.readiness import readiness


@require_safe
@signed_in(may=may_approve)
def page(request: HttpRequest) -> HttpResponse:
    lines = [
        {
            "title": line.title,
            "well": line.well,
            "says": line.says,
            "do": "" if line.well else line.do,
            "href": reverse(line.page) if line.page and not line.well else "",
        }
        for line in readiness()
    ]
    context = {"lines": lines, "well": sum(bool(line["well"]) for line in lines)}
    return render(request, "partners/readiness.html", context)
