"""The only code that writes a delivery or changes its state. Times are the database's; the network is never used here.

A worker claims a batch for a while, sends with no transaction open, and settles each message as its answer comes. Every
settlement names the claim and the attempt, so that a worker that was thought dead cannot overwrite its successor.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connections

from incidents.models import Incident
from notifications.breakers import KIND, shut_ways
from notifications.codes import new_code
from notifications.models import Delivery
from notifications.own_words import USUAL, OwnWords, filled
from notifications.recipients import Way
from notifications.service_day import NEXT_DAY
from notifications.tool_opened import Opener
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

BATCH = 20
LOOKED_AT = 4  # times as many as are taken
# Longer than a batch can take: sending stops after BATCH_SECONDS, and one message is given up long before the rest.
BATCH_SECONDS = 30
LEASE_SECONDS = getattr(settings, "DELIVERY_LEASE_SECONDS", 150)
RETRY_SECONDS = (5, 15, 45, 120, 300, 600, 900)  # then every quarter of an hour, each × (0.5 + random())
DEAD_AFTER_HOURS = 24
DEAD_AFTER_ATTEMPTS = 20  # a message may have waited for a day, or a worker for it, before it was tried at all
QUIET = (Delivery.Message.PLANNED, Delivery.Message.PLANNED_CHANGED)
# May come more than once, and each is news.
_Message = Delivery.Message
EACH_TIME = (
    _Message.LEAD_OFFERED,
    _Message.LEADS_NOW,
    _Message.UPDATE_ASKED,
    _Message.UPDATE_DUE,
    _Message.STEPS_READY,
    _Message.DECISION_ASKED,
    _Message.DATA_NOTICE,
    _Message.DUTY_DUE,
    _Message.STATEMENT_ASKED,
    _Message.CUT_ASKED,
    _Message.CUT_CHANGED,
    _Message.ANSWERED_FOR,
)
# They tell of something between two organisations, or of one's own clock: not even whoever leads learns of it.
BETWEEN_TWO = frozenset({_Message.DATA_NOTICE, _Message.DUTY_DUE, _Message.STATEMENT_ASKED})
FIRST_MESSAGES = (Delivery.Message.OPENED, Delivery.Message.SUSPECTED)
# Closing ends no legal clock. `sec.waits_no_more` says the same.
AFTER_CLOSING = (_Message.STOOD_DOWN, _Message.DUTY_DUE)


@dataclass(frozen=True, slots=True)
class New:
    """What new deliveries have in common. `incident` None: a notice of the organisation's own, once an event.

    `reference` is of planned work, which is no incident and has one too.
    """

    incident: Incident | None
    organisation_id: UUID
    event_id: UUID
    message: str
    reference: str = ""
    step: UUID | None = None  # of a ladder
    anew: bool = False  # once an event, also of a kind that is told once an incident
    again: bool = False  # a ladder calls those a second time who were told at opening
    exercise: bool = False  # of a notice; an incident says so itself


@dataclass(frozen=True, slots=True)
class Held:
    """One claimed delivery with all that sending needs. `usable` False: the way has lost its trust meanwhile.

    `own` are the words of the organisation whose people are told, and of nobody else.
    `host_key` stands for where a channel or a browser is. Of these `address` is sealed until `notifications.sealed` has
    opened it. `opener`: the tool that opened the incident, while no person has looked at it.
    """

    id: UUID
    organisation_id: UUID
    incident_id: UUID | None
    attempts: int
    message: str
    way: str
    address: str
    reference: str
    exercise: bool
    code: str
    usable: bool
    own: OwnWords = USUAL
    host_key: str = ""
    opener: Opener | None = None


def write(new: New, use: Iterable[Way], skip: Iterable[tuple[Way, str]] = (), *, after: int = 0) -> int:
    """Write a delivery for each way of the organisation that was entered; how many are new. Safe to repeat.

    One way gets one message of a kind per incident (or event, when there is none), the first of `use` goes out
    first; `after` others that were written just before. A way passed over is written down with its reason and never
    sent.
    """
    rows = [_row(new, way, "pending", "") for way in use] + [_row(new, way, "skipped", why) for way, why in skip]
    if not rows:
        return 0
    rows = [{**row, "nth": nth} for nth, row in enumerate(rows, start=after)]
    incident = new.incident
    about = [incident.pk, incident.reference, incident.exercise] if incident else [None, new.reference, new.exercise]
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise,"
            " event_id, step_id, contact_point_id, person_id, way, message, code, state, error, idempotency_key,"
            " created_at, due_at)"
            " SELECT r.id, %s, %s, %s, %s, %s, %s, r.point, r.person, r.way, %s, r.code, r.state, r.error,"
            " decode(r.key, 'hex'), r.at, r.at FROM (SELECT x.*, now() + x.nth * interval '1 microsecond' AS at"
            " FROM jsonb_to_recordset(%s::jsonb) AS x(nth int, id uuid, point uuid, person uuid, way text, code text,"
            " state text, error text, key text)) r ON CONFLICT DO NOTHING",
            [new.organisation_id, *about, new.event_id, new.step, new.message, json.dumps(rows)],
        )
        return cursor.rowcount


def _row(new: New, way: Way, state: str, error: str) -> dict[str, Any]:
    once = new.event_id if new.incident is None or new.anew or new.message in EACH_TIME else new.incident.pk
    if new.again and new.step is not None and state != "skipped":  # each step of a ladder calls anew
        once = new.step
    # The number of the duty desk's record has no contact point. `sec.write_call` makes the same keys.
    key = f"{once}:{new.message}:{way.id or f'desk of {new.organisation_id}'}"
    return {
        "id": str(uuid4()),
        "point": str(way.id) if way.id else None,
        "person": str(way.person_id) if way.person_id else None,
        "way": way.kind,
        "code": new_code(),
        "state": state,
        "error": error,
        "key": hashlib.sha256(key.encode()).hexdigest(),
    }


def told_points(incident_id: UUID, organisation_id: UUID) -> list[tuple[UUID, UUID | None, str]]:
    """Contact point, person and way of everybody who was told. Waits for settlements that are under way."""
    rows = Delivery.objects.filter(
        incident_id=incident_id, organisation_id=organisation_id, message__in=FIRST_MESSAGES
    ).select_for_update()
    values = list(rows.values_list("contact_point_id", "person_id", "way", "state"))
    return list(dict.fromkeys((point, person, way) for point, person, way, state in values if state in Delivery.TOLD))


def end_waiting(incident_id: UUID, organisation_id: UUID, messages: Iterable[str]) -> None:
    """Take back what has not gone out yet of these kinds."""
    Delivery.objects.filter(
        incident_id=incident_id, organisation_id=organisation_id, message__in=messages, state="pending"
    ).update(state="superseded")


def end_all_waiting(incident_id: UUID, organisation_id: UUID) -> None:
    """Take back what has not gone out yet of an incident that was closed."""
    waiting = Delivery.objects.filter(incident_id=incident_id, organisation_id=organisation_id, state="pending")
    waiting.exclude(message__in=AFTER_CLOSING).update(state="superseded")


def claim(worker: str, *, most: int = BATCH) -> list[Held]:
    """Take what is due for LEASE_SECONDS, in turns: every organisation's first, then every organisation's second, …

    `worker` is used for one batch only. Nothing is taken for a way whose breaker is open, but one message to try it.
    Planned work goes when nothing else is due: at eight in the morning all of it is, and an alarm does not wait for it.
    Calls are taken by people alone (`notifications/calls.py`).
    """
    with queue_scope(), connections["default"].cursor() as cursor:
        shut, probes = shut_ways()
        taken = sum(
            _claim(worker, 1, quiet=False, only=[way]) or _claim(worker, 1, quiet=True, only=[way]) for way in probes
        )
        if taken < most:
            taken += _claim(worker, most - taken, quiet=False, shut=shut)
        if not taken and not _claim(worker, most, quiet=True, shut=shut):
            return []
        cursor.execute("SELECT * FROM sec.claimed(%s)", [worker])
        held = [Held(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT * FROM sec.own_words(%s)", [worker])
        own = {
            delivery: filled(preface, line, organisation=organisation, desk=desk)
            for delivery, preface, line, organisation, desk in cursor.fetchall()
        }
        cursor.execute("SELECT * FROM sec.tools_unseen(%s)", [worker])
        openers = {delivery: Opener(tool_of, kind) for delivery, tool_of, kind in cursor.fetchall()}
        return [replace(each, own=own.get(each.id, USUAL), opener=openers.get(each.id)) for each in held]


# The organisations that have anything waiting come off the index one by one, and of each its first few: the cost grows
# with the number of organisations, not with how much they have. More are looked at than taken, because other workers
# look at the same ones at the same time; the lock is taken on what is still due then.
CLAIM = f"""
WITH RECURSIVE waiting AS (
    (SELECT organisation_id FROM notifications_delivery WHERE state IN ('pending', 'claimed')
      ORDER BY organisation_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.organisation_id FROM notifications_delivery d WHERE d.state IN ('pending', 'claimed')
             AND d.organisation_id > w.organisation_id ORDER BY d.organisation_id LIMIT 1)
      FROM waiting w WHERE w.organisation_id IS NOT NULL
), turns AS MATERIALIZED (
    SELECT t.id, row_number() OVER (PARTITION BY w.organisation_id ORDER BY t.due_at) AS turn, t.due_at
      FROM waiting w CROSS JOIN LATERAL (
           SELECT d.id, d.due_at FROM notifications_delivery d
            WHERE d.organisation_id = w.organisation_id AND d.state IN ('pending', 'claimed') AND d.due_at <= now()
              AND d.way <> 'phone' AND (d.message = ANY (%(quiet_kinds)s)) = %(quiet)s
              AND NOT {KIND} = ANY (%(shut)s)
              AND (%(only)s::text[] IS NULL
                   OR {KIND} = ANY (%(only)s))
            ORDER BY d.due_at LIMIT %(looked_at)s) t
     WHERE w.organisation_id IS NOT NULL
), due AS (
    SELECT d.id FROM notifications_delivery d JOIN
           (SELECT id, turn, due_at FROM turns ORDER BY turn, due_at LIMIT %(looked_at)s) t ON t.id = d.id
     WHERE d.state IN ('pending', 'claimed') AND d.due_at <= now()
     ORDER BY t.turn, t.due_at LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED
)
UPDATE notifications_delivery d SET state = 'claimed', attempts = d.attempts + 1, claimed_by = %(worker)s,
       claimed_until = now() + make_interval(secs => %(lease)s), due_at = now() + make_interval(secs => %(lease)s)
  FROM due WHERE d.id = due.id
"""  # noqa: S608


def _claim(worker: str, most: int, *, quiet: bool, shut: Sequence[str] = (), only: Sequence[str] | None = None) -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            CLAIM,
            {
                "worker": worker,
                "lease": LEASE_SECONDS,
                "most": most,
                "looked_at": LOOKED_AT * most,
                "quiet_kinds": list(QUIET),
                "quiet": quiet,
                "shut": list(shut),
                "only": None if only is None else list(only),
            },
        )
        return cursor.rowcount


def enter(held: Held, worker: str) -> None:
    """Enter the organisation of a delivery that this worker holds.

    Raises:
        ProgrammingError: somebody else has taken it over.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.enter_delivery(%s, %s)", [held.id, worker])


def settle(held: Held, worker: str, changes: str, parameters: Sequence[Any] = ()) -> str | None:
    """Write how the attempt ended and let go of the row; its state now, or None when it is not ours any more."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"UPDATE notifications_delivery SET {changes}, claimed_by = '', claimed_until = NULL"  # noqa: S608
            " WHERE id = %s AND state = 'claimed' AND claimed_by = %s AND attempts = %s RETURNING state",
            [*parameters, held.id, worker, held.attempts],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def settle_accepted(held: Held, worker: str, *, transport: str, provider_ref: str) -> bool:
    changes = "state = 'accepted', accepted_at = clock_timestamp(), error = '', transport = %s, provider_ref = %s"
    return settle(held, worker, changes, [transport, provider_ref]) is not None


def settle_failed(held: Held, worker: str, *, because: str, wait: float = 0) -> str | None:
    """Put it back for a later attempt, or give it up a day after it was written and after many attempts.

    `wait`: for so many seconds the other side wants to be left alone.
    """
    delay = RETRY_SECONDS[min(held.attempts, len(RETRY_SECONDS)) - 1]
    changes = (
        "state = CASE WHEN created_at < now() - make_interval(hours => %s) AND attempts >= %s THEN 'dead'"
        " ELSE 'pending' END,"
        " due_at = now() + make_interval(secs => greatest(%s * (0.5 + random()), %s)), error = %s"
    )
    return settle(held, worker, changes, [DEAD_AFTER_HOURS, DEAD_AFTER_ATTEMPTS, delay, wait, because])


def settle_dead(held: Held, worker: str, *, because: str) -> bool:
    return settle(held, worker, "state = 'dead', error = %s", [because]) is not None


def hold_over(held: Held, worker: str, *, because: str) -> None:
    """Let it wait for the next day of the text message service, without an attempt; the person's next way is taken."""
    changes = (
        f"state = 'pending', attempts = attempts - 1, error = %s, due_at = {NEXT_DAY},"
        " next_way = CASE next_way WHEN 'taken' THEN 'taken' ELSE 'wanted' END"
    )
    with queue_scope():
        settle(held, worker, changes, [because])


OVER = reason("What it was to tell was over before it went out.")


def without_those_over(held: Sequence[Held], worker: str) -> list[Held]:
    """Those that have something to tell still; the others are settled as not needed, whatever they have waited for.

    What a message says is made when it is sent; this is about what it tells of: a question that was answered meanwhile,
    an offer that was taken back, an incident that was closed. `sec.over_meanwhile` says so of each kind.
    """
    if not held:
        return []
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute("SELECT * FROM sec.over_meanwhile(%s)", [worker])
            over = {row[0] for row in cursor.fetchall()}
        over -= {each.id for each in held if each.id in over and _only_a_tool_is_at_it(each, worker)}
    except DatabaseError:  # one odd row must not hold up the others
        log.exception("what is over meanwhile could not be asked: everything is sent")
        return list(held)
    with queue_scope():
        for each in held:
            if each.id in over:
                settle(each, worker, "state = 'superseded', error = %s", [OVER])
    return [each for each in held if each.id not in over]


# A key is nobody: of steps that a tool has taken nobody there may have heard.
BY_A_TOOL = """
SELECT EXISTS (SELECT 1 FROM incidents_task t
                WHERE t.id::text IN (SELECT jsonb_array_elements_text(e.data -> 'tasks') FROM ledger_event e
                                      JOIN notifications_delivery d ON d.event_id = e.id WHERE d.id = %s)
                  AND t.status IN ('acknowledged', 'in_progress', 'blocked', 'declined')
                  AND NOT EXISTS (SELECT 1 FROM partners_person p WHERE p.id = t.changed_by_id))
"""


def _only_a_tool_is_at_it(held: Held, worker: str) -> bool:
    """Of further steps, whether some are taken up by no person."""
    if held.message != _Message.STEPS_READY:
        return False
    with queue_scope(), connections["default"].cursor() as cursor:
        enter(held, worker)
        cursor.execute(BY_A_TOOL, [held.id])
        return bool(cursor.fetchone()[0])


def let_go(held: Iterable[Held], worker: str, *, seconds: float = 0, because: str = "") -> None:
    """Give back what was claimed and not tried: it is due again after so many seconds, and no attempt was made."""
    changes = "state = 'pending', attempts = attempts - 1, due_at = now() + make_interval(secs => %s)"
    with queue_scope():
        for each in held:
            if because:
                settle(each, worker, f"{changes}, error = %s", [seconds, because])
            else:
                settle(each, worker, changes, [seconds])
