"""B10: urgent messages beside fifty others a second: from the COMMIT of an opening until the mail server has them.

Each second an incident is opened, as by a person; the product's own workers plan and send. Times are taken at the mail
server alone. No more openings than start at once within an hour: a further one would be *suspected* and tell nobody.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from incidents.opening import Opening, open_incident
from portal.children import free_port
from portal.ledger.record import Actor
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door, organisation_scope
from scripts.prove.trial import Site, wait_for_workers
from scripts.prove.workforce import Workforce

OPENERS = ("ashbourne", "brackenfield")
OPENINGS = 18  # of each opener; twenty an hour start at once
A_SECOND, EACH_SECONDS = 50, 0.1  # other messages, and how often some of them are written
P95_SECONDS, P99_SECONDS = 2.0, 5.0
PATIENCE_SECONDS = 60.0
OTHERS = """
INSERT INTO notifications_delivery (id, organisation_id, incident_reference, exercise, event_id, contact_point_id,
    person_id, way, message, code, idempotency_key, created_at, due_at)
SELECT gen_random_uuid(), c.organisation_id, 'PLN-7K2M9X', false, gen_random_uuid(), c.id, c.person_id, c.kind,
       'planned', left(gen_random_uuid()::text, 8), sha256(gen_random_uuid()::text::bytea), now(), now()
  FROM generate_series(1, %s) n
 CROSS JOIN (SELECT c.* FROM partners_contactpoint c JOIN partners_organisation o ON o.id = c.organisation_id
              WHERE o.slug = 'gravenhurst' AND c.kind = 'email' AND c.trust = 'trusted' AND c.is_active
              ORDER BY c.id LIMIT 1) c
"""
# What the others are, planned work, is told of by day alone. In this database it is day, whatever the clock says.
IT_IS_DAY = "ALTER TABLE notifications_delivery DISABLE TRIGGER kept_quiet"
# A way that rides on what is attacked is written down as passed over, with the reason, and never sent.
OPENED = """
SELECT count(*) FROM notifications_delivery
 WHERE incident_reference = %s AND message = 'opened' AND way = 'email' AND state <> 'skipped'
"""


class Clocked:
    """What aiosmtpd calls: when each message was taken, by the reference of the incident in it."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {}
        self.ids: set[bytes] = set()
        self.twice = self.others = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        named = re.search(rb"^Message-ID:\s*(<[^>]+>)", content, re.IGNORECASE | re.MULTILINE)
        reference = re.search(rb"INC-[0-9A-Z]{4,}", content)
        if named and named[1] in self.ids:
            self.twice += 1
        elif reference:
            self.taken.setdefault(reference[0].decode(), []).append(time.monotonic())
        else:
            self.others += 1
        self.ids |= {named[1]} if named else set()
        return "250 2.0.0 Taken"


def urgent(site: Site) -> dict[str, Any]:
    """The facts of one run; `p95` and `p99` in seconds."""
    sink = Clocked()
    server = Controller(sink, hostname="127.0.0.1", port=free_port())
    server.start()
    environment: Mapping[str, str] = {
        **site.environment, "EMAIL_URL": f"smtp://127.0.0.1:{server.port}", "MAIL_URL": "", "SUNK_WAYS": "",
    }  # fmt: skip
    with psycopg.connect(site.owner_url) as owner:
        owner.execute(IT_IS_DAY)
    ended = threading.Event()
    others = threading.Thread(target=_write_others, args=(site.owner_url, ended))
    try:
        with Workforce(environment, site.owner_url, site.log, process="worker", queue="notifications_delivery"):
            wait_for_workers(site.owner_url, "worker")
            others.start()
            time.sleep(2)  # the others are under way
            opened = _open_some(site.owner_url)
            expected = _come(site.owner_url, sink, opened)
    finally:
        ended.set()
        if others.is_alive():
            others.join()
        server.stop(no_assert=True)
    waits = sorted(at - opened[reference] for reference in opened for at in sink.taken.get(reference, []))
    return {
        "name": "B10",
        "messages": sum(expected.values()),
        "others": sink.others,
        "lost": sum(max(0, count - len(sink.taken.get(reference, []))) for reference, count in expected.items()),
        "duplicates": sink.twice,
        "p95": _share(waits, 0.95),
        "p99": _share(waits, 0.99),
        "slowest": round(waits[-1], 2) if waits else None,
    }


def judged_urgent(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with `wrong`, the bounds that were missed, and `failures`, how many those are."""
    bounds = {
        "nothing was sent": facts["messages"] > 0,
        "something was lost": facts["lost"] == 0,
        "the others did not go out beside them": facts["others"] >= A_SECOND * OPENINGS,
        f"p95 over {P95_SECONDS} s": facts["p95"] is not None and facts["p95"] <= P95_SECONDS,
        f"p99 over {P99_SECONDS} s": facts["p99"] is not None and facts["p99"] <= P99_SECONDS,
    }
    missed = [words for words, holds in bounds.items() if not holds]
    return {**facts, "failures": len(missed), "wrong": missed}


def _share(waits: list[float], share: float) -> float | None:
    return round(waits[min(len(waits) - 1, int(len(waits) * share))], 2) if waits else None


def _write_others(owner_url: str, ended: threading.Event) -> None:
    with psycopg.connect(owner_url, autocommit=True) as owner:
        while not ended.wait(EACH_SECONDS):
            owner.execute(OTHERS, [int(A_SECOND * EACH_SECONDS)])


def _open_some(owner_url: str) -> dict[str, float]:
    """When each incident stood there, by its reference."""
    opened: dict[str, float] = {}
    for slug in OPENERS:
        with psycopg.connect(owner_url) as owner:
            row = owner.execute("SELECT id FROM partners_organisation WHERE slug = %s", [slug]).fetchone()
        assert row
        with at_the_door():
            ticket = mint(uuid4().hex, organisation_id=row[0], kind="session", lifetime_seconds=3600)
        for nth in range(OPENINGS):
            began = time.monotonic()
            with organisation_scope(ticket):
                opening = Opening(title=f"Breach {nth}", systems=("identity-platform",))
                incident = open_incident(opening, actor=Actor(row[0], "person"))
            opened[incident.reference] = time.monotonic()
            time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
    return opened


def _come(owner_url: str, sink: Clocked, opened: Mapping[str, float]) -> dict[str, int]:
    """Wait for all that was written down; how many messages each opening made."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with psycopg.connect(owner_url) as owner:
            found = {reference: owner.execute(OPENED, [reference]).fetchone() for reference in opened}
        counts = {reference: int(row[0]) for reference, row in found.items() if row}
        if time.monotonic() > end or all(
            counts[reference] and len(sink.taken.get(reference, [])) >= counts[reference] for reference in opened
        ):
            return counts
        time.sleep(0.2)
