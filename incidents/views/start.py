"""The first page: how to get in, what needs you, or what to do in peacetime."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from incidents import demo_story
from incidents.decisions.writing import due_decisions
from incidents.duties.urgency import running_clocks
from incidents.duties.words import to_do
from incidents.from_above import needs_you
from incidents.heads_up import current
from incidents.listing import open_page, peacetime
from incidents.my_tasks import most_urgent
from incidents.saved_views import views_of
from incidents.statements.saying import waiting_statements
from partners.acting import may_open
from partners.cutting_off import ended_page
from partners.mail_marks import ending, marks
from partners.models import Organisation
from portal import clock
from portal.tenancy.scope import at_the_door

MOST_TASKS = 5


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    if visitor is None and (ended := ended_page(request)) is not None:
        return ended
    if visitor is not None and visitor.reach == "own_tasks":
        return redirect("my-tasks")
    if visitor is not None and visitor.reach == "guest":
        return redirect("guest")
    if visitor is None or visitor.kind != "person":
        with at_the_door():
            installed = Organisation.objects.exists()
        context: dict[str, Any] = {
            "installed": installed,
            "demo": _demo() if installed else None,
            "incidents": [],
            "more": {"next": None, "others": 0},
            "views": [],
            "peacetime": None,
            "may_open": False,
            "heads_up": [],
            "tasks": [],
            "clocks": [],
            "decisions": [],
            "statements": [],
            "mail_ends": [],
            "needs_you": [],
        }
        return render(request, "start.html", context)
    rows, more = open_page(visitor.organisation_id)
    context = {
        "heads_up": current(),
        "clocks": [
            {
                "name": each.name,
                "words": to_do(each, clock.now()),
                "reference": each.incident.reference,
                "href": reverse("duty-detail", args=[each.incident.reference, each.pk]),
            }
            for each in running_clocks(visitor.organisation_id)
        ],
        "decisions": [
            {
                "title": each.decision,
                "reference": each.incident.reference,
                "since": each.review_at,
                "href": reverse("incident-decisions", args=[each.incident.reference]) + f"#d-{each.pk}",
            }
            for each in due_decisions(visitor.organisation_id)
        ],
        "statements": waiting_statements(visitor.organisation_id),
        "needs_you": needs_you(visitor.organisation_id),
        "tasks": most_urgent(visitor.organisation_id, limit=MOST_TASKS),
        "mail_ends": ending(marks(), me=visitor.organisation_id, now=clock.now()),
        "installed": True,
        "demo": _demo(),
        "may_open": may_open(visitor),
        "incidents": rows,
        "more": more,
        "views": views_of(visitor),
        "peacetime": [] if rows else peacetime(may_open=may_open(visitor)),
    }
    return render(request, "start.html", context)


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """For everybody, signed in or not."""
    return render(request, "accessibility.html")


def _demo() -> dict[str, Any] | None:
    """The three-minute story, told only where this start seeded the demonstration. No link and no key is shown."""
    path = settings.VAR_DIR / "demo.json"
    if not settings.DEMO or not path.exists():
        return None
    people = json.loads(path.read_text())["people"]
    if not people:
        return None
    return {
        "steps": demo_story.steps(),
        "people": [
            {
                "name": each["name"],
                "organisation": each["organisation"].capitalize(),
                "role": each["role"].replace("_", " "),
            }
            for each in people
        ],
        "mail_url": settings.MAIL_URL or None,
    }
