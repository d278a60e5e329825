"""Two-person approval: one mechanism for every act that one person must not do alone.

A kind says in sentences what its act will do (`effects`), and carries it out. The database writes who asked and who
approved from their tickets, keeps the payload's hash, lets it lapse after 30 minutes, and looks at everything again
when it is carried out (`sec.request_approval`, `sec.decide`, `sec.carry_out`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from partners.models import Approval
from portal import clock


class NotAllowed(Exception):
    """The database refused: a wrong person, a wrong moment, or a passkey that was not used just now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One act that needs two persons.

    `effects` turns the payload into the sentences that both persons read; `carry_out` does it with an approved one, by
    a database function that spends the approval (`sec.carry_out`) in the same transaction.
    """

    name: str
    title: Any  # lazy text
    effects: Callable[[Mapping[str, Any]], list[str]]
    carry_out: Callable[[Approval], object]
    checked: bool = True  # the second organisation can see what the effects are made of


_KINDS: dict[str, Kind] = {}
# What nobody decides about their own organisation; `sec.decide` has the same list.
NOT_ABOUT_ONESELF = frozenset({"isolate", "emergency_enrolment"})


def register(kind: Kind) -> Kind:
    _KINDS[kind.name] = kind
    return kind


def kind_of(approval: Approval) -> Kind:
    return _KINDS[approval.kind]


def title_of(approval: Approval) -> str:
    """What it is called, also when this process knows nothing of its kind."""
    kind = _KINDS.get(approval.kind)
    return str(kind.title) if kind else approval.kind.replace("_", " ").capitalize()


def ask(
    kind: Kind,
    payload: Mapping[str, Any],
    *,
    reason: str,
    told: Iterable[UUID],
    about: UUID | None = None,
    incident: UUID | None = None,
    two_organisations: bool = True,
) -> UUID:
    """Ask a second person to approve; `told` are the organisations whose people may. Needs a fresh step-up.

    Raises:
        NotAllowed: the role may not ask, the passkey is too long ago, or no reason is given.
    """
    return _call(
        "SELECT sec.request_approval(%s, %s, %s, %s::jsonb, %s, %s, %s, %s::uuid[])",
        [
            kind.name,
            about,
            incident,
            orjson.dumps(dict(payload)).decode(),
            kind.effects(payload),
            reason,
            two_organisations,
            list(told),
        ],
    )


def approve(approval: Approval, *, because: str = "") -> None:
    """Be the second person, and carry the act out at once in the same transaction.

    Raises:
        NotAllowed: see `ask`; or the approval has lapsed, is decided, or needs somebody else.
    """
    _same_effects(approval)
    with _refusals(), transaction.atomic(using="default"):
        _call("SELECT sec.decide(%s, true, %s)", [approval.pk, because])
        approval.refresh_from_db()
        kind_of(approval).carry_out(approval)


def _same_effects(approval: Approval) -> None:
    """What the second person read must be what the act does: the sentences came from whoever asked."""
    kind = kind_of(approval)
    if not kind.checked:
        return
    try:
        named = approval.payload.get("organisation", str(approval.about_id))
        honest = named == str(approval.about_id) and kind.effects(approval.payload) == list(approval.effects)
    except (KeyError, ValueError, ObjectDoesNotExist):
        honest = False
    if not honest:
        raise NotAllowed(_("What stands here is not what it would do. Refuse it, and ring whoever asked."))


def refuse(approval: Approval, *, because: str) -> None:
    _call("SELECT sec.decide(%s, false, %s)", [approval.pk, because])


def withdraw(approval: Approval) -> None:
    _call("SELECT sec.withdraw(%s)", [approval.pk])


def may_decide(approval: Approval, *, person_id: UUID | None, organisation_id: UUID) -> bool:
    """Whether this person may be the second one, as far as a page can tell; the database has the last word."""
    return (
        approval.state == Approval.State.WAITING
        and approval.expires_at > clock.now()
        and approval.requested_by != person_id
        and not (approval.two_organisations and approval.requesting_organisation_id == organisation_id)
        and not (approval.about_id == organisation_id and approval.kind in NOT_ABOUT_ONESELF)
    )


def waiting() -> QuerySet[Approval]:
    """Approvals that the open scope may see and that somebody can still decide."""
    return Approval.objects.filter(state=Approval.State.WAITING, expires_at__gt=clock.now())


def _call(sql: str, params: list[Any]) -> Any:
    with _refusals(), transaction.atomic(using="default"), connections["default"].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


class _refusals:  # noqa: N801 - reads as a phrase: `with _refusals():`
    """Turns what the database refuses into `NotAllowed`, with the database's own sentence."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cause = error.__cause__ if isinstance(error, DatabaseError) else None
        if isinstance(cause, psycopg.errors.UniqueViolation):  # two at once: the other was first
            raise NotAllowed("Somebody did this just now.") from error
        if isinstance(cause, psycopg.errors.InsufficientPrivilege | psycopg.errors.CheckViolation):
            words = cause.diag.message_primary or "that is not allowed"
            if "no valid organisation context" in words:  # cut off meanwhile: the page for that answers
                return
            raise NotAllowed(f"{words[:1].upper()}{words[1:]}.") from error


refusals = _refusals
call = _call
