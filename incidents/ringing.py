"""Whom to ring at an organisation of an open incident: whoever is on duty there now, as its rota says."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connections

from incidents.models import Incident
from partners.phone_numbers import spaced


def ringing(incident: Incident, organisation_id: UUID) -> list[dict[str, Any]]:
    """Numbers of whoever is on duty, private ones masked; [] for who oversees nothing here. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT name, script, number, point, is_private FROM sec.duty_contacts(%s) WHERE organisation_id = %s",
            [incident.pk, organisation_id],
        )
        rows = cursor.fetchall()
    return [
        {"name": name, "script": script, "number": number, "spoken": spaced(number), "private": private, "id": point}
        for name, script, number, point, private in rows
    ]
