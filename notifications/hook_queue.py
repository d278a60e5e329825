"""The queue of webhooks: claiming, opening keys, settling. Times are the database's; the network is never used here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections

from notifications.hook_kinds import TEST
from portal.ledger.stream import TailRow, public_event
from portal.reasons import reason
from portal.tenancy.scope import queue_scope
from portal.vault.master import VaultError
from portal.vault.sealing import open_sealed

FIELD = "notifications_webhooksecret.sealed"
BATCH = 500
NO_KEY = reason("Bulkhead cannot open the key of this webhook.")
# Longer than a batch can take: nothing is begun after SENDING_SECONDS, and one call ends ten seconds after that.
LEASE_SECONDS = getattr(settings, "WEBHOOK_LEASE_SECONDS", 60)
Outcome = Literal["delivered", "failed", "dead", "gone", "kept"]
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Held:
    """One claimed delivery: all that is sent but address and keys, which are its subscription's."""

    id: UUID
    hook: UUID
    attempts: int
    tries: int
    kind: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Open:
    """Where a subscription's deliveries go, and what signs them: the keys in use, the newest first."""

    address: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one attempt ended. `wait`: seconds until the next one; `down`: the host failed, not this message; `rest`: for
    how many seconds the host asked to be left alone."""

    held: Held
    outcome: Outcome
    status: int = 0
    error: str = ""
    wait: float = 0.0
    down: bool = False
    rest: float = 0.0


def claim(worker: str, *, most: int = BATCH) -> tuple[list[Held], float]:
    """Take what is due, a fair share for each organisation first, for LEASE_SECONDS; and the database's clock, which is
    the one that receivers compare theirs with."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT c.* FROM sec.claim_webhooks(%s, %s, make_interval(secs => %s)) c", [worker, most, LEASE_SECONDS]
        )
        rows = cursor.fetchall()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return [_held(*row) for row in rows], float(cursor.fetchone()[0])


def _held(
    pk: UUID, hook: UUID, attempts: int, tries: int, seq: int | None, at: datetime, kind: str, incident: str | None,
    actor_organisation_id: UUID | None, actor_kind: str | None, actor_person_id: UUID | None, data: str | None,
    slug: str | None, name: str | None, label: str,
) -> Held:  # fmt: skip
    if kind == TEST:
        shown: Any = {"seq": None, "at": _written(at), "kind": TEST, "incident": None, "actor": None,
                      "data": {"label": label}}  # fmt: skip
    else:
        row = TailRow(
            nth=1, alive=True, isolated=False, epoch=_NOBODY, head=0, seq=seq, at=at, kind=kind, incident=incident,
            actor_organisation_id=actor_organisation_id, actor_kind=actor_kind, actor_person_id=actor_person_id,
            data=orjson.Fragment(data or "{}"),  # type: ignore[arg-type]
        )  # fmt: skip
        labels = {actor_organisation_id: slug} if actor_organisation_id else {}
        if actor_person_id:
            labels[actor_person_id] = name
        shown = public_event(row, labels)
    body = orjson.dumps({"type": shown["kind"], "timestamp": shown["at"], "data": shown})
    return Held(pk, hook, attempts, tries, kind, body)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def opened(worker: str, hooks: Iterable[UUID]) -> tuple[dict[UUID, Open], dict[UUID, str]]:
    """Addresses and keys of subscriptions of which `worker` holds something, and why those without a key have none.

    A subscription in neither may not be sent to any more: it is off, or its organisation is cut off.
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM sec.webhook_keys(%s, %s::uuid[])", [worker, list(set(hooks))])
        rows = cursor.fetchall()
    ready: dict[UUID, Open] = {}
    troubled: dict[UUID, str] = {}
    for hook, organisation_id, address, row_id, sealed in rows:
        try:
            key = open_sealed(sealed, organisation_id=organisation_id, field=FIELD, row_id=row_id)
        except VaultError:
            troubled[hook] = NO_KEY
            continue
        ready[hook] = Open(address, (*(ready[hook].keys if hook in ready else ()), key))
    return ready, {hook: why for hook, why in troubled.items() if hook not in ready}


def still_open(hooks: Iterable[UUID]) -> set[UUID]:
    """Those of these subscriptions that may be sent to now."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.webhooks_open(%s::uuid[])", [list(hooks)])
        return {row[0] for row in cursor.fetchall()}


def settle(worker: str, done: Sequence[Settlement]) -> int:
    """Write how these attempts ended, in one statement; how many were still this worker's."""
    if not done:
        return 0
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.settle_webhooks(%s, %s::uuid[], %s::int[], %s::text[], %s::int[], %s::text[], %s::float8[],"
            " %s::bool[], %s::float8[])",
            [
                worker,
                [each.held.id for each in done],
                [each.held.attempts for each in done],
                [each.outcome for each in done],
                [each.status for each in done],
                [each.error for each in done],
                [each.wait for each in done],
                [each.down for each in done],
                [each.rest for each in done],
            ],
        )
        return int(cursor.fetchone()[0])
