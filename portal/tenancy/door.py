"""The door: who is this, before any ticket exists. Runs as `portal_auth` over the alias `auth`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connections
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from portal.tenancy.scope import at_the_door, door_is_open

TICKET_SEED = "ticket_seed"


class DoorRouter:
    """While the door is open the ORM speaks as `portal_auth`; otherwise as the process's own role."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return "auth" if door_is_open() else "default"

    db_for_write = db_for_read

    def allow_relation(self, obj1: Model, obj2: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks: a person with a session, a machine with a key, a wall screen; and their ticket."""

    organisation_id: UUID
    organisation_slug: str
    organisation_name: str
    kind: Literal["person", "key", "display"]
    ticket: str = field(repr=False)
    person_id: UUID | None = None
    key_id: UUID | None = None
    name: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()
    # 'all', or how much less: 'own_tasks', 'guest', 'display'. The database holds it; this tells pages what to offer.
    reach: str = "all"
    session_id: UUID | None = None
    born: str = ""
    steps: frozenset[int] = frozenset()  # of isolation, in force for the organisation
    is_authenticated: bool = True

    @property
    def pk(self) -> UUID | None:
        return self.person_id or self.key_id


class KeyRefused(Exception):
    """A Bearer key that is malformed, unknown, expired or revoked. The answer never says which."""


def ticket_of(secret: str) -> str:
    """Derive the database ticket of a session seed or key secret: it opens nothing over HTTP."""
    return hmac.new(settings.SECRET_KEY.encode(), b"ticket:" + secret.encode(), hashlib.sha256).hexdigest()


def mint(
    secret: str,
    *,
    organisation_id: UUID,
    kind: str,
    lifetime_seconds: int,
    person_id: UUID | None = None,
    key_id: UUID | None = None,
    reach: str = "all",
    born: str = "",
    session_id: UUID | None = None,
    incident_id: UUID | None = None,
) -> str:
    """Make the ticket of this secret valid in the database for a while. Needs the open door. Safe to repeat."""
    ticket = ticket_of(secret)
    with connections["auth"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.mint(%s, %s, %s, %s, %s, make_interval(secs => %s), %s, %s, %s, %s)",
            [ticket, organisation_id, kind, person_id, key_id, lifetime_seconds, reach, born, session_id, incident_id],
        )
    return ticket


def revoke(ticket: str) -> None:
    """End a ticket at once: its next statement fails. Needs the open door."""
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.revoke(%s)", [ticket])


class DoorMiddleware(SessionMiddleware):
    """Reads the session or the Bearer key, once a request; writes the session back when it changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.visitor_of_key: Callable[[str], Visitor] = import_string("partners.keys.visitor_of_key")
        self.find: Callable[..., Any] = import_string("partners.sessions.find")
        self.visitor_of_display: Callable[[SessionBase], Visitor | None] = import_string(
            "partners.displays.visitor_of_display"
        )

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        planted = request.META.get("bulkhead.visitor") if getattr(settings, "TEST_VISITORS", False) else None
        request.user = AnonymousUser()
        request.visitor = None  # type: ignore[attr-defined]
        request.key_refused = False  # type: ignore[attr-defined]
        request.found = None  # type: ignore[attr-defined]  # who signs in, also before there is a second factor
        if planted is not None:
            request.visitor = planted  # type: ignore[attr-defined]
            return
        authorization = request.headers.get("Authorization", "")
        if authorization:
            self._by_key(request, authorization)
        elif request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            self._by_session(request)

    def _by_key(self, request: HttpRequest, authorization: str) -> None:
        scheme, _, key = authorization.partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise KeyRefused
            with at_the_door():
                request.visitor = self.visitor_of_key(key.strip())  # type: ignore[attr-defined]
        except KeyRefused:
            request.key_refused = True  # type: ignore[attr-defined]

    def _by_session(self, request: HttpRequest) -> None:
        with at_the_door():
            found = self.find(request.session, by_the_clock="X-By-The-Clock" in request.headers)
            if found is None:
                request.visitor = self.visitor_of_display(request.session)  # type: ignore[attr-defined]
        if found is not None:
            request.found = found  # type: ignore[attr-defined]
            request.user = found.person
            request.visitor = found.visitor  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        with at_the_door():
            return super().process_response(request, response)
