"""What the pages of advisories show: the demonstration's own, matched by the worker, and two feeds."""

from __future__ import annotations

from uuid import uuid4

import psycopg

from tests.pages import Stage
from tests.running import wait_for

FEEDS = (
    ("CISA KEV", "kev", "https://catalogue.example/kev.json", False),
    ("Fictional Software House", "csaf", "https://advisories.example/rolie.json", True),
)


def put_advisories(database_url: str) -> Stage:
    with psycopg.connect(database_url, autocommit=True) as owner:
        for name, kind, url, fails in FEEDS:
            owner.execute(
                "INSERT INTO monitoring_advisoryfeed (id, slug, name, kind, url, every_minutes, is_active, due_at,"
                " good_at, failing_since, trouble) VALUES (%s, %s, %s, %s, %s, 60, true, now() + interval '1 day',"
                " now() - interval '3 hours', CASE WHEN %s THEN now() - interval '2 hours' END, %s)"
                " ON CONFLICT (slug) DO NOTHING",
                [uuid4(), kind, name, kind, url, fails, "It answers with the status 503." if fails else ""],
            )
        found = "SELECT id FROM monitoring_exposure WHERE label = %s AND state = 'open' LIMIT 1"
        wait_for(lambda: owner.execute(found, ["CVE-2099-10001"]).fetchone() is not None, seconds=75)
        return {"exposure": str(owner.execute(found, ["CVE-2099-10001"]).fetchone()[0])}
