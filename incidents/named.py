"""Whose playbook a name means, and whose versions count under an id: always whoever brought the first one in. Nobody
else's import takes a name over. `sec.playbook_to_run` and `sec.plan_keeper` hold the same in the database."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from incidents.models import Playbook

DEFAULT_PLAYBOOK = "shared-platform-containment"
_NEWEST = ("-version", "-id")


def _of_first(field: str) -> QuerySet[Playbook]:
    first = Playbook.objects.filter(**{field: OuterRef(field)}).order_by("imported_at", "id")
    return Playbook.objects.filter(created_by_organisation_id=Subquery(first.values("created_by_organisation_id")[:1]))


def versions_named(slug: str) -> QuerySet[Playbook]:
    """The versions that a name means, the newest first."""
    return _of_first("slug").filter(slug=slug).order_by(*_NEWEST)


def versions_of(cacao_id: str) -> QuerySet[Playbook]:
    """The versions that count under an id, the newest first."""
    return _of_first("cacao_id").filter(cacao_id=cacao_id).order_by(*_NEWEST)


def to_run(slug: str) -> QuerySet[Playbook]:
    """The version that an incident opened now would run; of the usual playbook, or of any, when `slug` is ''."""
    kept = Playbook.objects.defer("document")
    return kept.extra(where=["id = sec.playbook_to_run(%s, %s)"], params=[slug, DEFAULT_PLAYBOOK])


def all_to_run() -> QuerySet[Playbook]:
    """The same for each name, in their order."""
    kept = Playbook.objects.defer("document").order_by("slug")
    return kept.extra(
        where=["incidents_playbook.id IN (SELECT sec.playbook_to_run(slug, '') FROM incidents_playbook GROUP BY slug)"]
    )
