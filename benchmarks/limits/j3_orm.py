"""The limit of `J3 orm`: Django's get_or_create for each crossing that nothing approves, one transaction each.

Usage: j3_orm.py EVENTS APPROVED COUNT, with DATABASE_URL as the owner's. Takes the first COUNT such crossings; prints
the events a second that this went through, those at home and approved ones counted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings


def main(database: str, events: str, approved: str, count: int) -> None:
    parts = urlsplit(database)
    settings.configure(
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": parts.hostname,
                "PORT": parts.port,
            }
        },
    )
    django.setup()
    from django.db import connection, models  # noqa: PLC0415 - there are settings only now

    class Seen(models.Model):
        account = models.TextField()
        organisation = models.TextField()
        system = models.TextField()
        at = models.TextField()

        class Meta:
            app_label = "limit"
            db_table = "limit_seen"
            constraints = [models.UniqueConstraint(fields=["account", "organisation", "system"], name="limit_once")]

        def __str__(self) -> str:
            return self.account

    with connection.schema_editor() as editor:
        editor.create_model(Seen)
    known = {tuple(line.split()) for line in Path(approved).read_text().splitlines()}
    read = asked = 0
    began = time.perf_counter()
    with Path(events).open() as file:
        for line in file:
            read += 1
            event = json.loads(line)
            organisation = event["resource_organisation"]
            if event["account"].endswith(organisation):
                continue
            if (event["account"], organisation, event["system"]) in known:
                continue
            Seen._default_manager.get_or_create(
                account=event["account"],
                organisation=organisation,
                system=event["system"],
                defaults={"at": event["at"]},
            )
            asked += 1
            if asked == count:
                break
    seconds = time.perf_counter() - began
    with connection.schema_editor() as editor:
        editor.delete_model(Seen)
    print(read / seconds)


if __name__ == "__main__":
    main(os.environ["DATABASE_URL"], sys.argv[1], sys.argv[2], int(sys.argv[3]))
