"""People at the door: the links that let somebody in once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from partners.models import Person, SignInLink
from portal import clock

LINK_LIFETIME = timedelta(hours=24)


def make_sign_in_link(person: Person, purpose: str = SignInLink.Purpose.ENROLMENT) -> str:
    """A path that lets this person in once within 24 hours. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        person=person, purpose=purpose, digest=digest_of(token), expires_at=clock.now() + LINK_LIFETIME
    )
    return f"/sign-in/link/{token}/"


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
