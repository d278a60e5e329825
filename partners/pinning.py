"""Setting up an organisation's own provider: looked at first, pinned by an administrator, changed only by one.

Needs the open door. Who may do it is for the caller to ask, inside the scope of whoever acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from partners.door_record import record_at_door
from partners.models import IdentityProvider, OidcFlow
from partners.oidc.metadata import Metadata, discover
from partners.oidc.network import through_egress
from partners.oidc.reading import Fetch
from partners.providers import CLIENT_SECRET, allowed
from portal import clock
from portal.vault.sealing import seal


class NotPinned(Exception):
    """The provider was not taken over; the message is a sentence for the administrator."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an administrator wants pinned. `fingerprint` is of the description they have seen.

    `client_secret` None keeps the one that is there, '' is for a public client.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    rides_on: UUID | None
    fingerprint: str


def look(issuer: str, *, fetch: Fetch = through_egress) -> Metadata:
    """What the provider says of itself now. Asks the network: never inside a transaction.

    Raises:
        ProviderAway, OidcRefused: nothing to pin.
    """
    return discover(issuer, fetch=fetch, allow=allowed())


def pin(organisation_id: UUID, wish: Wish, *, administrator: UUID, fetch: Fetch = through_egress) -> None:
    """Pin what the provider says now, if it is still what the administrator has seen.

    Flows that are under way end; connections at the same issuer stay.

    Raises:
        ProviderAway, OidcRefused: as in `look`.
        NotPinned: it says something else by now, or the issuer is another organisation's.
    """
    found = look(wish.issuer, fetch=fetch)
    if found.fingerprint != wish.fingerprint:
        raise NotPinned("The provider describes itself differently than a moment ago. Look at it again.")
    if IdentityProvider.objects.filter(issuer=wish.issuer).exclude(organisation_id=organisation_id).exists():
        raise NotPinned("This issuer is another organisation's: a sign-in belongs to one organisation alone.")
    try:
        with transaction.atomic(using="auth"):
            write(organisation_id, found, wish)
            record_at_door("identity_provider.changed", administrator, act="pinned", issuer=wish.issuer)
    except IntegrityError:
        raise NotPinned("This issuer was pinned by another organisation just now.") from None


def write(organisation_id: UUID, found: Metadata, wish: Wish) -> None:
    """Store what is pinned; whatever was known of keys, changes and troubles before is forgotten."""
    values = {
        "issuer": found.issuer,
        "client_id": wish.client_id,
        "rides_on_id": wish.rides_on,
        "metadata": found.document(),
        "metadata_fingerprint": bytes.fromhex(found.fingerprint),
        "pinned_at": clock.now(),
        "changed_at": None,
        "keys": {},
        "keys_read_at": None,
        "checked_at": None,
        "trouble": "",
        "is_active": True,
    }
    if wish.client_secret is not None:
        values["client_secret"] = _sealed(wish.client_secret, organisation_id)
    IdentityProvider.objects.update_or_create(organisation_id=organisation_id, defaults=values)
    OidcFlow.objects.filter(organisation_id=organisation_id).delete()


def _sealed(secret: str, organisation_id: UUID) -> bytes | None:
    if not secret:
        return None
    return seal(secret.encode(), organisation_id=organisation_id, field=CLIENT_SECRET, row_id=organisation_id)


def switch(organisation_id: UUID, *, on: bool, administrator: UUID) -> None:
    """Take the organisation's own sign-in away from everybody, or give it back. Sessions that it began go on."""
    with transaction.atomic(using="auth"):
        if IdentityProvider.objects.filter(organisation_id=organisation_id).exclude(is_active=on).update(is_active=on):
            act = "switched_on" if on else "switched_off"
            record_at_door("identity_provider.changed", administrator, act=act)
