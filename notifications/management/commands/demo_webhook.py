"""`manage.py demo_webhook`: a webhook of Ashbourne's in the demonstration, to the stand-in for a tool.

Runs at every start as the owner, because the stand-in has a new port and a new key each time. Whoever has ended the
webhook in the portal has ended it: it is not made again.
"""

from __future__ import annotations

import base64
import os
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from notifications.hooks import FIELD
from portal.egress.targets import read_target
from portal.signing import PREFIX
from portal.vault.sealing import seal

SLUG, LABEL = "ashbourne", "Ticketing of the demonstration"
KINDS = ["incident.opened", "incident.moved", "incident.closed", "task.acknowledged", "task.completed", "update.sent"]


class Command(BaseCommand):
    help = "Points the demonstration's webhook at the stand-in of this start."

    def handle(self, *args: Any, **options: Any) -> None:
        key = os.environ.get("DEMO_WEBHOOK_KEY", "")
        if settings.DEMO_WEBHOOK_URL and key:
            point(settings.DEMO_WEBHOOK_URL, base64.b64decode(key.removeprefix(PREFIX)))


def point(url: str, key: bytes) -> None:
    """Make the webhook, or have the one that is there lead to `url` and sign with `key`."""
    host = read_target(url, allow=settings.EGRESS_ALLOW).name
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM partners_organisation WHERE slug = %s", [SLUG])
        organisation = cursor.fetchone()
        if organisation is None:
            return
        cursor.execute(
            "SELECT id, state FROM notifications_webhook WHERE organisation_id = %s AND label = %s",
            [organisation[0], LABEL],
        )
        found = cursor.fetchone()
        if found is None:
            found = (uuid4(), "on")
            cursor.execute(
                "INSERT INTO notifications_webhook (id, organisation_id, label, address, host, kinds)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [found[0], organisation[0], LABEL, url, host, KINDS],
            )
        if found[1] != "ended":
            _give(cursor, found[0], organisation[0], url, host, key)


def _give(cursor: Any, hook: UUID, organisation: UUID, url: str, host: str, key: bytes) -> None:
    row = uuid4()
    cursor.execute(
        "UPDATE notifications_webhook SET address = %s, host = %s, failures = 0, failing_since = NULL,"
        " rests_until = NULL WHERE id = %s",
        [url, host, hook],
    )
    cursor.execute("DELETE FROM notifications_webhooksecret WHERE webhook_id = %s", [hook])
    cursor.execute(
        "INSERT INTO notifications_webhooksecret (id, webhook_id, organisation_id, sealed) VALUES (%s, %s, %s, %s)",
        [row, hook, organisation, seal(key, organisation_id=organisation, field=FIELD, row_id=row)],
    )
