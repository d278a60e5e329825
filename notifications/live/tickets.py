"""Socket tickets: how a program that has a key opens a socket, without the key ever standing in an address."""

from __future__ import annotations

import secrets

from portal.tenancy.door import Visitor, mint
from portal.tenancy.scope import at_the_door

LIFETIME_SECONDS = 30


def issue_socket_ticket(visitor: Visitor) -> str:
    """Make a ticket that opens one socket within 30 seconds, for `/live/?ticket=`. It opens nothing else.

    A revoked key or an ended session ends the sockets that were opened with its tickets.
    """
    secret = secrets.token_urlsafe(32)
    with at_the_door():
        mint(
            secret,
            organisation_id=visitor.organisation_id,
            kind="socket",
            person_id=visitor.person_id,
            key_id=visitor.key_id,
            lifetime_seconds=LIFETIME_SECONDS,
            session_id=visitor.session_id,
            born=visitor.born,
            reach=visitor.reach,  # never further than whoever asks
        )
    return secret
