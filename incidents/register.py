"""What the register of shared systems says, as far as the caller may walk it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

from incidents.estate import Edge, Estate, Organisation, Stand, System


def walkable_estate(starts: Collection[UUID], *, reason: str) -> Estate:
    """Everything that can be walked from the starts, read once and recorded for every organisation that it shows.

    Raises:
        django.db.ProgrammingError: (42501) a start on which the caller neither stands nor is owner or provider.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.edges_from(%s::uuid[], %s)::text", [list(starts), reason])
        document = orjson.loads(cursor.fetchone()[0])
    return estate_of(document)


def estate_for_opening(starts: Collection[UUID], *, incident_id: UUID) -> Estate:
    """The same to open an incident that is kept from somebody: recorded for the caller, and by `say_opening_read` for
    those who take part. The transaction does not commit without that incident, under this id.

    Raises:
        django.db.ProgrammingError: (42501) as `walkable_estate`.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.edges_quietly(%s::uuid[], %s)::text", [list(starts), incident_id])
        document = orjson.loads(cursor.fetchone()[0])
    return estate_of(document)


def say_opening_read(incident_id: UUID) -> None:
    """Record the wide read of a quiet opening for the others who take part. The caller leads the incident."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.opening_read(%s)", [incident_id])


def estate_of_incident(incident_id: UUID, *, reason: str) -> Estate:
    """The same from every system that an open incident names, for those who oversee it. While it is suspected or
    somebody is left untold, recorded for those who take part alone.

    Raises:
        django.db.ProgrammingError: (42501) not an open incident that the caller oversees.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.edges_of_incident(%s, %s)::text", [incident_id, reason])
        document = orjson.loads(cursor.fetchone()[0])
    return estate_of(document)


def shared_with(organisations: Collection[UUID]) -> list[UUID]:
    """Those of the caller's own systems on which any of these organisations stands too."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.shared_with(%s::uuid[])", [list(organisations)])
        return [row[0] for row in cursor.fetchall()]


def estate_of(document: dict[str, Any]) -> Estate:
    """The estate in `sec.edges_from`'s document."""
    return Estate(
        organisations=tuple(
            Organisation(UUID(o["id"]), o["slug"], o["name"], o["kind"], o["people_served"] or 0)
            for o in document["organisations"]
        ),
        systems=tuple(
            System(UUID(s["id"]), s["slug"], s["name"], _uuid(s["provider"]), s["spoken"], _uuid(s["owner"]))
            for s in document["systems"]
        ),
        edges=tuple(_edges(document["edges"])),
        stands=tuple(
            Stand(
                system=UUID(p["system"]),
                organisation=UUID(p["organisation"]),
                services=tuple(p["services"]),
                left=p["left"],
                people_served=p["people_served"] or 0,
                safety_critical=p["safety_critical"],
                fallback=p["fallback"],
            )
            for p in document["stands"]
        ),
    )


def _edges(rows: Iterable[dict[str, Any]]) -> Iterable[Edge]:
    for row in rows:
        yield Edge(
            id=UUID(row["id"]),
            source=UUID(row["source"]),
            target=UUID(row["target"]),
            kind=row["kind"],
            label=row["label"],
            barrier=row["barrier"],
            tested_on=_date(row["tested_on"]),
            valid_until=_date(row["valid_until"]),
            cut_source=row["cut_source"],
            cut_target=row["cut_target"],
            phrase=row["phrase"],
            group=row["group"],
            stops=row["stops"],
            carries=row["carries"],
        )


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
