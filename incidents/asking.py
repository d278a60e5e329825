"""Asking one participant how things stand, and its answer: notices, and what the participant's page shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident, Participant, UpdateRequest
from partners import approvals
from portal.pages import local_time
from portal.postgres.prepared import Prepared

SHOWN = 5
_WAITING = Prepared(UpdateRequest, "incident_id = %s AND answered_at IS NULL")


def usual_question() -> str:
    """What one press on the board asks; a question of one's own is put on the participant's page."""
    return _("How do things stand with you? What is done, what is next, what holds you up?")


def ask(incident: Incident, *, slug: str, words: str) -> UUID:
    """Ask a participant; the id of the question.

    Raises:
        approvals.NotAllowed: not the lead's or deputy lead's to ask, asked already, or too long.
    """
    return UUID(str(approvals.call("SELECT sec.ask_for_update(%s, %s, %s)", [incident.pk, slug, words])))


def give(request_id: UUID, *, words: str) -> None:
    """Answer for one's own organisation. Raises approvals.NotAllowed: not asked of it, or answered already."""
    approvals.call("SELECT sec.give_update(%s, %s)", [request_id, words])


def waiting_in(incident: Incident) -> dict[UUID, UpdateRequest]:
    """Questions without an answer that the reader may see, by whom they were put to: at most one each. One query."""
    if incident.status == Incident.Status.CLOSED:
        return {}
    return {each.organisation_id: each for each in _WAITING.all(incident.pk)}


def asked_of(waiting: Mapping[UUID, UpdateRequest], *, me: UUID, names: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """The question that waits for the reader's own answer, as `_notices.html` wants it."""
    return [
        {
            "title": _("%(name)s asks you for an update, at %(time)s")
            % {"name": names.get(each.asked_by_id, _("The lead")), "time": local_time(each.asked_at)},
            "words": f"“{each.question}”",
            "link": _("Answer"),
            "href": reverse("update-request", args=[each.pk]),
        }
        for each in waiting.values()
        if each.organisation_id == me
    ]


def ask_on_rows(rows: Iterable[dict[str, Any]], incident: Incident, *, asked: Mapping[str, UpdateRequest]) -> None:
    """Put *Ask for update* on the rows of others that have answered, or since when the question waits. For the lead.

    `asked`: what waits for an answer, by slug. Whoever has not answered at all is nudged instead.
    """
    if incident.status == Incident.Status.CLOSED:
        return
    ask_at = reverse("update-ask-now", args=[incident.reference, "-"])
    for row in rows:
        if row["own"] or row["ladder"]:
            continue
        if question := asked.get(row["slug"]):
            words = _("asked %(time)s") % {"time": local_time(question.asked_at)}
            row["ask"] = {"words": words, "href": reverse("update-request", args=[question.pk])}
        else:
            row["ask"] = {"press": ask_at.replace("/-/", f"/{row['slug']}/")}


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
