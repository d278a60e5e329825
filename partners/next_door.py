"""Names of systems that an organisation may not open, but must be able to name."""

from __future__ import annotations

from uuid import UUID

from django.db import connections


def names_next_door() -> dict[UUID, str]:
    """One's own systems, those next to them, and those that one's own contact points ride on. One query."""
    return {system_id: name for system_id, _slug, name in _rows()}


def slugs_next_door() -> dict[UUID, str]:
    """The same by slug."""
    return {system_id: slug for system_id, slug, _name in _rows()}


def systems_next_door() -> dict[UUID, tuple[str, str]]:
    """The same by slug and name."""
    return {system_id: (slug, name) for system_id, slug, name in _rows()}


def _rows() -> list[tuple[UUID, str, str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT system_id, slug, name FROM sec.neighbours()")
        return cursor.fetchall()
