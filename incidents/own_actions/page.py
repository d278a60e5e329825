"""The page *We did something ourselves*: three taps on a phone, and the list of what was done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Incident, OwnAction, OwnActionNote, Participant, Step
from incidents.own_actions.writing import standing_in
from incidents.transitions import UNDO_WITHIN
from incidents.why_here import links_known, systems_known
from portal import clock

MOST_CHOICES, MOST_SHOWN = 10, 200


def choices_of(incident: Incident) -> list[tuple[str, str]]:
    """What is commonly done, in the words of playbooks: containing steps, those of this incident's first. One query."""
    steps = Step.objects.filter(containing=True).exclude(audience__in=["lead", "deputy_lead"])
    rows = sorted(
        steps.values_list("playbook_id", "position", "title"), key=lambda row: (row[0] != incident.playbook_id, row[1])
    )
    titles = list(dict.fromkeys(title for _playbook, _position, title in rows))
    return [(title, title) for title in titles[:MOST_CHOICES]]


def touchables(incident: Incident, *, me: UUID) -> list[tuple[str, str]]:
    """`system:ID` or `link:ID` with its words: what one's organisation knows of this incident. Four queries."""
    side = Participant.objects.filter(incident=incident, organisation_id=me).first()
    if side is None:
        return []
    return [(f"system:{key}", name) for key, name in systems_known(incident, side)] + [
        (f"link:{key}", name) for key, name in links_known(incident, side)
    ]


def rows_of(incident: Incident, *, me: UUID, only: UUID | None = None) -> list[dict[str, Any]]:
    """What was done, the newest first; `note` is one's own alone. One query."""
    return [
        {
            "id": str(each.pk),
            "who": each.organisation.name,
            "own": each.organisation_id == me,
            "title": each.title,
            "at": each.done_at,
            "touches": each.touches,
            "note": note_of(each),
        }
        for each in standing_in(incident, me=only)[:MOST_SHOWN]
    ]


def note_of(action: OwnAction) -> OwnActionNote | None:
    """What stays at home of it; None of another organisation's, which cannot be read."""
    try:
        return action.note
    except OwnActionNote.DoesNotExist:
        return None


def receipt_of(incident: Incident, *, person_id: UUID | None, seen_by: str) -> dict[str, Any] | None:
    """The newest of this person's within the last minute, with Undo; as `_receipt.html` wants it. One query."""
    since = clock.now() - UNDO_WITHIN
    found = OwnAction.objects.filter(
        incident=incident, note__written_by=person_id, written_at__gt=since, taken_back_at=None
    ).order_by("-written_at")
    newest = found.first() if person_id else None
    if newest is None:
        return None
    return {
        "words": newest.title,
        "at": newest.written_at,
        "seen_by": seen_by,
        "undo_url": reverse("own-action-undo", args=[newest.pk]),
        "undo_until": newest.written_at + UNDO_WITHIN,
    }


def did_itself(incident: Incident) -> dict[UUID, str]:
    """`did 2 things itself`, for each organisation that the reader may see it of. One query."""
    counts = (
        OwnAction.objects.filter(incident=incident, taken_back_at=None)
        .order_by()
        .values_list("organisation_id")
        .annotate(Count("id"))
    )
    return {
        organisation: ngettext("did one thing itself", "did %(n)s things itself", count) % {"n": count}
        for organisation, count in counts
    }


def own_line(incident: Incident, *, me: UUID) -> dict[str, str]:
    """The link of *My tasks*: words with how many there are, and where it leads. One query."""
    count = OwnAction.objects.filter(incident=incident, organisation_id=me, taken_back_at=None).count()
    words = _("We did something ourselves")
    if count:
        words += " " + ngettext("(one written down)", "(%(n)s written down)", count) % {"n": count}
    return {"words": words, "href": reverse("incident-own-actions", args=[incident.reference])}
