"""`manage.py demo_telephones`: numbers for text messages, and a council's own words, in the demonstration.

Only `make run` has them, because its stand-in takes text messages. Loaded once: a number that somebody took out of use
stays out of use.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

FILE = "demo/telephones.json"
NUMBER = """
INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, address, label, trust, is_active, "order",
    is_private, trust_since, trust_because)
SELECT %s, p.organisation_id, p.id, 'sms', %s, %s, 'trusted', true, %s, false, now(), '' FROM partners_person p
 WHERE p.email = %s
"""
WORDING = """
INSERT INTO notifications_wording (id, organisation_id, message, band, preface, line)
SELECT %s, o.id, %s, %s, %s, %s FROM partners_organisation o WHERE o.slug = %s ON CONFLICT DO NOTHING
"""


class Command(BaseCommand):
    help = "Gives people of the demonstration numbers for text messages."

    def handle(self, *args: Any, **options: Any) -> None:
        if "sms" not in settings.SENT_WAYS:
            return
        said = json.loads((settings.BASE_DIR / FILE).read_text())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM partners_contactpoint WHERE kind = 'sms' LIMIT 1")
            if cursor.fetchone():
                return
            for each in said["numbers"]:
                cursor.execute(NUMBER, [uuid4(), each["address"], each["label"], each["order"], each["person"]])
            for each in said["wordings"]:
                own = [each[name] for name in ("message", "band", "preface", "line", "organisation")]
                cursor.execute(WORDING, [uuid4(), *own])
