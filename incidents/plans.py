"""A plan: all versions of a playbook under one id, which of them may be signed and run now, and why another may not.

The same judgement as `sec.plan_trouble`, which has the last word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import BooleanField, Case, Func, Value, When
from django.utils.translation import gettext_lazy as lazy

from incidents.models import Playbook
from portal import clock

# Whether something that a version runs within itself may not be run: the database follows that to its end.
CALLS_TROUBLE = Case(
    When(calls=[], then=Value(False)),
    default=Func("id", function="sec.calls_trouble", output_field=BooleanField()),
)
TROUBLES = {
    "revoked": lazy("revoked"),
    "early": lazy("not valid yet"),
    "late": lazy("not valid any more"),
    "other": lazy("kept by another organisation than the first"),
    "called": lazy("held up by a playbook that it runs within itself, which may not be run"),
}


@dataclass(frozen=True, slots=True)
class Version:
    """One kept version. `trouble` is a key of `TROUBLES`, or '' when it may be signed and run."""

    playbook: Playbook
    trouble: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All versions under one id, newest first. `keeper` is who kept the first one: whose versions count."""

    cacao_id: str
    keeper: UUID
    versions: Sequence[Version] = field(default_factory=list)

    @property
    def newest(self) -> Playbook | None:
        """The newest version that may be signed and run."""
        return next((each.playbook for each in self.versions if not each.trouble), None)

    def trouble_of(self, playbook_id: UUID) -> str:
        return next((each.trouble for each in self.versions if each.playbook.pk == playbook_id), "other")

    @property
    def usable(self) -> set[UUID]:
        return {each.playbook.pk for each in self.versions if not each.trouble}


def plans(cacao_ids: Iterable[str] | None = None) -> dict[str, Plan]:
    """Plans by their id, or all of them. One query; documents are not read here."""
    rows = (
        Playbook.objects.defer("document", "warnings")
        .order_by("imported_at", "pk")
        .annotate(calls_trouble=CALLS_TROUBLE)
    )
    if cacao_ids is not None:
        rows = rows.filter(cacao_id__in=list(cacao_ids))
    kept: defaultdict[str, list[Playbook]] = defaultdict(list)
    for row in rows:
        kept[row.cacao_id].append(row)
    return {cacao_id: _plan(cacao_id, versions) for cacao_id, versions in kept.items()}


def plan_of(playbook: Playbook) -> Plan:
    return plans([playbook.cacao_id])[playbook.cacao_id]


def _plan(cacao_id: str, kept: Sequence[Playbook]) -> Plan:
    """`kept` oldest import first. The same judgement as `sec.plan_trouble` and `sec.sign_off`."""
    keeper = kept[0].created_by_organisation_id
    now = clock.now()

    def trouble(playbook: Playbook) -> str:
        by = {playbook.created_by_organisation_id, keeper}
        if any(x.revoked and x.version >= playbook.version and x.created_by_organisation_id in by for x in kept):
            return "revoked"
        if playbook.created_by_organisation_id != keeper:
            return "other"
        if playbook.valid_from is not None and playbook.valid_from > now:
            return "early"
        if playbook.valid_until is not None and playbook.valid_until <= now:
            return "late"
        return "called" if playbook.calls_trouble else ""  # type: ignore[attr-defined]

    newest_first = sorted(kept, key=lambda each: (each.version, str(each.pk)), reverse=True)
    return Plan(cacao_id, keeper, [Version(each, trouble(each)) for each in newest_first])
