"""An organisation's identity provider as its row has it: what is pinned, and whether it can be relied on just now.

Everything here needs the open door, and asks the network outside any transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from partners.models import IdentityProvider, Organisation
from partners.oidc.jwks import KeyRing
from partners.oidc.metadata import Metadata, discover, pinned
from partners.oidc.network import through_egress
from partners.oidc.reading import Fetch
from partners.oidc.refusals import OidcRefused, ProviderAway
from partners.sessions import steps_in_force
from portal import clock
from portal.vault.sealing import open_sealed

CLIENT_SECRET = "partners_identityprovider.client_secret"  # noqa: S105 - the name of a column
REMEMBERED = timedelta(seconds=60)
DISTRUSTED = 1  # the step of isolation
log = logging.getLogger(__name__)


def allowed() -> Collection[str]:
    """The exact `host:port` that the operator allows without TLS: the demonstration's own provider."""
    return frozenset(settings.EGRESS_ALLOW)


def provider_of(organisation_id: UUID) -> IdentityProvider | None:
    """The organisation's provider, when there is one and it is switched on."""
    return (
        IdentityProvider.objects.select_related("organisation")
        .filter(organisation_id=organisation_id, is_active=True, pinned_at__isnull=False)
        .first()
    )


def metadata_of(provider: IdentityProvider) -> Metadata:
    return pinned(provider.metadata)


def client_secret_of(provider: IdentityProvider) -> str:
    if not provider.client_secret:
        return ""
    organisation_id = provider.organisation_id
    return open_sealed(
        provider.client_secret, organisation_id=organisation_id, field=CLIENT_SECRET, row_id=organisation_id
    ).decode()


def ring_of(provider: IdentityProvider) -> KeyRing:
    """The keys that any of our processes read last: one refetch a minute counts for all of them."""
    return KeyRing(metadata_of(provider).jwks_uri, list(provider.keys.get("keys", [])), provider.keys_read_at)


def keep_ring(provider: IdentityProvider, ring: KeyRing) -> None:
    if ring.read_at != provider.keys_read_at:
        IdentityProvider.objects.filter(pk=provider.pk, metadata_fingerprint=provider.metadata_fingerprint).update(
            keys={"keys": ring.keys}, keys_read_at=ring.read_at
        )


def check_provider(provider: IdentityProvider, *, fetch: Fetch = through_egress) -> None:
    """Ask the provider to describe itself, within three seconds, and remember in its row what came of it.

    A description that differs from what is pinned is an alarm that stays until an administrator has looked at it.
    """
    now, trouble = clock.now(), ""
    try:
        found = discover(provider.issuer, fetch=fetch, allow=allowed())
        changed = bytes.fromhex(found.fingerprint) != bytes(provider.metadata_fingerprint or b"")
    except ProviderAway as away:
        log.warning("identity provider of %s is away: %s", provider.organisation_id, away)
        changed, trouble = False, "away"
    except OidcRefused as refused:
        log.warning("identity provider of %s: %s", provider.organisation_id, refused)
        changed = True
    provider.checked_at, provider.trouble = now, trouble
    provider.changed_at = provider.changed_at or (now if changed else None)
    # Only about what was asked: an administrator may have pinned something else meanwhile.
    IdentityProvider.objects.filter(pk=provider.pk, metadata_fingerprint=provider.metadata_fingerprint).update(
        checked_at=provider.checked_at, trouble=provider.trouble, changed_at=provider.changed_at
    )


def _check_if_due(provider: IdentityProvider) -> None:
    """Whoever comes first after a minute asks; whoever comes meanwhile is told what is known."""
    now = clock.now()
    due = Q(checked_at=None) | Q(checked_at__lt=now - REMEMBERED)
    if IdentityProvider.objects.filter(due, pk=provider.pk).update(checked_at=now):
        check_provider(provider)


def unusable(provider: IdentityProvider) -> str:
    """Why nobody may sign in through it at all; '' when one may try."""
    name = provider.organisation.name
    if DISTRUSTED in steps_in_force(provider.organisation_id):
        return _("%(name)s's own sign-in is switched off just now.") % {"name": name}
    if provider.changed_at is not None:
        return _("%(name)s's own sign-in has changed, and nobody has checked the change yet.") % {"name": name}
    return ""


def provider_trouble(provider: IdentityProvider) -> str:
    """The sentence why the passkey comes first; '' when the provider is as good a way as the passkey.

    Anybody can read it before signing in, an intruder too. So an open incident is not mentioned: it looks like the
    outage that it may become.
    """
    if sentence := unusable(provider):
        return sentence
    _check_if_due(provider)
    if sentence := unusable(provider):
        return sentence
    name = provider.organisation.name
    if provider.trouble:
        return _("%(name)s's own sign-in does not answer just now.") % {"name": name}
    if _rides_on_an_open_incident(provider):
        return _("%(name)s's own sign-in may not work just now.") % {"name": name}
    return ""


def state_of(provider: IdentityProvider) -> str:
    """How the provider stands, for its own administrators, who may know of an incident."""
    if not provider.is_active:
        return _("Switched off")
    trouble = provider_trouble(provider)
    if trouble and not (unusable(provider) or provider.trouble):
        return _("Answers. It stands on a system of an open incident, so the sign-in page puts the passkey first.")
    return trouble or _("Answers, and describes itself as it did when it was pinned.")


def _rides_on_an_open_incident(provider: IdentityProvider) -> bool:
    if provider.rides_on_id is None:
        return False
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.system_in_open_incident(%s)", [provider.rides_on_id])
        return bool(cursor.fetchone()[0])


def provider_choice(organisation: Organisation) -> dict[str, str | bool] | None:
    """What `sign_in/_provider.html` wants for an organisation's sign-in page; None when it has no provider.

    `trouble` is a sentence or '', and with one the passkey comes first; `usable` says whether the button is there.
    """
    provider = provider_of(organisation.pk)
    if provider is None:
        return None
    trouble = provider_trouble(provider)
    return {
        "name": organisation.name,
        "host": metadata_of(provider).authorization_endpoint.split("/")[2],
        "action": reverse("provider-start", args=[organisation.slug]),
        "trouble": trouble,
        "usable": not unusable(provider) and not provider.trouble,
    }
