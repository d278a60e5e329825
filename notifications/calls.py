"""Calls by a person: the way that is left when no message can reach anybody. A call is a delivery of way `phone`.

The database holds every rule (migration 0015): who may ring, for ten minutes each, what number they see, and what their
word changes. Here stand its functions' names and what their answers mean.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction

from incidents.models import Incident
from notifications.codes import new_code
from notifications.models import CallAttempt, Delivery
from partners import approvals, contacts
from portal.ledger.signals import announce
from portal.vault.sealing import open_sealed

Outcome = CallAttempt.Outcome
SAID = (Outcome.REACHED, Outcome.VOICEMAIL, Outcome.NO_ANSWER, Outcome.WRONG_NUMBER, Outcome.REFUSED, Outcome.LET_GO)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that waits or is held. `person_id` and `holder_id` are named inside one's own organisation alone.

    `desk` is the duty desk, else `role` is that of the person to ask for. `held_until` None: it is free. `due_at` of
    one that was tried is when to try again.
    """

    id: UUID
    incident_id: UUID
    reference: str
    exercise: bool
    organisation_id: UUID
    slug: str
    organisation: str
    person_id: UUID | None
    desk: bool
    role: str
    private: bool
    message: str
    attempts: int
    created_at: datetime
    due_at: datetime
    because: str
    held_until: datetime | None
    mine: bool
    held_by: str  # the organisation whose person holds it, or ''
    holder_id: UUID | None


@dataclass(frozen=True, slots=True)
class Number:
    """What the holder of a call dials. `number` None: a private one, which is shown for a reason (`because`).

    `code` is what the portal's own page for checking messages knows of this call; it proves no caller.
    """

    number: str | None
    private: bool
    code: str


def want(incident: Incident, *, message: str, because: str, people: Collection[UUID] | None = None, desk: bool) -> bool:
    """Put the next number of the organisation that the worker has entered on the call list; whether that is news.

    For a job that finds that nothing which is sent can reach `people` (None: anybody here), or whose ladder has come to
    telephone numbers alone. `desk` lets in the duty desk's numbers. While one call waits there is no second; nobody is
    rung again who was reached by telephone. Safe to repeat.
    """
    return _write(
        "SELECT sec.want_call(%s, %s, %s::uuid[], %s, %s, %s, %s)",
        [
            incident.pk,
            message,
            None if people is None else list(people),
            desk,
            list(settings.SENT_WAYS),
            because,
            new_code(),
        ],
    )


def ask(incident: Incident, organisation_id: UUID) -> bool:
    """Have an organisation rung because a person wants it; False when a call waits already or it has no number.

    Raises:
        approvals.NotAllowed: not an overseer's nor their own, or the incident is over.
    """
    with approvals.refusals(), transaction.atomic(using="default"):
        return _write(
            "SELECT sec.ask_call(%s, %s, %s, %s)",
            [incident.pk, organisation_id, list(settings.SENT_WAYS), new_code()],
        )


def _write(sql: str, parameters: list[Any]) -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0] is not None


def waiting(incident_id: UUID | None = None) -> list[Call]:
    """The call list of whoever asks, the longest due first, stand-downs last. One query."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.calls(%s)", [incident_id])
        return [Call(*row) for row in cursor.fetchall()]


def claim(call_id: UUID) -> int:
    """Take a call, or keep it for another ten minutes; its attempt.

    Raises:
        approvals.NotAllowed: not theirs to make, somebody else holds it, or it is not wanted any more.
    """
    attempt: int = approvals.call("SELECT sec.claim_call(%s)", [call_id])
    return attempt


def number_of(call_id: UUID, *, because: str = "") -> Number:
    """The number of a call that one holds. With `because` a private one is opened, and that is recorded.

    Raises:
        approvals.NotAllowed: not held, or a private number that is not theirs to see.
    """
    with approvals.refusals(), transaction.atomic(using="default"), connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.call_number(%s, %s)", [call_id, because])
        number, private, organisation_id, point, sealed, code = cursor.fetchone()
    if sealed is not None:
        number = open_sealed(sealed, organisation_id=organisation_id, field=contacts.FIELD, row_id=point).decode()
    return Number(number, private, code)


def settle(call_id: UUID, attempt: int, outcome: str, *, has_it: bool = False, reported_by: str = "") -> str:
    """Say what came of a call that one holds; the delivery's state now. A dead one has the next number taken.

    Raises:
        approvals.NotAllowed: not held any more, or nobody named who has it.
    """
    state: str = approvals.call(
        "SELECT sec.settle_call(%s, %s, %s, %s, %s)", [call_id, attempt, outcome, has_it, reported_by]
    )
    if state == Delivery.State.DEAD:
        announce(connections["default"], {"delivery.dead"})
    return state
