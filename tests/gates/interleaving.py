"""One call of one of three organisations: reads, and now and then fails, nests, or asks once more after leaving."""

from __future__ import annotations

from threading import Lock
from uuid import UUID

from django.db import DatabaseError, connection

from partners.models import ContactPoint, Organisation, Person
from portal.tenancy.scope import NoContext, current_ticket, organisation_scope
from tests.cast import Cast

THREE = ("ashbourne", "dunmere", "gravenhurst")


class Interrupted(Exception):
    """What a view may raise in the middle of its scope."""


class Calls:
    """Counts the calls and says what was wrong with them. Safe to call from several threads."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.made = 0
        self.wrong: list[str] = []
        self.backends: set[int] = set()
        self.lock = Lock()

    def one(self, nth: int) -> None:
        slug, other = THREE[nth % 3], THREE[(nth + 1) % 3]
        try:
            with organisation_scope(self.cast.visitor(slug).ticket):
                self.look(slug)
                if nth % 5 == 0:
                    with organisation_scope(self.cast.visitor(other).ticket):
                        self.look(other)
                    self.look(slug)
                if nth % 7 == 0:
                    raise Interrupted
                if nth % 11 == 0:
                    connection.cursor().execute("SELECT 1 / 0")
        except (Interrupted, DatabaseError):
            pass
        self.ask_outside(slug)
        with self.lock:
            self.made += 1

    def look(self, slug: str) -> None:
        """Everything that only this organisation may see is this organisation's, and it is there."""
        me = self.cast.id(slug)
        with connection.cursor() as cursor:
            cursor.execute("SELECT sec.me(), pg_backend_pid()")
            said, backend = cursor.fetchone()
        owners: set[UUID] = {said}
        owners |= set(Person.objects.values_list("organisation_id", flat=True))
        owners |= set(ContactPoint.objects.values_list("organisation_id", flat=True))
        with self.lock:
            self.backends.add(backend)
            if owners != {me}:
                self.wrong.append(f"{slug} saw rows of {owners - {me}}")

    def ask_outside(self, slug: str) -> None:
        try:
            Organisation.objects.count()
        except NoContext:
            if not current_ticket():
                return
        with self.lock:
            self.wrong.append(f"{slug} could ask after it had left")
