"""The stream: one organisation's events in their dense order, in one public shape for sockets and polling alike.

Both readers call `sec.tail()`, so that what comes over a socket and what `GET /events/` answers cannot differ. Rows
carry ids; slugs and names are looked up with the reader's own rights, so that a name never leaves its organisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, NotRequired, TypedDict
from uuid import UUID

import orjson
from django.core.exceptions import PermissionDenied
from django.db import connections

MOST_A_PAGE = 1000
MOST_BEHIND = 1000
WITHHELD = "withheld"


class TailRow(NamedTuple):
    """One row of `sec.tail()`. A reader with nothing new gets one row whose `seq` and event are None."""

    nth: int
    alive: bool
    isolated: bool
    epoch: UUID
    head: int
    seq: int | None
    at: datetime | None
    kind: str | None
    incident: str | None
    actor_organisation_id: UUID | None
    actor_kind: str | None
    actor_person_id: UUID | None  # only of the reader's own organisation: the database blanks the others
    data: dict[str, Any] | None


TAIL_COLUMNS = (
    "nth, alive, isolated, epoch, head, seq, at, kind, incident_reference, actor_organisation_id, actor_kind, "
    "actor_person_id, data"
)
# Row security answers: every organisation's slug, and the names of the reader's own people only.
LABELS = (
    "SELECT id, slug FROM partners_organisation WHERE id = ANY (%(ids)s::uuid[]) "
    "UNION ALL SELECT id, name FROM partners_person WHERE id = ANY (%(ids)s::uuid[])"
)


class PublicActor(TypedDict):
    """Who did it: `organisation` is a slug, `name` is there only for a person of the reader's own organisation."""

    organisation: str | None
    kind: str
    name: NotRequired[str]


class PublicEvent(TypedDict):
    """An event as its reader gets it; a withheld one has its number and nothing of what happened."""

    seq: int
    at: str | None
    kind: str
    incident: str | None
    actor: PublicActor | None
    data: dict[str, Any]


class Page(TypedDict):
    """Some events in ascending order, without gaps; `next` is the `after` to ask with next time."""

    results: list[PublicEvent]
    next: int
    head: int
    epoch: str


def public_event(row: TailRow, labels: Mapping[UUID, str | None]) -> PublicEvent:
    """Turn a row that has an event into what its reader gets. `labels` has slugs and names by id."""
    assert row.seq is not None
    at = row.at.astimezone(UTC).isoformat().replace("+00:00", "Z") if row.at else None
    if row.kind is None or row.kind == WITHHELD:
        return {"seq": row.seq, "at": at, "kind": WITHHELD, "incident": None, "actor": None, "data": {}}
    organisation = labels.get(row.actor_organisation_id) if row.actor_organisation_id else None
    actor: PublicActor = {"organisation": organisation, "kind": row.actor_kind or "system"}
    name = labels.get(row.actor_person_id) if row.actor_person_id else None
    if name:
        actor["name"] = name
    return {
        "seq": row.seq,
        "at": at,
        "kind": row.kind,
        "incident": row.incident or None,
        "actor": actor,
        "data": row.data or {},
    }


def ids_to_label(rows: Iterable[TailRow]) -> set[UUID]:
    """The organisations and people that these rows name."""
    ids = {row.actor_organisation_id for row in rows} | {row.actor_person_id for row in rows}
    return {each for each in ids if each is not None}


def must_resync(*, after: int, epoch: str, head: int, now_epoch: UUID) -> bool:
    """Whether a reader has to fetch everything afresh instead of resuming after the number it has.

    It is too far behind, or its numbers are from before a restore. An empty `epoch` means that it did not say.
    """
    return (epoch != "" and epoch != str(now_epoch)) or after > head or head - after > MOST_BEHIND


def events_after(after: int, limit: int = 100) -> Page:
    """Read the events of the organisation whose scope is open, from `after` + 1 on, at most `limit` of them.

    Raises:
        ValueError: `after` is negative, or `limit` is not from 1 to 1,000.
        PermissionDenied: the scope reaches no further than own tasks, which have no stream.
        DatabaseError: the scope's ticket has expired or was revoked (SQLSTATE 42501).
    """
    if after < 0:
        raise ValueError("after is a number of an event, or 0 for the beginning")
    if not 1 <= limit <= MOST_A_PAGE:
        raise ValueError(f"limit is from 1 to {MOST_A_PAGE}")
    with connections["default"].cursor() as cursor:
        cursor.execute(
            # sec.me() refuses a lapsed ticket, which sec.tail() would only report.
            f"SELECT {TAIL_COLUMNS} FROM sec.tail(ARRAY[current_setting('app.ticket')], ARRAY[%s::bigint], %s) "  # noqa: S608
            "WHERE (SELECT sec.me()) IS NOT NULL",
            [after, limit],
        )
        rows = [TailRow(*row) for row in cursor.fetchall()]
        if not rows:
            raise PermissionDenied("You are limited to your organisation's own tasks at present.")
        events = [row._replace(data=_parsed(row.data)) for row in rows if row.seq is not None]
        ids = ids_to_label(events)
        labels: dict[UUID, str] = {}
        if ids:
            cursor.execute(LABELS, {"ids": list(ids)})
            labels = dict(cursor.fetchall())
    return {
        "results": [public_event(row, labels) for row in events],
        "next": (events[-1].seq or after) if events else after,
        "head": rows[0].head,
        "epoch": str(rows[0].epoch),
    }


def _parsed(data: Any) -> dict[str, Any]:
    """Django hands JSON over as text when no field says what it is."""
    parsed: dict[str, Any] = orjson.loads(data) if isinstance(data, str | bytes) else data or {}
    return parsed
