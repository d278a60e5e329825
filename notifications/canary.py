"""A message to nobody each minute by every way out that has an address for it: silence must not look like calm."""

from __future__ import annotations

import logging
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connections

from notifications import breakers
from notifications.messages import Text
from notifications.transports import Transport, TransportError, transport_for
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
    """It goes out whether a breaker is open or not: the first one that is accepted closes it."""
    if not _due(kind):
        return False
    made = uuid4()
    try:
        with kind() as transport:
            transport.send(made, address, TEXT)
    except TransportError as error:
        _note(kind, made, error)
        return False
    except Exception:
        log.exception("the canary of %s could not be sent", kind.name)
        return False
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_wayout SET canary_accepted_at = clock_timestamp() WHERE transport = %s AND host = %s",
            [kind.name, kind.host()],
        )
    _note(kind, made, None)
    return True


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


def _note(kind: type[Transport], made: UUID, error: TransportError | None) -> None:
    outcome = breakers.Outcome(str(made), ok=error is None, down=error is not None and error.down)
    if error is None or not error.permanent:  # an address of ours that does not exist is no news about the server
        breakers.note(kind.name, kind.host(), [outcome], error.because if error else "")
