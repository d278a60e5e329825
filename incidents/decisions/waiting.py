"""What of the decision log waits for its organisation, for board and *My tasks*: a decision that is due for review."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, LogEntry
from portal import clock
from portal.pages import local_time

MOST_SHOWN = 5
LONGEST = 80


def to_review(incident: Incident, *, me: UUID) -> list[dict[str, Any]]:
    """Each decision of one's own (of the lead those for the incident) whose review time has passed. One query."""
    if incident.suspended_at is not None:
        return []
    own = LogEntry.objects.filter(incident=incident, newest=True, review_at__lte=clock.now())
    own = own.filter(organisation_id=me, as_lead=False) | (
        own.filter(as_lead=True) if incident.lead_id == me else own.none()
    )
    return [
        {
            "title": _("A decision is due for review: %(words)s") % {"words": _short(decision)},
            "words": _("It was to be looked at again by %(time)s.") % {"time": local_time(at, "%H:%M, %-d %B")},
            "link": _("Review it"),
            "href": reverse("incident-decisions", args=[incident.reference]),
        }
        for decision, at in own.order_by("review_at", "id").values_list("decision", "review_at")[:MOST_SHOWN]
    ]


def _short(decision: str) -> str:
    first = decision.partition("\n")[0]
    return first if len(first) <= LONGEST else first[: LONGEST - 1] + "…"
