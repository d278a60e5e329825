"""People at the door: from a signed-in person to the visitor that the rest of the code knows."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import user_logged_in, user_logged_out
from django.http import HttpRequest

from partners.models import Person, SignInLink
from portal import clock
from portal.tenancy.door import TICKET_SEED, Visitor, mint, revoke, ticket_of
from portal.tenancy.scope import at_the_door

LINK_LIFETIME = timedelta(hours=24)


def visitor_of_person(person: Person, ticket: str) -> Visitor:
    """The visitor behind a session. Needs the open door."""
    organisation = person.organisation
    return Visitor(
        organisation_id=organisation.pk,
        organisation_slug=organisation.slug,
        organisation_name=organisation.name,
        kind="person",
        ticket=ticket,
        person_id=person.pk,
        name=person.name,
        role=person.role,
        scopes=frozenset({"suspect", "open", "answer", "read", "playbooks", "access-events", "estate", "contacts"}),
    )


def start_session(sender: object, request: HttpRequest, user: Person, **kwargs: object) -> None:
    """Give a new session its ticket: a seed in the session, the ticket's hash in the database."""
    seed = secrets.token_urlsafe(32)
    request.session[TICKET_SEED] = seed
    with at_the_door():
        mint(
            seed,
            organisation_id=user.organisation_id,
            kind="session",
            person_id=user.pk,
            lifetime_seconds=settings.SESSION_COOKIE_AGE,
        )


def end_session(sender: object, request: HttpRequest, user: Person | None, **kwargs: object) -> None:
    seed = request.session.get(TICKET_SEED)
    if seed:
        with at_the_door():
            revoke(ticket_of(seed))


def listen() -> None:
    user_logged_in.connect(start_session, dispatch_uid="bulkhead-start-session")
    user_logged_out.connect(end_session, dispatch_uid="bulkhead-end-session")


def make_sign_in_link(person: Person) -> str:
    """A path that signs this person in once within 24 hours. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(person=person, digest=digest_of(token), expires_at=clock.now() + LINK_LIFETIME)
    return f"/sign-in/link/{token}/"


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
