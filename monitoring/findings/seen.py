"""Sights and changes as pages want them: what was seen, where, on how many days, and who told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import AccessChange, Sight
from partners.models import Organisation

SIGHTS_SHOWN = 100
SIGHTS = {
    "success": gettext_lazy("signed in"),
    "failure": gettext_lazy("failed"),
    "admin": gettext_lazy("with administrative rights"),
    "lapsed": gettext_lazy("after its permission lapsed"),
}
Names = Mapping[UUID, Organisation]


def sights_shown(ids: Sequence[UUID], names: Names, systems: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = Sight.objects.filter(pk__in=ids).select_related("source").order_by("first_at", "id")[:SIGHTS_SHOWN]
    return sight_rows(list(rows), names, systems)


def sight_rows(sights: Sequence[Sight], names: Names, systems: Mapping[str, str]) -> list[dict[str, Any]]:
    """As the page shows them, with one query."""
    learned = learned_of(sights)
    return [_row(each, names, systems, learned=each.pk in learned) for each in sights]


def _row(sight: Sight, names: Names, systems: Mapping[str, str], *, learned: bool) -> dict[str, Any]:
    return {
        "first_at": sight.first_at,
        "last_at": sight.last_at,
        "what": str(SIGHTS[sight.kind]),
        "where": systems.get(sight.place, sight.place),
        "resource": sight.resource,
        "organisation": names[sight.organisation_id].name,
        "days": len(sight.days),
        "permission": sight.permission_id,
        "permission_words": _permission_words(sight),
        "source": sight.source.name if sight.source else "",
        "told_by": names[sight.reporter_id].name,
        "learned": learned,
    }


def learned_of(sights: Iterable[Sight]) -> set[UUID]:
    """Those whose source was learning; of the other side's that is nothing to know, since one was told all the same.

    What a source of whoever runs the system only learned was told to nobody, and says so to both sides.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.learned_sights(%s)", [[each.pk for each in sights]])
        return {pk for (pk,) in cursor.fetchall()}


def _permission_words(sight: Sight) -> str:
    if sight.permission_id is None:
        return _("no permission covers it")
    return _("lapsed") if sight.kind == "lapsed" else _("covered by a permission in force")


def changes_shown(ids: Iterable[UUID], names: Names, systems: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = AccessChange.objects.filter(pk__in=ids).order_by("at", "id")[:SIGHTS_SHOWN]
    return [
        {
            "at": each.at,
            "what": each.action.replace("-", " "),
            "target": each.target,
            "where": systems.get(each.place, each.place),
            "organisation": names[each.organisation_id].name,
        }
        for each in rows
    ]
