"""Whose playbook a name means, and whose versions count under an id: always whoever brought the first one in. Nobody
else's import takes a name over. `sec.playbook_to_run` and `sec.plan_keeper` hold the same in the database."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery

from incidents.models import Playbook

DEFAULT_PLAYBOOK = "shared-platform-containment"


def _kept_by_first() -> QuerySet[Playbook]:
    """Every version that counts under its id."""
    first = Playbook.objects.filter(cacao_id=OuterRef("cacao_id")).order_by("imported_at", "id")
    return Playbook.objects.filter(created_by_organisation_id=Subquery(first.values("created_by_organisation_id")[:1]))


def versions_named(slug: str) -> QuerySet[Playbook]:
    """The versions that a name means, the newest first: of the plan that was kept under it first."""
    named = _kept_by_first().filter(slug=slug)
    plan = named.order_by("imported_at", "id").values("cacao_id")[:1]
    return named.filter(cacao_id=Subquery(plan)).order_by("-version", "-id")


def to_run(slug: str) -> QuerySet[Playbook]:
    """The version that an incident opened now would run; of the usual playbook, or of any, when `slug` is ''."""
    kept = Playbook.objects.defer("document")
    return kept.extra(where=["id = sec.playbook_to_run(%s, %s)"], params=[slug, DEFAULT_PLAYBOOK])


def all_to_run() -> QuerySet[Playbook]:
    """The same for each name, in their order."""
    kept = Playbook.objects.defer("document").order_by("slug")
    return kept.extra(where=["incidents_playbook.id IN (SELECT each.id FROM sec.playbooks_to_run('') each)"])


def to_call(cacao_id: str, version: str | None) -> QuerySet[Playbook]:
    """The version that is run where another playbook names this one: the newest that may be run, or the one named."""
    return Playbook.objects.extra(where=["id = sec.version_to_call(%s, %s)"], params=[cacao_id, version])
