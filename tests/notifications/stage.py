"""A stage for tests that commit: councils act as the application's role, jobs as the worker's, mail really arrives."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit
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


class Stage:
    """One committed partnership and whoever acts on it. Organisations are named by slug."""

    def __init__(self) -> None:
        with at_the_door():
            self.ids: dict[str, UUID] = dict(Organisation.objects.values_list("slug", "pk"))

    def ticket(self, slug: str) -> str:
        with at_the_door():
            return mint(uuid.uuid4().hex, organisation_id=self.ids[slug], kind="session", lifetime_seconds=3600)

    def actor(self, slug: str) -> Actor:
        return Actor(self.ids[slug], "person")

    @contextmanager
    def acting(self, slug: str) -> Iterator[Actor]:
        """One transaction as that organisation."""
        with organisation_scope(self.ticket(slug)):
            yield self.actor(slug)

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
    with _logged_in("DATABASE_URL_WORKER"):
        yield


@contextmanager
def as_app() -> Iterator[None]:
    """Run the block as the application's role again, from inside `as_worker()`."""
    with _logged_in("DATABASE_URL_APP"):
        yield


@contextmanager
def _logged_in(variable: str) -> Iterator[None]:
    login, before = urlsplit(address(variable)), connections["default"]
    settings = {**before.settings_dict, "USER": login.username, "PASSWORD": unquote(login.password or "")}
    connections["default"] = type(before)(settings, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


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
