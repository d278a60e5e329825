"""A message to nobody each minute by every way out that has an address for it: silence must not look like calm."""

from __future__ import annotations

import hashlib
import logging
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import connections

from notifications import breakers
from notifications.messages import Text
from notifications.transports import Transport, TransportError, UsedUp, transport_for
from notifications.used_up import forget_what_cannot_be, note_used_up, open_again, to_ask_again, used_up_of
from portal.egress.hosts import host_of
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

EVERY_SECONDS = 60
WEBHOOK = "webhook"
SAID = "Bulkhead sends this once a minute to see whether messages get out. Nobody has to read it."
TEXT = Text("Bulkhead: canary", f"{SAID}\n", "Bulkhead canary. Nobody has to read it.", SAID, calm=True)


class Way(NamedTuple):
    """What a canary tries. `shared`: other messages know other hosts of this transport, which are no business of it."""

    transport: str
    host: str
    shared: bool = False


def send_canaries() -> int:
    """Send those that are due; how many were accepted. Of several processes one sends each."""
    forget_what_cannot_be()
    return sum(_send(transport_for(way, exercise=False), address) for way, address in _canaries().items())


def _canaries() -> dict[str, str]:
    """Address by kind of contact point, for the kinds that something sends to."""
    in_use = {*settings.SENT_WAYS, *settings.BESIDE_WAYS}
    return {way: address for way, address in settings.CANARIES.items() if address and way in in_use}


def _send(kind: type[Transport], address: str) -> bool:
    """It goes out whether a breaker is open or not: the first one that is accepted closes it.

    Where e-mail has two roads each carries one: a second road that nobody tries is found dead when it is needed. A road
    that takes nothing more today is asked once in an hour whether its limit was raised, and left alone otherwise.
    """
    roads, due = kind.roads(), is_due(_way_of(kind, address))
    asked = to_ask_again(roads) if due or roads == (kind,) else set()
    if not due and not asked:
        return False
    used_up = used_up_of(roads)
    came = [UsedUp("") if road in used_up - asked else _try(road, address) for road in roads]
    note_used_up(
        road for road, error in zip(roads, came, strict=True) if isinstance(error, UsedUp) and road not in used_up
    )
    if roads != (kind,):
        for road, error in zip(roads, came, strict=True):
            _begin_road(road)
            note(_way_of(road, address), error)
    # What may work in a minute tells more than what does not today.
    tells = next((error for error in came if not isinstance(error, UsedUp)), came[0])
    note(_way_of(kind, address), None if None in came else tells)
    open_again(road for road, error in zip(roads, came, strict=True) if error is None and road in asked)
    return None in came


def _way_of(kind: type[Transport], address: str) -> Way:
    """Where each address has a host of its own the breaker is known by a hash of it, as for everybody's messages."""
    if not kind.many_hosts:
        return Way(kind.name, kind.host())
    return Way(kind.name, hashlib.sha256(host_of(address).encode()).hexdigest()[:16], shared=True)


def _try(kind: type[Transport], address: str) -> Exception | None:
    try:
        with kind() as transport:
            transport.send(uuid4(), address, TEXT)
    except TransportError as error:
        return error
    except Exception as error:
        log.exception("the canary of %s could not be sent", kind.name)
        return error
    return None


def is_due(way: Way) -> bool:
    """Whether a minute is over since the last one; then the caller sends it, and nobody else."""
    with queue_scope(), connections["default"].cursor() as cursor:
        breakers.begin(way.transport, way.host)
        cursor.execute(
            "UPDATE notifications_wayout SET canary_due_at = now() + make_interval(secs => %s), canary_tried_at = now()"
            " WHERE transport = %s AND host = %s AND coalesce(used_up_until, now()) <= now()"
            " AND (coalesce(canary_due_at, now()) <= now()"
            " OR coalesce(canary_tried_at, '-infinity') < used_up_until)",  # its day has begun since
            [EVERY_SECONDS, way.transport, way.host],
        )
        if not cursor.rowcount:
            return False
        _forget_others(way)
        return True


def _forget_others(way: Way) -> None:
    """What was known of a server that was used before: pages would say for ten minutes more that it is silent."""
    what = "" if way.shared else "recent = '[]', opened_at = NULL, probe_at = NULL, because = '', used_up_until = NULL,"
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"UPDATE notifications_wayout SET {what} canary_tried_at = NULL"  # noqa: S608
            " WHERE transport = %s AND host <> %s AND (opened_at IS NOT NULL OR canary_tried_at IS NOT NULL)",
            [way.transport, way.host],
        )


def _begin_road(kind: type[Transport]) -> None:
    """One of several roads, tried with the others: no due time of its own."""
    with queue_scope(), connections["default"].cursor() as cursor:
        breakers.begin(kind.name, kind.host())
        cursor.execute(
            "UPDATE notifications_wayout SET canary_tried_at = now() WHERE transport = %s AND host = %s",
            [kind.name, kind.host()],
        )
        _forget_others(Way(kind.name, kind.host()))


def note(way: Way, error: Exception | None) -> None:
    """Write down what came of it. A fault of ours, or an address that does not exist, is no news about the server."""
    if error is None:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(
                "UPDATE notifications_wayout SET canary_accepted_at = clock_timestamp()"
                " WHERE transport = %s AND host = %s",
                [way.transport, way.host],
            )
        breakers.note(way.transport, way.host, [breakers.Outcome(str(uuid4()), ok=True)])
    elif isinstance(error, TransportError) and not isinstance(error, UsedUp):
        log.warning("the canary of %s was not taken: %s", way.transport, error.because)
        if not error.permanent and not error.ours:
            outcome = breakers.Outcome(str(uuid4()), ok=False, down=error.down)
            breakers.note(way.transport, way.host, [outcome], error.because)
