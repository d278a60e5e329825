"""What services report of messages that they took. Each is settled inside its organisation, in one transaction."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import connections

from notifications.deliveries import Held
from notifications.models import Delivery, Receipt
from notifications.outcome import hold_side, note_dead, note_delivered
from portal.failpoints import reach
from portal.reasons import reason
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

NOBODYS_AFTER = "3 days"
NOT_YET = reason("Their mail server has not taken it yet.")
WORDS = {
    Receipt.Status.PERMANENT: reason("The network knows no such number."),
    Receipt.Status.TEMPORARY: reason("The telephone could not be reached."),
    Receipt.Status.TECHNICAL: reason("The text message service lost it."),
}
MAIL_WORDS = {
    Receipt.Status.PERMANENT: reason("Their mail server knows no such mailbox."),
    Receipt.Status.TEMPORARY: reason("Their mail server did not take it."),
    Receipt.Status.TECHNICAL: reason("The e-mail service lost it."),
}


def _words(status: str, way: str) -> str:
    return (MAIL_WORDS if way == "email" else WORDS)[Receipt.Status(status)]


def settle_receipts(*, most: int = 200) -> int:
    """Settle what is due; how many reports were looked at. Safe to run in several processes at once."""
    done = 0
    while done < most and _settle_next():
        done += 1
    return done


def _settle_next() -> bool:
    """One report. What cannot be settled is put off and does not stop the others."""
    receipt = None
    try:
        with queue_scope(), connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT id FROM notifications_receipt WHERE due_at <= now() ORDER BY due_at LIMIT 1"
                " FOR UPDATE SKIP LOCKED"
            )
            row = cursor.fetchone()
            if row is None:
                return False
            receipt = row[0]
            cursor.execute("SELECT sec.enter_receipt(%s)", [receipt])
            if cursor.fetchone()[0] is None:
                _put_off(receipt)
                return True
            cursor.execute("SELECT delivery_id, status, at FROM notifications_receipt WHERE id = %s", [receipt])
            _settle(*cursor.fetchone())
            reach("in receipts")
            cursor.execute("DELETE FROM notifications_receipt WHERE id = %s", [receipt])
    except Exception:
        if receipt is None:
            raise
        log.exception("receipt %s could not be settled", receipt)
        with queue_scope():
            _put_off(receipt)
    return True


def _put_off(receipt: UUID) -> None:
    """It fits no message: perhaps its sender, or whoever comes after a killed one, is about to write that it was taken.

    Looked at again after 5 s, and later after a quarter of the time that it has waited.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM notifications_receipt WHERE id = %(id)s AND taken_at < now() - %(old)s::interval"
            " RETURNING id) UPDATE notifications_receipt"
            " SET due_at = now() + greatest(interval '5 seconds', (now() - taken_at) / 4)"
            " WHERE id = %(id)s AND NOT EXISTS (SELECT 1 FROM gone)",
            {"id": receipt, "old": NOBODYS_AFTER},
        )


def _settle(delivery_id: UUID, status: str, at: datetime) -> None:
    """A message that is answered or dead already stays so."""
    held = _held(delivery_id)
    with connections["default"].cursor() as cursor:
        if status == Receipt.Status.DELAYED:
            cursor.execute(
                "UPDATE notifications_delivery SET error = %s WHERE id = %s AND state = 'accepted'",
                [NOT_YET, delivery_id],
            )
            return
        if status == Receipt.Status.DELIVERED:
            cursor.execute(
                "UPDATE notifications_delivery SET state = 'delivered',"
                " delivered_at = greatest(accepted_at, least(%s, clock_timestamp()))"
                " WHERE id = %s AND state = 'accepted'",
                [at, delivery_id],
            )
        else:
            hold_side(held)
            cursor.execute(
                "UPDATE notifications_delivery SET state = 'dead', error = %s WHERE id = %s AND state = 'accepted'",
                [_words(status, held.way), delivery_id],
            )
        changed = cursor.rowcount
    if not changed:
        return
    if status == Receipt.Status.DELIVERED:
        note_delivered(held)
    else:
        note_dead(held, _words(status, held.way))


def _held(delivery_id: UUID) -> Held:
    """What the outcome of a message asks of it: no address, no code."""
    names = ("id", "organisation_id", "incident_id", "attempts", "message", "way")
    row = Delivery.objects.values(*names).get(pk=delivery_id)
    return Held(**row, address="", reference="", exercise=False, code="", usable=True)
