"""Circuit breakers of the ways out, kept in the database so that all processes know of a server that is down.

A breaker opens after five failures in a row, or when half of the last twenty failed. While it is open nothing is
claimed for that way but one message each half minute: whoever is told first is told by their next way, and the others
wait, without burning an attempt. The first success closes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connections

from notifications.transports import Transport, TransportError, transport_for
from portal.tenancy.scope import queue_scope

IN_A_ROW = 5
WINDOW = 20
PROBE_SECONDS = 30
EXERCISE = ":exercise"
# In SQL the kind by which a delivery's breaker goes: see `shut_ways`. What it reads must be the only table with them.
KIND = (
    "(way || CASE WHEN host_key = '' THEN '' ELSE '@' || host_key END"
    f" || CASE WHEN exercise THEN '{EXERCISE}' ELSE '' END)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one message fared. `ok`: the other side works, though it may know no such mailbox. `down`: it cannot be used.

    A single message that keeps failing while the server can be used counts once, or one mailbox would open a breaker.
    """

    delivery: str
    ok: bool
    down: bool = False


@dataclass(slots=True)
class Record:
    """The last outcomes of one way out."""

    recent: list[tuple[str, bool]] = field(default_factory=list)
    is_open: bool = False

    def add(self, outcome: Outcome) -> None:
        if outcome.ok:
            if self.is_open:
                self.recent, self.is_open = [], False
        elif not outcome.down and outcome.delivery in self._failed_in_a_row():
            return
        self.recent = [*self.recent, (outcome.delivery, outcome.ok)][-WINDOW:]
        failures = sum(not ok for _, ok in self.recent)
        if len(self._failed_in_a_row()) >= IN_A_ROW or (len(self.recent) == WINDOW and failures * 2 >= WINDOW):
            self.is_open = True

    @property
    def is_clean(self) -> bool:
        return not self.is_open and all(ok for _, ok in self.recent)

    def _failed_in_a_row(self) -> list[str]:
        failed = []
        for delivery, ok in reversed(self.recent):
            if ok:
                break
            failed.append(delivery)
        return failed


def note(transport: str, host: str, outcomes: Sequence[Outcome], because: str = "") -> bool:
    """Write down how messages fared; whether the breaker is open now. In a transaction of its own, never in another."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT recent, opened_at IS NOT NULL FROM notifications_wayout WHERE transport = %s AND host = %s",
            [transport, host],
        )
        row = cursor.fetchone()
        if all(each.ok for each in outcomes) and row is not None and _record(row).is_clean:
            return False  # nothing that anybody has to know: no row is written for it
        if row is None:
            begin(transport, host)
        cursor.execute(
            "SELECT recent, opened_at IS NOT NULL FROM notifications_wayout WHERE transport = %s AND host = %s"
            " FOR UPDATE",
            [transport, host],
        )
        record = _record(cursor.fetchone())
        for outcome in outcomes:
            record.add(outcome)
        cursor.execute(
            "UPDATE notifications_wayout SET recent = %(recent)s::jsonb,"
            " opened_at = CASE WHEN %(open)s THEN coalesce(opened_at, now()) END,"
            " probe_at = CASE WHEN %(open)s THEN now() + make_interval(secs => %(probe)s) END,"
            " because = CASE WHEN %(open)s THEN coalesce(nullif(%(because)s, ''), because) ELSE '' END"
            " WHERE transport = %(transport)s AND host = %(host)s",
            {
                "recent": json.dumps(record.recent),
                "open": record.is_open,
                "probe": PROBE_SECONDS,
                "because": because,
                "transport": transport,
                "host": host,
            },
        )
        return record.is_open


def _record(row: tuple[object, bool]) -> Record:
    recent = json.loads(row[0]) if isinstance(row[0], str) else row[0]
    return Record([(delivery, ok) for delivery, ok in recent], row[1])  # type: ignore[union-attr]


def begin(transport: str, host: str) -> None:
    """Know of this way out, inside the queue's scope."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_wayout (id, transport, host, recent) VALUES (gen_random_uuid(), %s, %s, '[]')"
            " ON CONFLICT DO NOTHING",
            [transport, host],
        )


def shut_ways() -> tuple[list[str], list[str]]:
    """The kinds of contact points to which nothing goes now, and those of them that this caller may try with a message.

    A kind that an exercise's messages take elsewhere stands twice, once with `:exercise` after it; one whose addresses
    lead to many hosts stands with `@` and the host's key. Inside the queue's scope; of several callers one gets the
    probe.
    """
    broken, used_up = _broken()
    closed_today = _used_up_ways(used_up)
    if not broken:
        return closed_today, []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_wayout SET probe_at = now() + make_interval(secs => %s) WHERE id IN"
            " (SELECT id FROM notifications_wayout WHERE opened_at IS NOT NULL AND probe_at <= now()"
            " FOR UPDATE SKIP LOCKED) RETURNING transport, host",
            [PROBE_SECONDS],
        )
        mine = set(cursor.fetchall())
    return _ways_to(broken) + closed_today, [way for way in _ways_to(mine) if way not in closed_today]


def shut_ways_now() -> list[str]:
    """The kinds of contact points to which nothing goes now, for whoever sends nothing. Inside the queue's scope."""
    broken, used_up = _broken()
    return _ways_to(broken) + _used_up_ways(used_up)


def _broken() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Transport and host of those whose breaker is open, and of those whose service takes nothing more today."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT transport, host, opened_at IS NOT NULL, coalesce(used_up_until > now(), false)"
            " FROM notifications_wayout WHERE opened_at IS NOT NULL OR used_up_until > now()"
        )
        rows = cursor.fetchall()
    return {(name, host) for name, host, opened, _ in rows if opened}, {
        (name, host) for name, host, _, spent in rows if spent
    }


def _ways_to(ends: set[tuple[str, str]]) -> list[str]:
    found = []
    for way in (*settings.SENT_WAYS, *settings.BESIDE_WAYS):
        for suffix in ("", EXERCISE):
            kind = transport_for(way, exercise=bool(suffix))
            if kind.many_hosts:
                found += [f"{way}@{host}{suffix}" for name, host in ends if name == kind.name]
            elif (kind.name, kind.host()) in ends:
                found.append(way + suffix)
    return found


def _used_up_ways(used_up: set[tuple[str, str]]) -> list[str]:
    """The kinds of contact points to which nothing goes today: none of their roads takes anything."""
    if not used_up:
        return []
    return [
        way + suffix
        for way in settings.SENT_WAYS
        for suffix in ("", EXERCISE)
        if all((road.name, road.host()) in used_up for road in transport_for(way, exercise=bool(suffix)).roads())
    ]


@dataclass(frozen=True, slots=True)
class End:
    """The other side of a message: a transport and a host, which is a key of one where each address has its own."""

    kind: type[Transport]
    host: str


def end_of(kind: type[Transport], host_key: str) -> End:
    return End(kind, host_key if kind.many_hosts else kind.host())


class Tally:
    """What a batch learns of the ways that it uses. Successes are written down together, a failure at once."""

    def __init__(self) -> None:
        self.outcomes: dict[End, list[Outcome]] = {}

    def took(self, end: End, delivery: object) -> None:
        self.outcomes.setdefault(end, []).append(Outcome(str(delivery), ok=True))

    def failed(self, end: End, delivery: object, error: TransportError) -> bool:
        """Whether the breaker is open now."""
        if error.ours:
            return False
        self.outcomes.setdefault(end, []).append(Outcome(str(delivery), ok=error.permanent, down=error.down))
        return not error.permanent and self._write(end, error.because)

    def end(self) -> None:
        for end in list(self.outcomes):
            self._write(end)

    def _write(self, end: End, because: str = "") -> bool:
        outcomes, host = self.outcomes.pop(end, []), end.host
        return bool(outcomes and host) and note(end.kind.name, host, outcomes, because)
