"""What has to be there before an organisation can be cut off: an incident, a long record, tickets, a session."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connections
from django.http import HttpRequest

from partners.models import Person
from partners.sessions import start_session, step_up
from portal.tenancy.door import TICKET_SEED, ticket_of
from portal.tenancy.scope import at_the_door
from scripts.prove.load import answer_of
from tests import servers


def open_incident(url: str, owner_url: str, key: str) -> UUID:
    """Ashbourne opens an incident over the API."""
    body = json.dumps({"title": "Intruder", "systems": ["identity-platform"]})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    status, answer = answer_of(url, "/api/v1/incidents/", method="POST", body=body, **headers)
    if status != 201:
        raise RuntimeError(f"no incident was opened: {status} {answer[:200]!r}")
    with psycopg.connect(owner_url) as owner:
        reference = json.loads(answer)["reference"]
        row = owner.execute("SELECT id FROM incidents_incident WHERE reference = %s", [reference]).fetchone()
    assert row
    return row[0]


def write_events(owner_url: str, organisation: UUID, count: int) -> None:
    """Enough for a download that is still under way when it is cut off."""
    with psycopg.connect(owner_url) as owner:
        for begun in range(0, count, 10_000):
            owner.execute(
                "INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference,"
                " audience, data) SELECT gen_random_uuid(), 'note.written', now(), %(org)s, 'system', '',"
                " ARRAY[%(org)s], jsonb_build_object('n', n, 'filler', repeat('x', 1000))"
                " FROM generate_series(1, %(count)s) n",
                {"org": organisation, "count": min(10_000, count - begun)},
            )
            owner.commit()


def mint_tickets(
    database: str, organisation: Any, count: int, kind: str, lasts: float, *, hashed: bool = False
) -> list[str]:
    """Secrets of socket tickets, or (`hashed`) the tickets as the database knows them; they last so many seconds."""
    made = [secrets.token_urlsafe(24) for _ in range(count)]
    rows = [(ticket_of(each), organisation, kind, lasts) for each in made]
    with psycopg.connect(servers.database_url("DATABASE_URL_AUTH", database)) as door, door.cursor() as cursor:
        cursor.executemany("SELECT sec.mint(%s, %s, %s, NULL, NULL, make_interval(secs => %s))", rows)
    return [ticket for ticket, *_ in rows] if hashed else made


def signed_in_with_a_passkey(email: str) -> str:
    """The cookie of somebody who has signed in and used a passkey just now."""
    request = HttpRequest()
    with at_the_door():
        request.session = import_module(settings.SESSION_ENGINE).SessionStore()
        person = Person.objects.get(email=email)
        start_session(request, person, born="passkey")
        request.session.save()
        step_up(ticket_of(request.session[TICKET_SEED]), person.pk)
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


@contextmanager
def django_on(database: str) -> Iterator[None]:
    """Let this process's own connections be to that database for the block."""
    before = {}
    for connection in connections.all():
        connection.close()
        before[connection.alias] = connection.settings_dict["NAME"]
        connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        for connection in connections.all():
            connection.close()
            connection.settings_dict["NAME"] = before[connection.alias]
