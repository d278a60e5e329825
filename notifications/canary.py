"""A message to nobody each minute by every way out that has an address for it: silence must not look like calm."""

from __future__ import annotations

import logging
from uuid import uuid4

from django.conf import settings
from django.db import connections

from notifications import breakers
from notifications.messages import Text
from notifications.transports import Transport, TransportError, transport_for
from notifications.transports.notify_mail import Email
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

EVERY_SECONDS = 60
TEXT = Text(
    "Bulkhead: canary",
    "Bulkhead sends this once a minute to see whether messages get out. Nobody has to read it.\n",
    "Bulkhead canary. Nobody has to read it.",
    "",
)


def send_canaries() -> int:
    """Send those that are due; how many were accepted. Of several processes one sends each."""
    return sum(_send(transport_for(way, exercise=False), address) for way, address in _canaries().items())


def _canaries() -> dict[str, str]:
    """Address by kind of contact point, for the kinds that something sends to."""
    return {way: address for way, address in settings.CANARIES.items() if address and way in settings.SENT_WAYS}


def _send(kind: type[Transport], address: str) -> bool:
    """It goes out whether a breaker is open or not: the first one that is accepted closes it.

    Where e-mail has two roads each carries one: a second road that nobody tries is found dead when it is needed.
    """
    if not _due(kind):
        return False
    roads = Email.roads() if kind is Email else (kind,)
    came = [_try(road, address) for road in roads]
    if kind is Email:
        for road, error in zip(roads, came, strict=True):
            _begin_road(road)
            _note(road, error)
        _note(kind, None if None in came else came[0])
    else:
        _note(kind, came[0])
    return None in came


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


def _due(kind: type[Transport]) -> bool:
    with queue_scope(), connections["default"].cursor() as cursor:
        breakers.begin(kind.name, kind.host())
        cursor.execute(
            "UPDATE notifications_wayout SET canary_due_at = now() + make_interval(secs => %s), canary_tried_at = now()"
            " WHERE transport = %s AND host = %s AND coalesce(canary_due_at, now()) <= now()",
            [EVERY_SECONDS, kind.name, kind.host()],
        )
        if not cursor.rowcount:
            return False
        _forget_others(kind)
        return True


def _forget_others(kind: type[Transport]) -> None:
    """What was known of a server that was used before: pages would say for ten minutes more that it is silent."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_wayout SET recent = '[]', opened_at = NULL, probe_at = NULL, because = '',"
            " canary_tried_at = NULL WHERE transport = %s AND host <> %s"
            " AND (opened_at IS NOT NULL OR canary_tried_at IS NOT NULL)",
            [kind.name, kind.host()],
        )


def _begin_road(kind: type[Transport]) -> None:
    """One of several roads, tried with the others: no due time of its own."""
    with queue_scope(), connections["default"].cursor() as cursor:
        breakers.begin(kind.name, kind.host())
        cursor.execute(
            "UPDATE notifications_wayout SET canary_tried_at = now() WHERE transport = %s AND host = %s",
            [kind.name, kind.host()],
        )
        _forget_others(kind)


def _note(kind: type[Transport], error: Exception | None) -> None:
    """Write down what came of it. A fault of ours, or an address that does not exist, is no news about the server."""
    if error is None:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(
                "UPDATE notifications_wayout SET canary_accepted_at = clock_timestamp()"
                " WHERE transport = %s AND host = %s",
                [kind.name, kind.host()],
            )
        breakers.note(kind.name, kind.host(), [breakers.Outcome(str(uuid4()), ok=True)])
    elif isinstance(error, TransportError) and not error.permanent:
        outcome = breakers.Outcome(str(uuid4()), ok=False, down=error.down)
        breakers.note(kind.name, kind.host(), [outcome], error.because)
