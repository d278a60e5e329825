"""The session of a wall screen: a browser without a person, which reads one document of one incident and nothing else.

Everything here needs the open door. What the cookie holds is only a reminder: whether the screen still shows something
is said by its ticket, whose session is the screen's own id.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from partners.sessions import Found, end_session
from portal.tenancy.door import TICKET_SEED, Visitor, mint, ticket_of

DISPLAY = "wall_display"


@dataclass(frozen=True, slots=True)
class Paired:
    """A screen whose code was spent just now: whose it is, and for how many seconds it shows its incident."""

    id: UUID
    incident_id: UUID
    organisation_id: UUID
    organisation_slug: str
    organisation_name: str
    seconds: int


def start_display(request: HttpRequest, paired: Paired) -> None:
    """Make this browser that screen. Whoever was signed in in it is not any more."""
    found: Found | None = request.found  # type: ignore[attr-defined]
    if found is not None:
        end_session(found.session, because="its browser became a wall screen")
    request.session.flush()
    seed = secrets.token_urlsafe(32)
    request.session[TICKET_SEED] = seed
    request.session[DISPLAY] = [
        str(paired.id),
        str(paired.organisation_id),
        paired.organisation_slug,
        paired.organisation_name,
    ]
    request.session.set_expiry(paired.seconds)
    mint(
        seed,
        organisation_id=paired.organisation_id,
        kind="session",
        lifetime_seconds=paired.seconds,
        reach="display",
        born="display",
        session_id=paired.id,
        incident_id=paired.incident_id,
    )


def visitor_of_display(cookie: SessionBase) -> Visitor | None:
    """The screen that this browser is, or None."""
    kept, seed = cookie.get(DISPLAY), cookie.get(TICKET_SEED)
    if not kept or not seed:
        return None
    display_id, organisation_id, slug, name = kept
    return Visitor(
        organisation_id=UUID(organisation_id),
        organisation_slug=slug,
        organisation_name=name,
        kind="display",
        ticket=ticket_of(seed),
        reach="display",
        session_id=UUID(display_id),
        born="display",
    )
