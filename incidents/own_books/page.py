"""What the pages of one's own books show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from incidents.models import Cost, Incident, SituationReport
from incidents.own_books.costs import pounds, totals
from incidents.own_books.situation import LETTERS, MAJOR, as_text
from partners.models import Person


def _names(people: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of colleagues alone. One query."""
    return dict(Person.objects.filter(pk__in={each for each in people if each}).values_list("pk", "name"))


def situation_page(incident: Incident, *, me: UUID) -> dict[str, Any]:
    """One's own reports, newest first, and those that others share with the lead. Two queries."""
    rows = list(SituationReport.objects.filter(incident=incident).select_related("organisation"))
    names = _names(row.written_by for row in rows if row.organisation_id == me)
    own = [_report(row, incident, names) for row in rows if row.organisation_id == me]
    newest = next((row for row in rows if row.organisation_id == me), None)
    others = [_report(row, incident, {}) for row in rows if row.organisation_id != me]
    return {"newest": newest, "own": own, "others": others}


def _report(row: SituationReport, incident: Incident, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "number": row.number,
        "whose": row.organisation.name,
        "at": row.at,
        "who": names.get(row.written_by, ""),
        "shared": row.shared,
        "text": as_text(row, incident, row.organisation.name),
        "answers": [
            (f"{letter} – {question}", MAJOR[row.major] if field == "major" else getattr(row, field))
            for letter, field, question in LETTERS
        ],
    }


def costs_page(incident: Incident) -> dict[str, Any]:
    """One's own cost diary with its totals. Two queries."""
    rows = list(Cost.objects.filter(incident=incident))
    names = _names([*(row.written_by for row in rows), *(row.struck_by for row in rows)])
    found = totals(rows)
    return {
        "lines": [
            {
                "id": row.pk,
                "on": row.on,
                "what": row.what,
                "hours": f"{row.hours.normalize():f}" if row.hours is not None else "",
                "grade": row.grade,
                "amount": pounds(row.pence) if row.pence is not None else "",
                "invoice": row.invoice,
                "who": names.get(row.written_by, ""),
                "struck": row.struck_at,
                "struck_by": names.get(row.struck_by, "") if row.struck_by else "",
                "because": row.struck_because,
            }
            for row in rows
        ],
        "total": pounds(found.pence),
        "hours": [(grade, f"{hours.normalize():f}") for grade, hours in found.hours.items()],
    }
