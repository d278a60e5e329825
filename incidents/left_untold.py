"""Leaving an organisation in reach untold, with a reason: at the opening, until the lead lets it in all the same.

It takes no part meanwhile: no tasks, no messages, nothing of the incident in its stream. Lead, deputy lead and provider
read that it is left out and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from incidents.errors import Fault, Invalid
from incidents.fanout import Joining
from incidents.models import Incident, Untold
from incidents.models.untold import LONGEST_REASON
from portal import clock
from portal.ledger.record import Actor, Entry, record_many


@dataclass(frozen=True, slots=True)
class LeftUntold:
    """One organisation, by its slug, that is not told, and why."""

    organisation: str
    because: str


def split(
    joining: Sequence[Joining], left: Sequence[LeftUntold], *, lead_id: UUID
) -> tuple[list[Joining], list[tuple[Joining, str]]]:
    """Those who take part, and those who are left untold with the reason.

    Raises:
        Invalid: one that is not reached, one named twice, the lead itself, or no reason.
    """
    by_slug = {each.slug: each for each in joining}
    faults, reasons = [], {}
    for nth, each in enumerate(left):
        found = by_slug.get(each.organisation)
        if found is None:
            faults.append(Fault(f"/untold/{nth}/organisation", "Nothing of this reaches it: it is not told anyway."))
        elif found.organisation_id == lead_id:
            faults.append(Fault(f"/untold/{nth}/organisation", "You open the incident: you know of it."))
        elif each.organisation in reasons:
            faults.append(Fault(f"/untold/{nth}/organisation", "Named twice."))
        elif not 0 < len(each.because.strip()) <= LONGEST_REASON:
            faults.append(Fault(f"/untold/{nth}/because", f"Say why, in {LONGEST_REASON} characters at most."))
        reasons[each.organisation] = each.because.strip()
    if faults:
        raise Invalid(faults)
    return (
        [each for each in joining if each.slug not in reasons],
        [(each, reasons[each.slug]) for each in joining if each.slug in reasons],
    )


def keep(incident: Incident, left: Sequence[tuple[Joining, str]], *, actor: Actor, now: datetime) -> None:
    """Write who is left untold, and a line for each into the lead's ledger. The caller leads the incident."""
    if not left:
        return
    Untold.objects.bulk_create(
        Untold(
            incident=incident,
            organisation_id=each.organisation_id,
            slug=each.slug,
            name=each.name,
            exposure=each.exposure,
            distance=each.distance,
            path=each.because,
            because=because,
            at=now,
        )
        for each, because in left
    )
    record_many(
        [
            Entry(
                "organisation.left_untold",
                [incident.lead_id],
                each.organisation_id,
                {"organisation": each.slug, "name": each.name, "because": because, "exposure": each.exposure},
            )
            for each, because in left
        ],
        actor=actor,
        incident_id=incident.pk,
        incident_reference=incident.reference,
    )


def still_untold(incident: Incident) -> list[Mapping[str, Any]]:
    """Who is left untold now, as the reader may see it: nobody, for whoever does not oversee. One query."""
    rows = Untold.objects.filter(incident=incident, told_at=None)
    return list(
        rows.values("organisation_id", "slug", "name", "exposure", "distance", "path", "because", "at", "decided_by")
    )


def tell_after_all(incident: Incident, organisations: Sequence[UUID]) -> None:
    """From now on they may join. Twice is once; the caller leads the incident and lets them join."""
    Untold.objects.filter(incident=incident, organisation__in=organisations, told_at=None).update(told_at=clock.now())


def once_untold(incident: Incident) -> list[Joining]:
    """Everybody ever left untold, as it was reached at the opening: a path that has ended since takes no promised
    notice away. `join` leaves out who still is untold. One query."""
    return [
        Joining(
            each.organisation_id,
            each.slug,
            each.name,
            each.organisation.kind,
            "participant",
            False,
            each.exposure,
            each.distance,
            each.path,
        )
        for each in Untold.objects.filter(incident=incident).select_related("organisation")
    ]
