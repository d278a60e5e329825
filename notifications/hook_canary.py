"""The canary of webhooks: a signed message to a sink of the installation's own, by what sends to everybody's tools."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from django.conf import settings
from django.db import connections

from notifications.canary import WEBHOOK, Way, is_due, note
from notifications.hook_queue import Held, Open
from notifications.hook_sending import send_alone
from notifications.transports import TransportError
from portal.egress.hosts import host_of
from portal.signing import read_key
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

KIND = "webhook.canary"  # of no subscription, so that no tool can be told of it


def send_hook_canary() -> int:
    """Send it when it is due; 1 when it was taken. Of several processes one sends it."""
    address, key = settings.CANARY_WEBHOOK, read_key(settings.CANARY_WEBHOOK_KEY)
    if not address or not key:
        return 0
    way = Way(WEBHOOK, host_of(address))
    if not is_due(way):
        return 0
    error = _try(Open(address, (key,)))
    note(way, error)
    return int(error is None)


def _try(to: Open) -> Exception | None:
    now = _database_now()
    body = orjson.dumps({"type": KIND, "timestamp": now.isoformat().replace("+00:00", "Z"), "data": {}})
    try:
        came = send_alone(Held(uuid4(), uuid4(), 1, 0, KIND, body), to, ahead=now.timestamp() - time.time())
    except Exception as error:
        log.exception("the canary of webhooks could not be sent")
        return error
    if came.outcome == "delivered":
        return None
    # Whatever the sink answers in words of its own, the way to it works; that it is none any more is the operator's.
    return TransportError(came.error, permanent=came.outcome in {"dead", "gone"}, down=came.down)


def _database_now() -> datetime:
    """By the clock that receivers compare theirs with."""
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)
