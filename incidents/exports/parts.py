"""What an export of one incident has, part by part, a batch at a time under the reader's own row security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from incidents.api.decision_log import logged, shown_card
from incidents.api.events import events_in
from incidents.api.own_actions import own_action_shown
from incidents.api.statements import statements_shown
from incidents.api.task_shapes import task_listed, tasks_shown
from incidents.models import Incident, KnownCard, LogEntry, OwnAction, Standing, Statement, Update

BATCH = 100
Row = dict[str, Any]
Fetch = Callable[[UUID, UUID, Any], list[tuple[Any, Row]]]  # incident, reader's organisation, the key to go on after


def about(incident: Incident) -> Row:
    """The incident itself."""
    plain = (
        "reference", "title", "summary", "status", "severity", "tlp", "exercise", "opened_at", "declared_at",
        "closed_at", "outcome", "meeting_point", "next_update_at",
    )  # fmt: skip
    return {**{name: getattr(incident, name) for name in plain}, "lead": incident.lead.slug}


def _after(rows: Any, after: Any) -> Any:
    return (rows.filter(pk__gt=after) if after else rows).order_by("pk")[:BATCH]


def _participants(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    rows = _after(Standing.objects.filter(incident_id=incident_id), after)
    return [(row.pk, {"organisation": row.slug, "name": row.name, "role": row.role, "word": row.word}) for row in rows]


def _tasks(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    return [(row["id"], task_listed(row)) for row in _after(tasks_shown().filter(incident_id=incident_id), after)]


def _own_actions(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    rows = OwnAction.objects.filter(incident_id=incident_id).select_related("organisation", "note")
    return [(row.pk, own_action_shown(row)) for row in _after(rows, after)]


def _decisions(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    rows = LogEntry.objects.filter(incident_id=incident_id).select_related("organisation")
    return [(row.pk, logged(row)) for row in _after(rows, after)]


def _known(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    return [(row.pk, shown_card(row)) for row in _after(KnownCard.objects.filter(incident_id=incident_id), after)]


def _statements(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    rows = Statement.objects.filter(incident_id=incident_id).select_related("organisation")
    return list(statements_shown(_after(rows, after), me=me).items())


def _updates(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    rows = Update.objects.filter(incident_id=incident_id).select_related("author_organisation", "card")
    return [
        (
            row.pk,
            {
                "organisation": row.author_organisation.slug,
                "at": row.at,
                "text": row.text,
                "card": row.card.number if row.card else None,
            },
        )
        for row in _after(rows, after)
    ]


def _events(incident_id: UUID, me: UUID, after: Any) -> list[tuple[Any, Row]]:
    return [(each["seq"], dict(each)) for each in events_in(incident_id, me=me, after=after or 0, limit=BATCH)]


PARTS: dict[str, Fetch] = {
    "participants": _participants,
    "tasks": _tasks,
    "own_actions": _own_actions,
    "decisions": _decisions,
    "known": _known,
    "statements": _statements,
    "updates": _updates,
    "events": _events,
}
