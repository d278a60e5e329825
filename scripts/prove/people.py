"""The half of B6 and B7 that goes to people: many mailboxes, and a mail server that writes down what it takes."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import connections

from incidents.models import Incident
from incidents.opening import Opening, open_incident
from notifications.deliveries import New, write
from notifications.models import Delivery
from notifications.recipients import Way
from portal.children import free_port
from portal.claims import claimant
from portal.ledger.record import Actor
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door, organisation_scope, queue_scope
from scripts.prove.gate import Gate
from tests.logins import logged_in

OPENER = "ashbourne"
DOMAIN = "@many.example"


class Counting:
    """What aiosmtpd calls. Some commands are refused for now (`errors`), some answers get lost (`lost_replies`).

    Of what may happen at all the first happens in any case, so that a short run has it, too.
    """

    def __init__(self, chance: random.Random, errors: float, lost_replies: float, shut: Callable[[], bool]) -> None:
        self.chance, self.errors, self.lost_replies, self.shut = chance, errors, lost_replies, shut
        self.taken: Counter[str] = Counter()  # by Message-ID
        self.reached: set[str] = set()
        self.refused = 0  # commands
        self.dropped = 0  # answers that got lost

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._happens(self.errors, self.refused):
            self.refused += 1
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        held_before = self.chance.random() < 0.5  # one that is killed then has sent it, or has not
        if held_before:
            await self._held()
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        found = re.search(rb"^Message-ID:\s*(<[^>]+>)", content, re.IGNORECASE | re.MULTILINE)
        self.taken[found[1].decode() if found else "none"] += 1
        if not held_before:
            await self._held()
        self.reached.update(envelope.rcpt_tos)
        if self._happens(self.lost_replies, self.dropped) and isinstance(server.transport, asyncio.Transport):
            self.dropped += 1
            server.transport.abort()
        return "250 2.0.0 Taken"

    async def _held(self) -> None:
        while self.shut():
            await asyncio.sleep(0.01)

    def _happens(self, share: float, so_far: int) -> bool:
        return share > 0 and (not so_far or self.chance.random() < share)


class People:
    """`messages` people of the organisations that are told of an incident, with a mailbox each.

    A half of the proof has: `environment`, what processes need to know of the other side; `arrange`, which writes what
    is due and says how much that is; `gate`, beyond which it holds what comes; `count`, how much has arrived;
    `missing` and `repeated`, what came of it; `close`.
    """

    process, queue = "worker", "notifications_delivery"

    def __init__(self, messages: int, chance: random.Random, *, errors: float = 0, lost_replies: float = 0) -> None:
        self.wanted = {f"p{n}{DOMAIN}" for n in range(messages)}
        self.gate = Gate()
        self.sink = Counting(random.Random(chance.random()), errors, lost_replies, lambda: self.gate.shut(self.count()))
        self.server = Controller(self.sink, hostname="127.0.0.1", port=free_port())
        self.server.start()
        self.environment: Mapping[str, str] = {
            "EMAIL_URL": f"smtp://127.0.0.1:{self.server.port}",
            "MAIL_URL": "",
            "SUNK_WAYS": "",
        }

    def close(self) -> None:
        self.server.stop(no_assert=True)

    def count(self) -> int:
        return len(self.sink.reached & self.wanted)

    def missing(self) -> int:
        return len(self.wanted - self.sink.reached)

    def repeated(self) -> int:
        """How often something came that had come already."""
        return self.sink.taken.total() - len(self.sink.taken)

    def facts(self) -> dict[str, int]:
        return {}

    def arrange(self, owner_url: str, worker_url: str) -> None:
        """Open an incident, and write a message to each person inside their organisation, as planning does."""
        incident, organisations = _opened(owner_url)
        points: dict[UUID, list[Way]] = {each: [] for each in organisations}
        rows = []
        for nth, address in enumerate(sorted(self.wanted)):
            organisation, person, point = organisations[nth % len(organisations)], uuid4(), uuid4()
            points[organisation].append(Way(point, person, "email"))
            rows.append((person, point, organisation, address))
        _write_people(owner_url, rows)
        with logged_in(worker_url):
            for organisation, ways in points.items():
                _tell(incident, organisation, ways)


def _opened(owner_url: str) -> tuple[Incident, list[UUID]]:
    """An incident, and the organisations that have to be told of it."""
    with psycopg.connect(owner_url) as owner:
        row = owner.execute("SELECT id FROM partners_organisation WHERE slug = %s", [OPENER]).fetchone()
        assert row
    with at_the_door():
        ticket = mint(uuid4().hex, organisation_id=row[0], kind="session", lifetime_seconds=3600)
    with organisation_scope(ticket):
        incident = open_incident(Opening(title="Breach", systems=("identity-platform",)), actor=Actor(row[0], "person"))
    with psycopg.connect(owner_url) as owner:
        planned = owner.execute(
            "SELECT organisation_id FROM notifications_planning WHERE incident_id = %s ORDER BY organisation_id",
            [incident.pk],
        )
        return incident, list(dict.fromkeys(organisation for (organisation,) in planned))


def _write_people(owner_url: str, rows: list[tuple[Any, ...]]) -> None:
    with psycopg.connect(owner_url) as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass)"
            " VALUES (%s, %s, %s, %s, 'responder', '', true, false)",
            [(person, organisation, address, address) for person, _, organisation, address in rows],
        )
        cursor.executemany(
            "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust,"
            " trust_because, \"order\", is_active) VALUES (%s, %s, %s, 'email', %s, %s, 'trusted', '', 1, true)",
            [(point, organisation, person, address, address) for person, point, organisation, address in rows],
        )


def _tell(incident: Incident, organisation: UUID, ways: list[Way]) -> None:
    """Enter by one of the organisation's planning rows, which stays due."""
    worker = claimant()
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_planning SET state = 'claimed', claimed_by = %s WHERE id ="
            " (SELECT id FROM notifications_planning WHERE incident_id = %s AND organisation_id = %s LIMIT 1)"
            " RETURNING id, event_id",
            [worker, incident.pk, organisation],
        )
        planning, event = cursor.fetchone()
        cursor.execute("SELECT sec.enter_planning(%s, %s)", [planning, worker])
        write(New(incident, organisation, event, Delivery.Message.OPENED), ways)
