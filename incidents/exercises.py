"""Exercises in one step, words that come on a schedule, and putting an exercise aside when something real happens.

An exercise runs the code of an incident; its messages stay in the house (`notifications.transports.transport_for`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connections, transaction
from django.utils.translation import gettext as _

from incidents.models import Incident
from incidents.opening import Opening, open_incident
from partners import approvals
from portal.ledger.record import Actor
from portal.ledger.signals import announce
from portal.tenancy.scope import queue_scope

MINUTES = 10


@dataclass(frozen=True, slots=True)
class Planned:
    """Words for every participant, so many minutes after the opening."""

    minute: int
    text: str


@transaction.atomic(using="default")
def start_exercise(
    *, system: str, name: str, playbook: str, injects: Sequence[Planned], severity: int | None, actor: Actor
) -> Incident:
    """Open a ten-minute exercise on a system (slug), and plan what comes in it. `name` is the system's.

    Raises:
        incidents.errors.Invalid: as for `open_incident`. approvals.NotAllowed: an inject that cannot be.
    """
    opening = Opening(
        title=_("Ten-minute exercise: %(system)s") % {"system": name},
        systems=(system,),
        exercise=True,
        severity=severity,
        playbook=playbook,
        tasks_due_minutes=MINUTES,
    )
    incident = open_incident(opening, actor=actor)
    for each in injects:
        plan_inject(incident.pk, each)
    return incident


def plan_inject(incident_id: UUID, inject: Planned) -> None:
    """Write down words of an exercise that one leads.

    Raises:
        approvals.NotAllowed: not the lead's incident manager, no exercise that runs, too long or too many.
    """
    approvals.call("SELECT sec.plan_inject(%s, %s, %s)", [incident_id, inject.minute, inject.text])


def suspend(incident_id: UUID) -> None:
    """Put an exercise aside, for all: ladders stop, nothing more is sent, times stand. Nobody is named.

    Raises:
        approvals.NotAllowed: an observer, not a participant, or no exercise that runs.
    """
    approvals.call("SELECT sec.suspend_exercise(%s)", [incident_id])


def resume(incident_id: UUID) -> None:
    """Go on with it: every time that had not passed is as far away as it was. Ladders that stopped stay stopped.

    Raises:
        approvals.NotAllowed: not the lead's incident manager, or it is not put aside.
    """
    approvals.call("SELECT sec.resume_exercise(%s)", [incident_id])


def send_injects() -> int:
    """Put words that are due on everybody's page; how many. Safe to repeat and to run twice at once."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.send_injects()")
        count: int = cursor.fetchone()[0]
        if count:
            announce(connections["default"], {"update.sent"})
        return count
