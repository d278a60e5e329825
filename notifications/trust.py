"""Which of an organisation's contact points ride on a system that an incident can reach. Runs inside it."""

from __future__ import annotations

import re
from uuid import UUID

from django.db import connections
from django.db.models.functions import Now

from incidents.models import Incident
from partners.models import ContactPoint
from portal.reasons import reason

_REACHED = "SELECT contact_point_id, incident_reference, system_name FROM sec.reached_contact_points()"


CAN_REACH = reason("%(reference)s can reach %(system)s, on which it rides.")
BROUGHT = re.compile(r"(INC|PLN)-\w+ can reach .*, on which it rides\.", re.DOTALL)


def _because(reference: str, system: str) -> str:
    return CAN_REACH % {"reference": reference, "system": system}


def brought_by_incident(because: str) -> bool:
    """Whether a doubt is one that an incident brought, in this module's own words."""
    return BROUGHT.fullmatch(because) is not None


def mark_doubtful(incident: Incident) -> dict[UUID, str]:
    """Doubt what rides on a system that this incident can reach; why, by contact point.

    An exercise doubts for itself and leaves the marks alone. A mark that somebody set before stays as it is.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(f"{_REACHED} WHERE incident_id = %s", [incident.pk])
        doubts = {point: _because(reference, system) for point, reference, system in cursor.fetchall()}
    if not incident.exercise:
        for point, because in doubts.items():
            ContactPoint.objects.filter(pk=point, trust=ContactPoint.Trust.TRUSTED).update(
                trust=ContactPoint.Trust.DOUBTFUL, trust_since=Now(), trust_because=because
            )
    return doubts


def lift_marks(incident: Incident) -> None:
    """End the doubts that this incident brought, now that it is closed; another open incident's doubt takes over."""
    if incident.exercise:
        return
    with connections["default"].cursor() as cursor:
        cursor.execute(f"{_REACHED} WHERE NOT exercise AND incident_id <> %s", [incident.pk])
        still = {point: _because(reference, system) for point, reference, system in cursor.fetchall()}
    brought = ContactPoint.objects.filter(
        trust=ContactPoint.Trust.DOUBTFUL, trust_because__startswith=f"{incident.reference} can reach "
    )
    for point in brought.values_list("pk", flat=True):
        mine = ContactPoint.objects.filter(pk=point)
        if point in still:
            mine.update(trust_because=still[point])
        else:
            mine.update(trust=ContactPoint.Trust.TRUSTED, trust_since=Now(), trust_because="")
