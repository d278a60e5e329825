"""`record()`: the only way in to the ledger. Numbers are given by the seal at COMMIT, never here."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from django.db import connections

from portal import clock
from portal.ledger.signals import announce


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and for which organisation. `system` is Bulkhead itself, acting for the organisation named."""

    organisation_id: UUID
    kind: Literal["person", "key", "system"] = "system"
    person_id: UUID | None = None
    key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to record: what `record()` takes, for `record_many()`."""

    kind: str
    audience: Sequence[UUID]
    subject_id: UUID | None
    data: Mapping[str, Any]


def record(
    kind: str,
    *,
    actor: Actor,
    audience: Iterable[UUID],
    subject_id: UUID | None = None,
    incident_id: UUID | None = None,
    incident_reference: str = "",
    **data: Any,
) -> UUID:
    """Append one event in the transaction that did the thing, for the organisations in `audience` to see.

    `kind` is `noun.past`. `data` must hold nothing that one of the audience may not read, no names of people, and
    only what JSON can carry. The deferred trigger of the ledger seals the row at COMMIT (dense `pos`, dense `seq` per
    organisation) and wakes the readers with a number.
    """
    entry = Entry(kind, tuple(audience), subject_id, data)
    return record_many([entry], actor=actor, incident_id=incident_id, incident_reference=incident_reference)[0]


_COLUMNS = (
    "id, kind, at, actor_organisation_id, actor_kind, actor_person_id, actor_key_id, incident_id, incident_reference, "
    "subject_id, audience, data"
)


def record_many(
    entries: Sequence[Entry],
    *,
    actor: Actor,
    incident_id: UUID | None = None,
    incident_reference: str = "",
    at: datetime | None = None,
) -> list[UUID]:
    """Append several events of one act in one statement, in this order; see `record()`."""
    if not entries:
        return []
    at = at or clock.now()
    ids = [uuid.uuid4() for _ in entries]
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_event ({_COLUMNS}) SELECT e.id, e.kind, %s, %s, %s, %s, %s, %s, %s, e.subject_id, "  # noqa: S608
            "ARRAY(SELECT jsonb_array_elements_text(e.audience)::uuid), e.data FROM jsonb_to_recordset(%s::jsonb) "
            "AS e(n int, id uuid, kind text, subject_id uuid, audience jsonb, data jsonb) ORDER BY e.n",
            [
                at,
                actor.organisation_id,
                actor.kind,
                actor.person_id,
                actor.key_id,
                incident_id,
                incident_reference,
                _as_json(ids, entries),
            ],
        )
    announce(connections["default"], {entry.kind for entry in entries})
    return ids


def _as_json(ids: Sequence[UUID], entries: Sequence[Entry]) -> str:
    return orjson.dumps(
        [
            {
                "n": n,
                "id": event_id,
                "kind": entry.kind,
                "subject_id": entry.subject_id,
                "audience": list(dict.fromkeys(entry.audience)),
                "data": dict(entry.data),
            }
            for n, (event_id, entry) in enumerate(zip(ids, entries, strict=True))
        ]
    ).decode()
