"""The page of alerts: by which rules other tools open or join an incident, and what came in last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from monitoring.reading import alerts_page
from partners.acting import signed_in


@require_safe
@signed_in
def alert_list(request: HttpRequest) -> HttpResponse:
    """One's own organisation's rules and alerts; another's are not there."""
    return render(request, "monitoring/alerts.html", alerts_page())
