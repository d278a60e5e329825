"""Mail that came back: which message it was, and whether for good.

A message is known by its envelope sender (`bounce_marks.py`). What comes back is read as RFC 3464 has it (`report`,
`delivery-status`) by the standard library, with limits, and kept as a report that a worker settles.
"""

from __future__ import annotations

import logging
import mailbox
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connections

from notifications.bounce_marks import delivery_in, mail_domain
from notifications.models import Receipt
from portal import clock
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
MOST_PARTS = 50
AT_MOST = 500  # of a folder in one look
HEADERS = ("X-Original-To", "Delivered-To", "Envelope-To", "To")  # where mail servers write whom it was for


class NotABounce(ValueError):
    """Nothing that is kept: the words say why, and name nobody."""


def take(raw: bytes, *, to: str = "") -> str:
    """Keep what a mail that came back says; its status. `to` is the envelope's recipient, if the mail server told it.

    Raises:
        NotABounce: too long, not a report, of no message of ours, or with a mark that is not ours.
    """
    if len(raw) > MOST_BYTES:
        raise NotABounce("It is longer than a report.")
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
        delivery, status = _delivery_in(mail, to), _status_in(mail)
    except NotABounce:
        raise
    except Exception:  # whatever the parser stumbles over: anybody may write to this address
        raise NotABounce("It cannot be read.") from None
    with queue_scope(), connections["default"].cursor() as cursor:
        ref = f"<{delivery}@{mail_domain()}>"
        cursor.execute("SELECT sec.take_bounce(%s, %s, %s, %s)", [delivery, ref, status, clock.now()])
    return status


def take_folder() -> int:
    """Take in what waits in `BOUNCE_MAILDIR`; how many reports were kept. What is none is moved to its `.refused`."""
    if not settings.BOUNCE_MAILDIR or not Path(settings.BOUNCE_MAILDIR).is_dir():
        return 0
    box = mailbox.Maildir(settings.BOUNCE_MAILDIR, create=False)
    kept = 0
    for key in list(box.keys())[:AT_MOST]:
        try:
            kept += _take_one(box, key)
        except (OSError, KeyError, mailbox.Error):  # gone, or not ours to read: the others are
            log.exception("a mail in the folder of bounces could not be taken in")
    return kept


def _take_one(box: mailbox.Maildir, key: str) -> bool:
    with box.get_file(key) as file:
        raw = file.read(MOST_BYTES + 1)
    kept = True
    try:
        take(bytes(raw))
    except NotABounce as trouble:
        log.warning("a mail in the folder of bounces is none: %s", trouble)
        box.add_folder("refused").add(bytes(raw[:MOST_BYTES]))
        kept = False
    box.remove(key)
    return kept


def _delivery_in(mail: Message, to: str) -> UUID:
    named = [to, *(str(value) for name in HEADERS for value in mail.get_all(name, []))]
    delivery = delivery_in(each[:2000] for each in named[:20])
    if delivery is None:
        raise NotABounce("It is for none of our messages.")
    return delivery


def _status_in(mail: Message) -> str:
    """What the first recipient's block says: every message of ours has one recipient."""
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        raise NotABounce("It is no report.")
    for nth, part in enumerate(mail.walk()):
        if nth > MOST_PARTS:
            break
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            return _status_of(part.get_payload())
    raise NotABounce("It is no report of a delivery.")


def _status_of(blocks: object) -> str:
    for block in blocks if isinstance(blocks, list) else []:
        action = str(block.get("Action", "")).strip().lower()
        if action == "failed":
            gone = str(block.get("Status", "")).strip().startswith(("5.1.", "5.2.1"))
            return Receipt.Status.PERMANENT if gone else Receipt.Status.TEMPORARY
        if action == "delayed":
            return Receipt.Status.DELAYED
    raise NotABounce("It says nothing of a failure or a delay.")
