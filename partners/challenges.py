"""The challenge that a passkey must answer: kept in the session, for one purpose and person, used once, five minutes.

Needs the open door.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from fido2.webauthn import UserVerificationRequirement

from partners.limits import once
from partners.models import Person
from portal import clock

CHALLENGE = "passkey_challenge"
LASTS = timedelta(minutes=5)


class NoChallenge(Exception):
    """None is open for that, it is too old, or it was used."""


def remember_challenge(cookie: SessionBase, state: Mapping[str, Any], *, for_what: str, person: Person | None) -> None:
    """Keep what `Fido2Server` wants back; a challenge that was open before is gone."""
    cookie[CHALLENGE] = {
        "challenge": state["challenge"],
        "for": for_what,
        "person": str(person.pk) if person else "",
        "until": (clock.now() + LASTS).timestamp(),
    }


def take_challenge(cookie: SessionBase, *, for_what: str, person: Person | None) -> dict[str, Any]:
    """The open challenge, which is then gone. Of two answers at once, also over a copied cookie, one gets it.

    Raises:
        NoChallenge: nothing may be answered.
    """
    kept = cookie.pop(CHALLENGE, None)
    if kept is None or kept["for"] != for_what or kept["person"] != (str(person.pk) if person else ""):
        raise NoChallenge("no challenge is open for that")
    if kept["until"] < clock.now().timestamp() or not once(kept["challenge"].encode(), lasts=LASTS):
        raise NoChallenge("the challenge is too old or was used")
    return {"challenge": kept["challenge"], "user_verification": UserVerificationRequirement.REQUIRED}
