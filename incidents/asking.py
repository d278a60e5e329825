"""Asking one participant how things stand, and its answer: notices, and what the participant's page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, Participant, UpdateRequest
from partners import approvals
from portal.pages import local_time

SHOWN = 5


def ask(incident: Incident, *, slug: str, words: str) -> None:
    """Ask a participant. Raises approvals.NotAllowed: not the lead's to ask, asked already, or too long."""
    approvals.call("SELECT sec.ask_for_update(%s, %s, %s)", [incident.pk, slug, words])


def give(request_id: UUID, *, words: str) -> None:
    """Answer for one's own organisation. Raises approvals.NotAllowed: not asked of it, or answered already."""
    approvals.call("SELECT sec.give_update(%s, %s)", [request_id, words])


def asked_of(incident: Incident, *, me: UUID, names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """The question that waits for the reader's own answer, as `_notices.html` wants it. One query."""
    if incident.status == Incident.Status.CLOSED:
        return []
    waiting = UpdateRequest.objects.filter(incident=incident, organisation_id=me, answered_at=None)
    return [
        {
            "title": _("%(name)s asks you for an update, at %(time)s")
            % {"name": names.get(each.asked_by_id, _("The lead")), "time": local_time(each.asked_at)},
            "words": f"“{each.question}”",
            "link": _("Answer"),
            "href": reverse("update-request", args=[each.pk]),
        }
        for each in waiting
    ]


def requests_of(incident: Incident, side: Participant, *, me: UUID, manages: bool) -> dict[str, Any]:
    """What `incidents/_asked.html` wants: the newest questions with their answers, and whether the reader may ask."""
    newest = list(
        UpdateRequest.objects.filter(incident=incident, organisation_id=side.organisation_id).order_by("-asked_at")[
            :SHOWN
        ]
    )
    waits = any(each.answered_at is None for each in newest)
    leads = me in {incident.lead_id, incident.deputy_lead_id} and me != side.organisation_id
    return {
        "requests": newest,
        "may_ask": leads and manages and incident.status != Incident.Status.CLOSED and not waits,
        "ask_href": reverse("update-ask", args=[incident.reference, side.slug]),
    }
