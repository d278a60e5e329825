"""What people wish about being reached: one's own, and inside a job those of the organisation that was entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from partners import approvals
from partners.models import ReachPreference

MILDEST_QUIET, WORST_QUIET = 6, 3


@dataclass(frozen=True, slots=True)
class Wishes:
    """See `ReachPreference`. Times are local; both None: no quiet hours."""

    first: str = ""
    beside: tuple[str, ...] = ReachPreference.BESIDE
    quiet_from: time | None = None
    quiet_until: time | None = None
    quiet_category: int = 4


def wishes_by_person() -> dict[UUID, Wishes]:
    """Of everybody of the open scope who has said anything: for a job all of them, on a page one's own."""
    return {row.person_id: _of(row) for row in ReachPreference.objects.all()}


def mine(person_id: UUID) -> Wishes:
    return wishes_by_person().get(person_id, Wishes())


def keep(wishes: Wishes) -> None:
    """Keep one's own.

    Raises:
        approvals.NotAllowed: no passkey just now, or they could keep an urgent message away.
    """
    approvals.call(
        "SELECT sec.keep_reach(%s, %s::text[], %s, %s, %s)",
        [wishes.first, list(wishes.beside), wishes.quiet_from, wishes.quiet_until, wishes.quiet_category],
    )


def _of(row: ReachPreference) -> Wishes:
    return Wishes(row.first, tuple(row.beside), row.quiet_from, row.quiet_until, row.quiet_category)
