"""Signing a version of a playbook off for one's organisation, and what is known of signatures.

The database writes and checks everything (`sec.sign_off`, `sec.withdraw_sign_off`, `sec.cover_system`): who may speak
for the organisation, the fresh passkey, the version's days. What is read here is what row security lets the reader see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import orjson

from incidents.errors import NotYours, WrongMoment
from incidents.models import Playbook, PlaybookSystem, SignOff
from incidents.planned import missing_right
from incidents.plans import Plan, plan_of
from partners import approvals, work
from portal import clock

USUAL = timedelta(days=365)
LONGEST_MONTHS = 24
REMIND = timedelta(days=30)  # before a signature ends


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one step: a reservation, until when it may be done without asking again, or both."""

    step: UUID
    words: str = ""
    agreed_until: date | None = None


def sign(playbook: Playbook, *, until: date, reservation: str = "", parts: Iterable[Part] = ()) -> UUID:
    """Sign for the organisation of the open scope. An earlier signature to the same version is replaced.

    Raises:
        NotYours: nobody who may speak for it, or no passkey used just now.
        WrongMoment: the version is not to be signed, or a day or a text does not fit.
    """
    said = [
        {
            "step": str(each.step),
            "words": each.words,
            "agreed_until": each.agreed_until.isoformat() if each.agreed_until else None,
        }
        for each in parts
    ]
    with _as_ours():
        made: UUID = approvals.call(
            "SELECT sec.sign_off(%s, %s, %s, %s::jsonb)", [playbook.pk, until, reservation, orjson.dumps(said).decode()]
        )
    newest = plan_of(playbook).newest
    if newest is not None and newest.pk == playbook.pk:
        work.clear(work_key(playbook.cacao_id))
    return made


def work_key(cacao_id: str) -> str:
    """Of what is to be signed, on the work list: one item a plan."""
    return f"sign-off:{cacao_id}"


def withdraw(sign_off: SignOff, *, reason: str) -> None:
    """Take a signature back. Raises: as `sign`; not one's own, ended already, or no reason."""
    with _as_ours():
        approvals.call("SELECT sec.withdraw_sign_off(%s, %s)", [sign_off.pk, reason])


def cover(cacao_id: str, system_id: UUID, *, covered: bool) -> bool:
    """Say that a playbook is for a system, or is not any more; whether anything changed. Raises: as `sign`."""
    with _as_ours():
        return approvals.call("SELECT sec.cover_system(%s, %s, %s)", [cacao_id, system_id, covered])


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except approvals.NotAllowed as refused:
        raise (NotYours if missing_right(refused) else WrongMoment)(str(refused)) from refused


def in_force(sign_off: SignOff, *, on: date) -> bool:
    """Whether it has not ended by that day, UTC. Whether its version may still be run is another question."""
    return sign_off.ended_at is None and sign_off.valid_until >= on


def counts(sign_off: SignOff, plan: Plan, *, on: date) -> bool:
    """Whether it is in force and to a version that may be run now: one to any other version is void."""
    return in_force(sign_off, on=on) and sign_off.playbook_id in plan.usable


def today() -> date:
    return clock.now().date()


def best(sign_offs: Iterable[SignOff], plan: Plan, *, on: date) -> dict[UUID, SignOff]:
    """By organisation the one that speaks for it: one that counts first, then of the newest version signed."""
    found: dict[UUID, SignOff] = {}
    for each in sign_offs:
        if each.ended_at is not None:
            continue
        other = found.get(each.organisation_id)
        if other is None or _rank(each, plan, on) > _rank(other, plan, on):
            found[each.organisation_id] = each
    return found


def _rank(sign_off: SignOff, plan: Plan, on: date) -> tuple[bool, bool, str]:
    return counts(sign_off, plan, on=on), in_force(sign_off, on=on), sign_off.playbook.version


def covering(system_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Which plans are for each of these systems, by their id."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for cacao_id, system_id in PlaybookSystem.objects.filter(system_id__in=list(system_ids)).values_list(
        "cacao_id", "system_id"
    ):
        found[system_id].append(cacao_id)
    return found
