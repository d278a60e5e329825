"""A stage for tests that commit: councils act as the application's role, jobs as the worker's, mail really arrives."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections
from psycopg.sql import SQL, Identifier

from incidents.closing import close_incident
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from notifications.planning import plan_due
from notifications.receipts import settle_receipts
from notifications.sending import deliver_due
from partners.models import Organisation
from portal.ledger.record import Actor
from portal.tenancy.door import mint
from portal.tenancy.scope import at_the_door, organisation_scope
from tests import servers
from tests.logins import logged_in


class Stage:
    """One committed partnership and whoever acts on it. Organisations are named by slug."""

    def __init__(self) -> None:
        with at_the_door():
            self.ids: dict[str, UUID] = dict(Organisation.objects.values_list("slug", "pk"))
        turn_the_rotas()

    def ticket(self, slug: str, person_id: UUID | None = None) -> str:
        with at_the_door():
            return mint(
                uuid.uuid4().hex,
                organisation_id=self.ids[slug],
                kind="session",
                lifetime_seconds=3600,
                person_id=person_id,
            )

    def actor(self, slug: str) -> Actor:
        return Actor(self.ids[slug], "person")

    @contextmanager
    def acting(self, slug: str) -> Iterator[Actor]:
        """One transaction as that organisation."""
        with organisation_scope(self.ticket(slug)):
            yield self.actor(slug)

    @contextmanager
    def as_person(
        self, slug: str, name: str = "", *, role: str = "incident_manager", fresh: bool = False
    ) -> Iterator[None]:
        """One transaction as that person, or as the first of that role; `fresh`: a passkey was used just now."""
        person = self.owner(
            "SELECT id FROM partners_person WHERE organisation_id = %s AND (name = %s OR %s = '' AND role = %s)"
            " ORDER BY name LIMIT 1",
            [self.ids[slug], name, name, role],
        )[0][0]
        ticket = self.ticket(slug, person)
        if fresh:
            self.owner(
                "UPDATE sec.grant_token SET authenticator_id = gen_random_uuid(), stepped_up_at = now()"
                " WHERE person_id = %s",
                [person],
            )
        with organisation_scope(ticket):
            yield

    def always_on_duty(self, name: str) -> None:
        """That person has every shift of their organisation; no other organisation has any."""
        self.owner("DELETE FROM partners_dutyshift")
        self.owner(
            'INSERT INTO partners_dutyshift (id, organisation_id, weekday, starts, ends, person_id, "order")'
            " SELECT gen_random_uuid(), p.organisation_id, d, '00:00', '00:00', p.id, 1 FROM partners_person p,"
            " generate_series(0, 6) d WHERE p.name = %s",
            [name],
        )

    def opens(
        self, slug: str = "ashbourne", *, systems: tuple[str, ...] = ("identity-platform",), **how: Any
    ) -> Incident:
        with self.acting(slug) as actor:
            return open_incident(Opening(title="Breach", systems=systems, **how), actor=actor)

    def closes(self, incident: Incident) -> None:
        with self.acting("ashbourne") as actor:
            close_incident(incident_id=incident.pk, outcome="resolved", actor=actor)

    def plans(self) -> int:
        with as_worker():
            return plan_due()

    def sends(self) -> int:
        """Batches until nothing is due."""
        sent = 0
        with as_worker():
            while batch := deliver_due():
                sent += batch
        return sent

    def works(self) -> None:
        """Plan and send until nothing is left: a dead message plans the next."""
        while self.plans() + self.sends():
            pass

    def settles(self) -> None:
        """Settle the reports of services that are due."""
        with as_worker():
            settle_receipts()

    def deliveries(self, incident: Incident, slug: str, columns: str = "message, state") -> list[tuple[Any, ...]]:
        """An organisation's deliveries as the owner reads them, in the order of writing."""
        return self.owner(
            f"SELECT {columns} FROM notifications_delivery d LEFT JOIN partners_person p ON p.id = d.person_id"
            " JOIN partners_contactpoint c ON c.id = d.contact_point_id"
            " WHERE d.incident_id = %s AND d.organisation_id = %s ORDER BY d.created_at, d.id",
            [incident.pk, self.ids[slug]],
        )

    def side(self, incident: Incident, slug: str) -> dict[str, Any]:
        """The told columns of a participant's row."""
        names = ("told_at", "told_by", "people_told", "not_told_because")
        (row,) = self.owner(
            f"SELECT {', '.join(names)} FROM incidents_participant WHERE incident_id = %s AND organisation_id = %s",
            [incident.pk, self.ids[slug]],
        )
        return dict(zip(names, row, strict=True))

    def acknowledged(self, incident: Incident) -> set[str]:
        """Who of its participants has acknowledged."""
        rows = self.owner(
            "SELECT slug FROM incidents_participant WHERE incident_id = %s AND acknowledged_at IS NOT NULL",
            [incident.pk],
        )
        return {slug for (slug,) in rows}

    def events(self, kind: str) -> list[tuple[Any, ...]]:
        return self.owner("SELECT data, audience FROM ledger_event WHERE kind = %s ORDER BY pos", [kind])

    def owner(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """A statement as the owner of the tables, for set-up and for looking from outside."""
        return ask("DATABASE_URL", sql, parameters)

    def worker(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """A statement as the worker's role, entered nowhere."""
        return ask("DATABASE_URL_WORKER", sql, parameters)

    def as_app(self, slug: str, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """A raw statement as the application's role with that organisation's ticket."""
        with psycopg.connect(address("DATABASE_URL_APP")) as connection:
            connection.execute("SELECT set_config('app.ticket', %s, true)", [self.ticket(slug)])
            return connection.execute(sql, parameters).fetchall()


def address(variable: str, database: str = "") -> str:
    """The address of a database, this test's when none is named, for the login of an environment variable."""
    return servers.database_url(variable, database or str(connections["default"].settings_dict["NAME"]))


def ask(variable: str, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    with psycopg.connect(address(variable)) as connection:
        cursor = connection.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


# The week of every rota is turned so far that this hour is the one from ten on Wednesday.
TURN = """
UPDATE partners_dutyshift d
   SET weekday = n.minute / 1440, starts = time '00:00' + n.minute %% 1440 * interval '1 minute',
       ends = d.ends + (n.minute - d.weekday * 1440) * interval '1 minute' - (d.starts - time '00:00')
  FROM (SELECT s.id, (s.weekday * 1440 + extract(epoch FROM s.starts)::int / 60 - 3480 + 10080
                      + (extract(isodow FROM now() AT TIME ZONE 'Europe/London')::int - 1) * 1440
                      + extract(hour FROM now() AT TIME ZONE 'Europe/London')::int * 60) %% 10080 AS minute
          FROM partners_dutyshift s) n
 WHERE n.id = d.id
"""


def turn_the_rotas() -> None:
    """Let it be a working morning for whoever is on duty, at whatever hour the suite runs."""
    ask("DATABASE_URL", TURN)


def clear_away() -> None:
    """Drop this test's database once everybody has left it; the next test gets a copy in any case.

    A closed connection lives on at the server for a moment, and autovacuum comes when it likes. A plain DROP waits for
    the one and sends the other away; FORCE refuses both, because the owner may not end other roles' processes.
    """
    name = str(connections["default"].settings_dict["NAME"])
    connections.close_all()
    with psycopg.connect(address("DATABASE_URL", "postgres"), autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))


@contextmanager
def as_worker() -> Iterator[None]:
    """Run the block with `default` logged in as `portal_worker`, as jobs are."""
    with logged_in(address("DATABASE_URL_WORKER")):
        yield


@contextmanager
def as_app() -> Iterator[None]:
    """Run the block as the application's role again, from inside `as_worker()`."""
    with logged_in(address("DATABASE_URL_APP")):
        yield


def in_threads(*work: Any) -> list[BaseException]:
    """Run each callable in a thread of its own; what they raised."""
    raised: list[BaseException] = []

    def guarded(one: Any) -> None:
        try:
            one()
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised
